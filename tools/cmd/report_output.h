/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_output.h - where a report goes: standard output, or the file of --output
 *
 * A file appears when the report is complete; what is not to be replaced, and what cannot be
 * written, ends the command.
 */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdbool.h>

#include "util/output.h"
#include "util/term.h"

struct report_output {
	const char *path;  /* NULL or "-": standard output */
	const char *magic; /* as in `struct output_rule` */
	const char *kind;
	bool force;
	const char *input;       /* that must not be replaced, or NULL */
	const char *other_input; /* likewise */
	bool folds;              /* lines that are wider than a terminal, at blanks */
	char *text;              /* to be folded */
	size_t text_bytes;
	struct output file;
};

/* Refuse what is known to be wrong before anything is read. */
void report_output_check(const struct report_output *output);

void report_output_open(struct report_output *output, enum term_color color, struct term *ret_term);
void report_output_close(struct report_output *output, struct term *term);

/* Flush standard output; ends the command when something could not be written. */
void report_output_finish(void);

#endif
