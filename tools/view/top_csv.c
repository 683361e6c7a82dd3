/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_csv.c - which lines hold the memory, as CSV
 */
#include "config.h"

#include "view/top.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/block.h"
#include "util/term.h"
#include "view/csv.h"
#include "view/lifetimes.h"
#include "view/place.h"

/* Others are there in any case, without values where these are not known. */
static bool
has_column(const struct view_top *view, const struct column *column)
{
	return !column_is_of_look(column) || view_top_is_known(view, column);
}

static void
write_value(FILE *stream, const struct view_top *view, const struct column *column,
	    const struct profile_values *values)
{
	if (view_top_is_known(view, column))
		fprintf(stream, "%" PRId64, column_get(column, values));
	putc(',', stream);
}

static void
write_ages(FILE *stream, const struct view_top *view, const struct group *group)
{
	struct block_histogram lifetimes;

	group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_csv(stream, &view->set->ages[group->ages],
			   view_top_shows_lifetimes(view) ? &lifetimes : NULL);
}

void
view_top_csv(const struct term *term, const struct view_top *view)
{
	FILE *stream = term->stream;
	size_t rows = view_top_get_row_count(view);

	for (size_t i = 0; i < column_count; i++)
		if (has_column(view, &columns[i]))
			fprintf(stream, "%s,", columns[i].name);
	fputs(view->options->ages ? VIEW_LIFETIMES_CSV_HEADER "," : "", stream);
	view_csv_place_titles(stream, view->options->by);
	putc('\n', stream);
	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];

		for (size_t k = 0; k < column_count; k++)
			if (has_column(view, &columns[k]))
				write_value(stream, view, &columns[k], &group->values);
		if (view->options->ages)
			write_ages(stream, view, group);
		view_csv_place(stream, view_place_get(view->table, group->stack),
			       view->options->by);
		putc('\n', stream);
	}
}
