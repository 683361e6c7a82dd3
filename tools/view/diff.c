/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/diff.c - what changed: what the formats share
 */
#include "config.h"

#include "view/diff.h"

int64_t
view_diff_get_change(const struct column *column, const struct profile_values *new,
		     const struct profile_values *old)
{
	return (int64_t)((uint64_t)column_get(column, new) - (uint64_t)column_get(column, old));
}

bool
view_diff_is_known(const struct view_diff *view, const struct column *column)
{
	if (column_is_of_look(column))
		return view->diff->old_set.has_lost && view->diff->new_set.has_lost;
	return column_is_of_blocks(column) ||
	       (!view->diff->old_set.by_blocks && !view->diff->new_set.by_blocks);
}

size_t
view_diff_get_row_count(const struct view_diff *view)
{
	return view->rows && view->rows < view->diff->count ? view->rows : view->diff->count;
}
