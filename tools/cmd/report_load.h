/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_load.h - read what a report is about, and refuse what it cannot be about
 */
#ifndef REPORT_LOAD_H
#define REPORT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "read/source.h"

struct report_options;

/*
 * Read what operand names, and give it names and lines. Ends the command when that fails.
 * --output will not replace it. The moment is that of --at or of the operand, else the one that is
 * meant; of what is about single blocks, the last. freed_at: also read the blocks that held this
 * address and were freed, or NULL.
 */
void report_load(struct report_options *options, const char *operand, const uint64_t *freed_at,
		 struct source *ret_source);

/* Whether single blocks are looked at, whatever was recorded: only the last moment has them. */
bool report_load_is_about_blocks(const struct report_options *options);

/* End the command with one line when the source has no single blocks. */
void report_load_need_blocks(const struct source *source);

/* Take what the graph beside a recording says of what is lost, if the process has looked at its
 * exit. */
void report_load_take_look(const struct source *source);

/* The same, and end the command with one line when nobody has looked for what is lost. */
void report_load_need_look(const struct source *source);

/* End the command if the report is about threads that profile, called name, does not have. */
void report_load_check_threads(const struct report_options *options, const struct profile *profile,
			       const char *name);

#endif
