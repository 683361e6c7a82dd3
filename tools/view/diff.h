/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/diff.h - what changed
 */
#ifndef VIEW_DIFF_H
#define VIEW_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "model/budget.h"
#include "model/column.h"
#include "model/diff.h"
#include "model/group.h"
#include "model/path_map.h"
#include "model/place.h"

struct term;

struct view_diff {
	const struct diff_side *old, *new;
	const char *old_name, *new_name; /* of the operands */
	/* The two sides that were meant, where nothing changed, so that something else is shown;
	 * or NULL. */
	const struct diff_side *meant;
	const struct group_options *options;
	const struct column *column;
	const struct diff *diff; /* ranked by `column` */
	const struct place_table *table;
	size_t rows; /* 0 is all */
	bool all;    /* in text, unchanged groups too */
	bool only_growth;
	const struct path_map *paths; /* of the old side; or NULL */
	int frames;                   /* as in `struct view_top` */
	bool most_recent_last;
	bool full_names;
	const struct budget *budgets; /* measured */
	size_t budget_count;
	/* What the program maps by itself, of the old and the new side; NULL where it is not known
	 * or not asked for. It is compared where both are known. */
	const struct profile_mapped *mapped[2];
};

void view_diff_text(const struct term *term, const struct view_diff *view);
void view_diff_json(const struct term *term, const struct view_diff *view);
void view_diff_csv(const struct term *term, const struct view_diff *view);

/* --- what the formats share --- */

size_t view_diff_get_row_count(const struct view_diff *view);

/* Of a column, from old to new; hostile numbers wrap around. */
int64_t view_diff_get_change(const struct column *column, const struct profile_values *new,
			     const struct profile_values *old);

/* Whether it is known of both sides: of single blocks only what is live. */
bool view_diff_is_known(const struct view_diff *view, const struct column *column);

#endif
