/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_format.h - the formats of reports
 *
 * There is one table. A format is a row of it, with a writer for each kind of report that it can
 * express; a new one is a file in export/ and a row. `--format`, its help, its errors and the
 * extension of `--output` all follow from the rows.
 */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>

struct export_input;
struct term;
struct view_annotate;
struct view_block;
struct view_blocks;
struct view_diff;
struct view_growth;
struct view_info;
struct view_leaks;
struct view_list;
struct view_page;
struct view_refs;
struct view_retained;
struct view_timeline;
struct view_top;
struct view_waterfall;

enum report_kind {
	REPORT_TOP,
	REPORT_DIFF,
	REPORT_ANNOTATE,
	REPORT_TIMELINE,
	REPORT_BLOCKS,
	REPORT_BLOCK,
	REPORT_INFO,
	REPORT_LIST,
	REPORT_GROWTH,
	REPORT_LEAKS,
	REPORT_RETAINED,
	REPORT_REFS,
	REPORT_EXPORT,
	REPORT_PAGE,
	REPORT_RESIDENT,
};

struct report_format {
	const char *name;
	const char *extension; /* of a file of this format */
	const char *help;      /* what it is for, in a few words */
	bool is_for_people;    /* the first rows do, and a terminal shows it in place */
	bool delimits_itself;  /* no empty line is needed between two reports */
	bool keeps_lines;      /* a diff does not match lines that moved */
	bool is_binary;        /* no terminal shows it */
	bool compares_pages;   /* a page may be about two runs, and quote source */
	bool wants_addresses;  /* two addresses are two places, even at the same line */
	bool needs_totals;     /* of what was freed too: single blocks do not tell */
	bool wants_history;    /* all that is known of earlier */
	bool wants_lifetimes;  /* of blocks, when they were recorded */
	bool has_no_stacks;    /* it has no stacks that could be grouped or filtered */
	const char *reader;    /* the command that shows a file of it, %s being its name, or NULL */

	/* All write to the stream of term, whose errors stay there; NULL: not of this kind. */
	void (*top)(const struct term *term, const struct view_top *view);
	void (*diff)(const struct term *term, const struct view_diff *view);
	void (*annotate)(const struct term *term, const struct view_annotate *view);
	void (*timeline)(const struct term *term, const struct view_timeline *view);
	void (*blocks)(const struct term *term, const struct view_blocks *view);
	void (*block)(const struct term *term, const struct view_block *view);
	void (*info)(const struct term *term, const struct view_info *view);
	void (*list)(const struct term *term, const struct view_list *view);
	void (*growth)(const struct term *term, const struct view_growth *view);
	void (*leaks)(const struct term *term, const struct view_leaks *view);
	void (*retained)(const struct term *term, const struct view_retained *view);
	void (*refs)(const struct term *term, const struct view_refs *view);
	void (*page)(const struct term *term, const struct view_page *view);
	void (*resident)(const struct term *term, const struct view_waterfall *view);
	void (*whole)(const struct term *term, const struct export_input *input);
};

/* The first one of the kind that is for people; NULL if there is none. */
const struct report_format *report_format_default(enum report_kind kind);

/* The format of a kind by its name, or by the longest extension that a path ends in; NULL if there
 * is none. */
const struct report_format *report_format_find(enum report_kind kind, const char *name);
const struct report_format *report_format_find_extension(enum report_kind kind, const char *path);

/* "text, json, csv". To free. */
char *report_format_list(enum report_kind kind);

/* The same for `--help`: "text (default), json (...) or csv (...)". To free. */
char *report_format_help(enum report_kind kind);

#endif
