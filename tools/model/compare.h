/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compare.h - a difference of two profiles that shows what changed
 *
 * What is meant by default, memory at the peaks or now, may be the same on both sides although the
 * runs are not. Then the first of these that changed is shown in its place: what is live at the
 * end, what is live at the peak, what was ever allocated.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>

#include "model/column.h"
#include "model/diff.h"

struct comparison {
	struct diff_side sides[2]; /* as shown; symbolized */
	const struct column *column;
	struct place_table *table;
	struct diff diff;
	bool is_other; /* not what was meant: that did not change */
};

struct compare_options {
	const struct group_options *group;
	bool match_moved;
	bool keeps_moments; /* the user chose them */
	bool keeps_column;
};

/* `sides` and `column` are what is meant; the rest is filled. */
void compare_init(struct comparison *comparison, const struct compare_options *options);
void compare_release(struct comparison *comparison);

#endif
