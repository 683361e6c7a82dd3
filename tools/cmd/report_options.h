/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_options.h - the options that the reading commands share
 *
 * A command puts the table of its kind of report into the children of its own argp, with a struct
 * report_options as its input, and calls `report_options_init` before it parses.
 *
 *     report_tables.c          which kind of report has which options
 *     report_options.c         what a word means
 *     report_options_check.c   which go together
 */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/report_filters.h"
#include "cmd/report_format.h"
#include "cmd/report_output.h"
#include "model/column.h"
#include "model/group.h"
#include "read/source.h"
#include "util/term.h"

struct report_options {
	enum report_kind kind;
	struct group_options group;
	const struct column *column;
	bool tree;                 /* of the groups, which are by stack */
	const char *at;            /* or NULL */
	const char *process;       /* or NULL */
	bool all_processes;        /* that is PROCESS_ALL: their sum */
	const struct graph *graph; /* as in `struct source_request` */
	const struct report_format *format;
	bool format_given;
	struct report_output output;
	bool force;
	size_t rows; /* 0 is all; by default all but in text */
	bool rows_given;
	int frames;
	const struct source_watch *watch; /* or NULL */
	bool history;                     /* of a living process too */
	bool resident;                    /* and where its resident memory is */
	bool any_frame, most_recent_last, full_names, online;
	enum term_color color;
	struct report_filters words;
};

/* By kind. */
extern const struct argp report_options_argp[];

/* End the command, which has no groups of the key that was asked for; the sentence says which it
 * has.
 */
_Noreturn void report_options_refuse_key(const struct report_options *options,
					 const char *sentence);

/* Take the words of filters, choose what was not given, and end the command when options do not go
 * together: after all are parsed. */
void report_options_check(struct report_options *options, struct argp_state *state);

void report_options_init(struct report_options *options, enum report_kind kind);
void report_options_release(struct report_options *options);

#endif
