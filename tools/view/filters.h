/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/filters.h - what a report says when nothing passes its filters
 */
#ifndef VIEW_FILTERS_H
#define VIEW_FILTERS_H

#include <stdio.h>

#include "model/filter.h"
#include "model/place.h"

struct json_writer;

/* One line, with what to write instead where that is known. The table has the profile's places. */
void view_filters_nothing(FILE *stream, const struct filter_list *filters,
			  const struct place_table *table);

/* The same as a string of an array that was begun. */
void view_filters_nothing_json(struct json_writer *json, const struct filter_list *filters,
			       const struct place_table *table);

#endif
