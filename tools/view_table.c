/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_table.c - rows of cells, aligned
 */
#include "config.h"

#include "view_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"
#include "view_place.h"

#define GAP       2
#define CUT_LEAST 16 /* columns that must be left; a line that wraps says more than a stump */

void
view_table_init(struct view_table *table, size_t columns, const bool *is_text)
{
	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->is_text = is_text;
}

void
view_table_insert(struct view_table *table, const char *text, enum term_style style)
{
	*array_push(&table->cells) = (struct view_table_cell){xstrdup(text), style};
}

static unsigned *
measure(const struct view_table *table)
{
	unsigned *widths = xcalloc(table->columns, sizeof(*widths));

	for (size_t i = 0; i < table->cells.count; i++) {
		unsigned width = term_columns(table->cells.items[i].text);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	return widths;
}

static void
print_cell(const struct term *term, const struct view_table_cell *cell, unsigned width,
	   bool is_text, bool is_last)
{
	unsigned blanks = width - term_columns(cell->text);
	bool styled = cell->style != TERM_PLAIN;

	if (!is_text)
		fprintf(term->stream, "%*s", (int)blanks, "");
	if (styled)
		fputs(term_style(term, cell->style), term->stream);
	fputs(cell->text, term->stream);
	if (styled)
		fputs(term_style(term, TERM_PLAIN), term->stream);
	if (is_text && !is_last)
		fprintf(term->stream, "%*s", (int)blanks, "");
}

void
view_table_print(const struct view_table *table, const struct term *term, bool cut)
{
	unsigned *widths = measure(table);
	size_t last = 0;

	for (size_t i = 0; i < table->columns; i++)
		last = widths[i] ? i : last;
	for (size_t i = 0; i + table->columns <= table->cells.count; i += table->columns) {
		const struct view_table_cell *row = &table->cells.items[i];
		size_t end = last;
		unsigned used = 0;

		/* No blanks at the end of a line. */
		while (end > 0 && !*row[end].text)
			end--;
		for (size_t k = 0; k <= end; k++) {
			if (!widths[k])
				continue;
			if (used > 0)
				used += (unsigned)fprintf(term->stream, "%*s", GAP, "");
			if (cut && k == last && term->width >= used + CUT_LEAST)
				view_place_cut(row[k].text, term->width - used);
			print_cell(term, &row[k], widths[k], table->is_text[k], k == end);
			used += widths[k];
		}
		putc('\n', term->stream);
	}
	free(widths);
}

void
view_table_release(struct view_table *table)
{
	array_each (&table->cells, cell)
		free(cell->text);
	array_release(&table->cells);
}
