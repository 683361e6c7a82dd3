/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * system_rules.h - blocks that libc, libstdc++ and the loader keep by design
 *
 * A rule looks at the frames of system libraries at the inner end of a stack only: what is called
 * by the program counts as the program's, whatever is further out.
 */
#ifndef SYSTEM_RULES_H
#define SYSTEM_RULES_H

#include <stdint.h>

#include "model/place.h"

#define SYSTEM_RULE_NONE     UINT8_MAX
#define SYSTEM_RULE_START_UP 0 /* no frame at all is the program's: libraries are being started */

struct system_rule {
	const char *library;  /* as `system_library_find_module` has it; NULL for START_UP */
	const char *function; /* glob */
	const char *what;     /* "buffers of stdio" */
};

extern const struct system_rule system_rules[];
extern const uint32_t system_rule_count;

/* The rule that names this place, or SYSTEM_RULE_NONE. */
uint32_t system_rules_match_place(const struct place *place);

#endif
