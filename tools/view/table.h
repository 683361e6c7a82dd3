/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/table.h - rows of cells, aligned
 *
 * Cells are collected and their widths measured before anything is printed. Columns that are empty
 * throughout are left out. What is the last text of a row may reach into the columns after it.
 */
#ifndef VIEW_TABLE_H
#define VIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/array.h"
#include "util/term.h"

struct view_table_cell {
	char *text;
	enum term_style style;
};

struct view_table {
	size_t columns;
	const bool *is_text; /* by column: on the left; numbers are on the right */
	ARRAY(struct view_table_cell) cells;
};

void view_table_init(struct view_table *table, size_t columns, const bool *is_text);

/* Append one cell, row by row. text is copied and safe for terminals. */
void view_table_insert(struct view_table *table, const char *text, enum term_style style);

struct view_table_fit {
	size_t name, position; /* these two share the columns that the others leave; no name: beyond
				  the last column */
	unsigned least;        /* that they want */
	const size_t *spare;   /* left out where that is not so, the first one first */
	size_t spare_count;
};

/*
 * Make the rows fit the terminal: leave out columns, and shorten names and positions. Nothing is
 * done where there is no width, or hardly any.
 */
void view_table_fit(struct view_table *table, const struct term *term,
		    const struct view_table_fit *fit);

/* cut: let the last column lose what does not fit. */
void view_table_print(const struct view_table *table, const struct term *term, bool cut);

void view_table_release(struct view_table *table);

#endif
