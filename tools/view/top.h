/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top.h - which lines hold the memory, as text, JSON, CSV, or in the words of tracemalloc
 */
#ifndef VIEW_TOP_H
#define VIEW_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

struct term;
struct json_writer;

/* A report of the same process before this one; without it, a struct of zeros. */
struct view_top_change {
	const int64_t *before; /* live bytes then, by key of a group; 0 beyond `count` */
	size_t count;
	int64_t sum;
	double seconds; /* since then; 0: there is none */
};

struct view_top {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct group_options *options;
	const struct column *column;
	const struct group_set *set; /* ranked by `column` */
	const struct place_table *table;
	const char *name;      /* what was read, for hints */
	size_t rows;           /* 0 is all */
	int frames;            /* of each stack: n innermost, -n outermost, 0 all */
	bool most_recent_last; /* order of the frames of a stack, in text */
	bool full_names;
	const struct view_top_change *change; /* NULL: nothing is said of changes */
};

void view_top_text(const struct term *term, const struct view_top *view);
void view_top_json(FILE *stream, const struct view_top *view);
void view_top_csv(FILE *stream, const struct view_top *view);

/* One line each, exactly what Python prints for a Statistic. */
void view_top_tracemalloc(FILE *stream, const struct view_top *view);

/* "at the peak (5.1 s)", "now", "at exit (12.4 s)": shared with other reports. To free. */
char *view_top_describe_moment(const struct profile *profile, const struct profile_at *at);

/* "process" and "moment" of the JSON of a report. */
void view_top_process_json(struct json_writer *json, const char *key, const struct profile *profile,
			   const struct profile_at *at);

/* The numbers of a group whose key is one: "size_from" and "size_below", "generation", "thread". */
void view_top_key_json(struct json_writer *json, const struct place *place);

/* The members of every column. */
void view_top_values_json(struct json_writer *json, const struct profile_values *values);

#endif
