/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top.c - which lines hold the memory: what the formats share
 */
#include "config.h"

#include "view/top.h"

#include <stdio.h>
#include <string.h>

#include "util/human.h"

#define MAX_RATE 9e18

size_t
view_top_get_row_count(const struct view_top *view)
{
	return view->rows && view->rows < view->set->count ? view->rows : view->set->count;
}

const char *
view_top_get_by(const struct view_top *view)
{
	if (view->tree == NULL)
		return group_get_name(view->options);
	return view->callers_of != NULL ? "callers" : "tree";
}

bool
view_top_shows_lifetimes(const struct view_top *view)
{
	return view->options->ages && view->set->has_lifetimes;
}

bool
view_top_is_known(const struct view_top *view, const struct column *column)
{
	if (column_is_of_look(column))
		return view->set->has_lost;
	return !view->set->by_blocks || column_is_of_blocks(column);
}

int64_t
view_top_get_before(const struct view_top *view, const struct group *group)
{
	return view->change != NULL && group->key < view->change->count
		       ? view->change->before[group->key]
		       : 0;
}

/* The change comes in before the difference of two numbers can overflow. */
int64_t
view_top_get_rate(const struct view_top *view, int64_t bytes, int64_t before)
{
	double rate = ((double)bytes - (double)before) / view->change->seconds;

	return rate > -MAX_RATE && rate < MAX_RATE ? (int64_t)rate : 0;
}

const char *
view_top_format_change(const struct view_top *view, int64_t bytes, int64_t before, char *text)
{
	size_t length;

	if (view->change == NULL)
		return "";
	if (view->change->seconds <= 0)
		return "-";
	human_size_change(view_top_get_rate(view, bytes, before), text);
	length = strlen(text);
	snprintf(text + length, HUMAN_BYTES - length, "/s");
	return text;
}
