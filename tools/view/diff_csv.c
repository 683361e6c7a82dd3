/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/diff_csv.c - what changed, as CSV
 */
#include "config.h"

#include "view/diff.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/term.h"
#include "view/csv.h"
#include "view/place.h"

/* Others are there in any case, without values where these are not known. */
static bool
has_column(const struct view_diff *view, const struct column *column)
{
	return !column_is_of_look(column) || view_diff_is_known(view, column);
}

static void
write_value(FILE *stream, bool is_known, int64_t value)
{
	if (is_known)
		fprintf(stream, "%" PRId64, value);
	putc(',', stream);
}

void
view_diff_csv(const struct term *term, const struct view_diff *view)
{
	FILE *stream = term->stream;
	size_t rows = view_diff_get_row_count(view);

	for (size_t i = 0; i < column_count; i++)
		if (has_column(view, &columns[i]))
			fprintf(stream, "%s,", columns[i].name);
	for (size_t i = 0; i < column_count; i++)
		if (has_column(view, &columns[i]))
			fprintf(stream, "%s_diff,", columns[i].name);
	view_csv_place_titles(stream, view->options->by);
	putc('\n', stream);
	for (size_t i = 0; i < rows; i++) {
		const struct diff_row *row = &view->diff->rows[i];

		for (size_t k = 0; k < column_count; k++)
			if (has_column(view, &columns[k]))
				write_value(stream, view_diff_is_known(view, &columns[k]),
					    column_get(&columns[k], &row->new));
		for (size_t k = 0; k < column_count; k++)
			if (has_column(view, &columns[k]))
				write_value(
					stream, view_diff_is_known(view, &columns[k]),
					view_diff_get_change(&columns[k], &row->new, &row->old));
		view_csv_place(stream, view_place_get(view->table, row->stack), view->options->by);
		putc('\n', stream);
	}
}
