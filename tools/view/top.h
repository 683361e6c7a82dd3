/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top.h - which lines hold the memory
 */
#ifndef VIEW_TOP_H
#define VIEW_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

struct json_writer;
struct term;
struct tree;

/* A report of the same process before this one; without it, a struct of zeros. */
struct view_top_change {
	const int64_t *before; /* live bytes then, by key of a group; 0 beyond `count` */
	size_t count;
	int64_t sum;
	double seconds; /* since then; 0: there is none */
};

struct view_mapped;

struct view_top {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct group_options *options;
	const struct column *column;
	const struct group_set *set; /* ranked by `column` */
	const struct place_table *table;
	const struct tree *tree; /* of the groups by stack, to be shown instead of them; or NULL */
	const char *callers_of;  /* what the tree was turned for, or NULL */
	size_t rows;             /* 0 is all */
	int frames;              /* of each stack: n innermost, -n outermost, 0 all */
	bool most_recent_last;   /* order of the frames of a stack, in text */
	bool full_names;
	bool shows_rules;                     /* of what system libraries keep */
	const struct view_top_change *change; /* NULL: nothing is said of changes */
	const struct profile_mapped *mapped;  /* by the program itself; NULL: nothing is said */
	const struct view_mapped *lines;      /* of that, in text; or NULL */
};

void view_top_text(const struct term *term, const struct view_top *view);
void view_top_json(const struct term *term, const struct view_top *view);
void view_top_csv(const struct term *term, const struct view_top *view);

/* --- what the formats share --- */

size_t view_top_get_row_count(const struct view_top *view);

/* Whether it is told how long freed blocks lived: that is known of whole sites only. */
bool view_top_shows_lifetimes(const struct view_top *view);

/* Whether a value is known: of single blocks only what is live. */
bool view_top_is_known(const struct view_top *view, const struct column *column);

/* The live bytes of a group in the report before this one. */
int64_t view_top_get_before(const struct view_top *view, const struct group *group);

/* What has changed a second since then; there must be a change with `seconds`. */
int64_t view_top_get_rate(const struct view_top *view, int64_t bytes, int64_t before);

/* "line", ..., "tree" or "callers" */
const char *view_top_get_by(const struct view_top *view);

/* --- parts of the JSON --- */

/* The members "tree" and "groups": every node is a group. */
void view_top_tree_json(struct json_writer *json, const struct view_top *view);

/* --- parts of the text --- */

/* "+2.1 MiB/s" since the report before; "" when none is wanted, "-" without one. */
const char *view_top_format_change(const struct view_top *view, int64_t bytes, int64_t before,
				   char *text);

/* A row for each group, the stack of each, or a row for each node; all end with an empty line. */
void view_top_table(const struct term *term, const struct view_top *view);
void view_top_stacks(const struct term *term, const struct view_top *view);
void view_top_tree(const struct term *term, const struct view_top *view);

#endif
