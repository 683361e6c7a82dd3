/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_filters.h - words of --include, --exclude, --wrapper and their files
 *
 * What a filter means depends on --any-frame, which may come later: the words are kept until all
 * options are known. Files that cannot be read end the command, wrong lines too.
 */
#ifndef REPORT_FILTERS_H
#define REPORT_FILTERS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/group.h"

struct report_filter {
	const char *text;
	bool inclusive;
	char *origin; /* "FILE:LINE: ", or NULL for the command line */
	char *line;   /* of a file, what `text` points to; else NULL */
};

struct report_filters {
	struct report_filter *filters;
	size_t filter_count;
	const char **wrappers;
	size_t wrapper_count;
};

void report_filters_release(struct report_filters *words);

/* The words must stay as they are. */
void report_filters_insert(struct report_filters *words, const char *text, bool inclusive);
void report_filters_insert_wrapper(struct report_filters *words, const char *glob);

void report_filters_read(struct report_filters *words, const char *path, struct argp_state *state);
void report_filters_read_suppressions(struct group_options *group, const char *path,
				      struct argp_state *state);

/* Make filters and wrappers of the words. */
void report_filters_apply(const struct report_filters *words, bool any_frame,
			  struct group_options *group, struct argp_state *state);

#endif
