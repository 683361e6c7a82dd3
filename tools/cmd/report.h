/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report.h - the options that the reading commands share
 *
 * A command puts `cmd_report_argp` into the children of its own argp, with a struct cmd_report as
 * its input: that is filled with defaults, then with what the user said.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/column.h"
#include "model/group.h"
#include "model/profile.h"
#include "read/source.h"
#include "util/term.h"

enum cmd_report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_CSV,
	REPORT_TRACEMALLOC,
};

struct cmd_report {
	struct group_options group;
	const struct column *column;
	const char *at;      /* or NULL */
	const char *process; /* or NULL */
	enum cmd_report_format format;
	const uint64_t *freed_at; /* blocks that held this address are asked for, or NULL */
	bool about_blocks;        /* every report of the command is about single blocks */
	size_t default_rows;      /* in text */
	size_t rows;              /* 0 is all; by default all but in text */
	bool rows_given;
	int frames;
	bool any_frame, most_recent_last, full_names, online;
	enum term_color color;

	/* Words of --include and --exclude, until --any-frame is known; of --wrapper. */
	struct cmd_report_filter {
		const char *text;
		bool inclusive;
		char *origin; /* "FILE:LINE: ", or NULL for the command line */
		char *line;   /* of a file, what `text` points to; else NULL */
	} * filters;
	size_t filter_count;
	const char **wrappers;
	size_t wrapper_count;
};

extern const struct argp cmd_report_argp;

/* The parts of it for one block, and for a list of single blocks; `about_blocks` is to be set. */
extern const struct argp cmd_report_block_argp, cmd_report_blocks_argp;

void cmd_report_init(struct cmd_report *report);
void cmd_report_release(struct cmd_report *report);

/*
 * Read what operand names, and give it names and lines. Ends the command when that fails. The
 * moment is that of --at or of the operand, else default_moment.
 */
void cmd_report_read(const struct cmd_report *report, const char *operand,
		     const char *default_moment, struct source *ret_source);

/* Whether single blocks are looked at, whatever was recorded: only the last moment has them. */
bool cmd_report_is_about_blocks(const struct cmd_report *report);

/* End the command with one line when the source has no single blocks. */
void cmd_report_need_blocks(const struct source *source);

/* End the command if the report is about threads that profile, called name, does not have. */
void cmd_report_check_threads(const struct cmd_report *report, const struct profile *profile,
			      const char *name);

/* Flush standard output; ends the command when something could not be written. */
void cmd_report_finish(void);

#endif
