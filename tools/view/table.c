/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/table.h"

#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"
#include "view/place_fit.h"

#define GAP         2
#define FIT_LEAST   12
#define WANTED_MOST 40
#define NAME_LEAST  4  /* less of a name says nothing */
#define CUT_LEAST   16 /* columns that must be left; a line that wraps says more than a stump */

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

/* The last column with text in it, or 0. */
static size_t
find_last(const struct view_table *table, const struct view_table_cell *row)
{
	size_t last = table->columns - 1;

	while (last > 0 && !*row[last].text)
		last--;
	return last;
}

static unsigned *
measure(const struct view_table *table)
{
	unsigned *widths = xcalloc(table->columns, sizeof(*widths));

	for (size_t i = 0; i + table->columns <= table->cells.count; i += table->columns) {
		const struct view_table_cell *row = &table->cells.items[i];
		size_t last = find_last(table, row);

		for (size_t k = 0; k <= last; k++) {
			unsigned width = term_columns(row[k].text);

			/* What is the last text may reach into the columns after it. */
			if (k == last && k + 1 < table->columns && table->is_text[k])
				width = width > 0;
			widths[k] = width > widths[k] ? width : widths[k];
		}
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
		size_t end = find_last(table, row); /* no blanks at the end of a line */
		unsigned used = 0;

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

/*** fitting ***/

static void
leave_out(struct view_table *table, size_t column)
{
	for (size_t i = column; i < table->cells.count; i += table->columns)
		*table->cells.items[i].text = '\0';
}

/* What the columns but those two leave of the terminal, with the gap before them taken off. */
static unsigned
get_room(const struct view_table *table, const struct term *term, const struct view_table_fit *fit)
{
	unsigned *widths = measure(table), used = 0;

	for (size_t i = 0; i < table->columns; i++) {
		if (i != fit->name && i != fit->position && widths[i] > 0)
			used += widths[i] + GAP;
	}
	free(widths);
	return used < term->width ? term->width - used : 0;
}

/* The widest text of a column, in the rows in which another column has text too. */
static unsigned
get_widest(const struct view_table *table, size_t column, size_t other)
{
	unsigned widest = 0;

	for (size_t i = 0; i + table->columns <= table->cells.count; i += table->columns) {
		const struct view_table_cell *row = &table->cells.items[i];
		unsigned width = *row[other].text ? term_columns(row[column].text) : 0;

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* The columns that a column needs when it is reduced to what is never cut. */
static unsigned
get_least(const struct view_table *table, size_t column, unsigned (*measure_cell)(const char *))
{
	unsigned least = 0;

	for (size_t i = column; i < table->cells.count; i += table->columns) {
		unsigned width = measure_cell(table->cells.items[i].text);

		least = width > least ? width : least;
	}
	return least;
}

/*
 * Share the room between names and positions, which have name and position columns at most. The
 * file and the line come first, then the class and the method; of the rest, a name may have half.
 */
static unsigned
share_room(const struct view_table *table, const struct view_table_fit *fit, unsigned room,
	   unsigned name, unsigned position)
{
	unsigned left = position < room / 2 ? position : room / 2;
	unsigned least = get_least(table, fit->position, view_place_least);
	unsigned name_least = get_least(table, fit->name, view_place_name_least);

	if (room - left < name_least)
		left = name_least < room ? room - name_least : 0;
	left = left > least ? left : least;
	left = left < room ? left : room;
	return name < room - left ? name : room - left;
}

static void
shorten_rows(struct view_table *table, const struct view_table_fit *fit, unsigned room)
{
	unsigned name = get_widest(table, fit->name, fit->position);
	unsigned position = get_widest(table, fit->position, fit->position);
	unsigned gap = name > 0 ? GAP : 0;
	bool hidden = false;

	if (name + gap + position > room && name > 0) {
		name = share_room(table, fit, room - gap, name, position);
		hidden = name < NAME_LEAST;
	}
	for (size_t i = 0; i + table->columns <= table->cells.count; i += table->columns) {
		struct view_table_cell *row = &table->cells.items[i];

		if (*row[fit->position].text && hidden) {
			*row[fit->name].text = '\0';
			view_place_cut_position(row[fit->position].text, room);
		} else if (*row[fit->position].text) {
			view_place_cut_name(row[fit->name].text, name);
			view_place_cut_position(row[fit->position].text, room - gap - name);
		} else {
			view_place_cut_name(row[fit->name].text, room);
		}
	}
}

/* What names and positions should have before other columns are shown. */
static unsigned
get_wanted(const struct view_table *table, const struct view_table_fit *fit)
{
	unsigned least = get_least(table, fit->position, view_place_least);

	if (fit->name < table->columns)
		least += GAP + get_least(table, fit->name, view_place_name_least);
	least = least < WANTED_MOST ? least : WANTED_MOST;
	return least > fit->least ? least : fit->least;
}

void
view_table_fit(struct view_table *table, const struct term *term, const struct view_table_fit *fit)
{
	unsigned room, least;

	if (term->width == 0)
		return;
	room = get_room(table, term, fit);
	least = get_wanted(table, fit);
	for (size_t i = 0; i < fit->spare_count && room < least; i++) {
		leave_out(table, fit->spare[i]);
		room = get_room(table, term, fit);
	}
	if (room >= FIT_LEAST && fit->name < table->columns)
		shorten_rows(table, fit, room);
}

void
view_table_release(struct view_table *table)
{
	array_each (&table->cells, cell)
		free(cell->text);
	array_release(&table->cells);
}
