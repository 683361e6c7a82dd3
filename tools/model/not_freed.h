/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * not_freed.h - what a program did not free, apart from what system libraries keep
 */
#ifndef NOT_FREED_H
#define NOT_FREED_H

#include <stdbool.h>
#include <stddef.h>

#include "model/profile.h"
#include "model/selection.h"

struct attribution;

struct not_freed {
	struct profile_values values; /* of the last moment, less `kept` */
	struct profile_values kept;   /* by `system_rules`; of a process that runs, nothing */
	size_t lines;                 /* that hold some of `values` */
	struct profile_values *kept_by_rule; /* [system_rule_count]; NULL of a process that runs */
};

/* profile must be symbolized and have a moment. Of the selection, rules and wrappers count. */
void not_freed_get(const struct profile *profile, const struct selection *selection,
		   struct not_freed *ret);

/* The same where the stacks are attributed by line, with a selection of wrappers only. */
void not_freed_get_attributed(struct attribution *attribution, bool with_rules,
			      struct not_freed *ret);
void not_freed_release(struct not_freed *not_freed);

#endif
