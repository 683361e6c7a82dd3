/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_table.c - which lines hold the memory, as a table
 *
 * The table of columns below is all that is known of them: to add one is to add a row. Those that
 * a report does not show are not in its table at all.
 */
#include "config.h"

#include "view/top.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/block.h"
#include "util/human.h"
#include "util/term.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/table.h"

#define HOT_SHARE   0.1 /* of the total: printed in bold */
#define WHERE_LEAST 44  /* columns */
#define REST_BYTES  128

/* A group, or what the groups that are not shown add up to. */
struct row {
	const struct view_top *view;
	const struct profile_values *values;
	const struct group *group; /* NULL: the rest */
	int64_t before;            /* live bytes in the report before this one */
	double running;            /* of the column that is sorted by, down to this row */
	struct group_ages ages;
	struct block_histogram lifetimes;
	const char *name, *position;
	bool is_own; /* the position is below the working directory */
};

enum role {
	ROLE_NUMBER,
	ROLE_NAME,
	ROLE_POSITION,
};

struct text_column {
	const char *title;                                        /* NULL: see `get_title` */
	bool (*is_shown)(const struct view_top *view);            /* NULL: always */
	const char *(*format)(const struct row *row, char *text); /* text has HUMAN_BYTES */
	enum term_style (*get_style)(const struct row *row);      /* NULL: plain */
	unsigned spare; /* where there is no room, 1 is left out first; 0: never */
	enum role role;
};

/* --- which columns are shown --- */

static bool
is_sorted_by(const struct view_top *view, const char *column)
{
	return strcmp(view->column->name, column) == 0;
}

static bool
shows_live(const struct view_top *view)
{
	return !is_sorted_by(view, "live_bytes");
}

/* A change is that of the live bytes, and stands beside them. */
static bool
shows_change_of_sorted(const struct view_top *view)
{
	return view->change != NULL && !shows_live(view);
}

static bool
shows_change_of_live(const struct view_top *view)
{
	return view->change != NULL && shows_live(view);
}

/* Groups of a cumulative report overlap. */
static bool
shows_sum(const struct view_top *view)
{
	return !view->options->cumulative;
}

static bool
shows_blocks(const struct view_top *view)
{
	return !is_sorted_by(view, "live_blocks");
}

static bool
shows_average(const struct view_top *view)
{
	return !view->options->ages;
}

static bool
shows_allocs(const struct view_top *view)
{
	return !view->options->ages && !view->set->by_blocks && !is_sorted_by(view, "total_blocks");
}

/* Where something is. */
static bool
shows_lost(const struct view_top *view)
{
	return view->set->has_lost && view->set->sum.lost_blocks != 0 && !view->options->ages &&
	       !is_sorted_by(view, "lost_bytes");
}

static bool
shows_ages(const struct view_top *view)
{
	return view->options->ages;
}

/* --- what stands in them --- */

static double
get_whole(const struct row *row)
{
	return (double)column_get(row->view->column, &row->view->set->sum);
}

static enum term_style
get_heat(const struct row *row)
{
	double whole = get_whole(row);
	double value = (double)column_get(row->view->column, row->values);

	return whole > 0 && value >= HOT_SHARE * whole ? TERM_BOLD : TERM_PLAIN;
}

static const char *
format_sorted(const struct row *row, char *text)
{
	return column_format(row->view->column, column_get(row->view->column, row->values), text);
}

static const char *
format_change(const struct row *row, char *text)
{
	return view_top_format_change(row->view, row->values->live_bytes, row->before, text);
}

static const char *
format_percent(const struct row *row, char *text)
{
	return human_percent((double)column_get(row->view->column, row->values), get_whole(row),
			     text);
}

static const char *
format_sum(const struct row *row, char *text)
{
	return human_percent(row->running, get_whole(row), text);
}

static const char *
format_live(const struct row *row, char *text)
{
	return human_size(row->values->live_bytes, text);
}

static const char *
format_blocks(const struct row *row, char *text)
{
	return human_count((uint64_t)row->values->live_blocks, text);
}

static const char *
format_average(const struct row *row, char *text)
{
	return row->values->live_blocks > 0
		       ? human_size(row->values->live_bytes / row->values->live_blocks, text)
		       : "-";
}

static const char *
format_allocs(const struct row *row, char *text)
{
	return human_count(row->values->total_blocks, text);
}

static const char *
format_lost(const struct row *row, char *text)
{
	return row->values->lost_blocks != 0 ? human_size(row->values->lost_bytes, text) : "-";
}

static const char *
format_age(const struct row *row, uint64_t age_ns, char *text)
{
	return row->ages.blocks != 0 ? human_duration(age_ns, text) : "-";
}

static const char *
format_oldest(const struct row *row, char *text)
{
	return format_age(row, row->ages.oldest_ns, text);
}

static const char *
format_median(const struct row *row, char *text)
{
	return format_age(row, row->ages.median_ns, text);
}

static const char *
format_youngest(const struct row *row, char *text)
{
	return format_age(row, row->ages.youngest_ns, text);
}

static const char *
format_lifetime(const struct row *row, char *text)
{
	return row->lifetimes.blocks != 0
		       ? human_duration(block_histogram_mean_ns(&row->lifetimes), text)
		       : "-";
}

static const char *
format_temporary(const struct row *row, char *text)
{
	return human_percent((double)row->values->temporary_blocks,
			     (double)row->values->total_blocks, text);
}

static const char *
format_name(const struct row *row, char *text)
{
	(void)text;
	return row->name;
}

static const char *
format_position(const struct row *row, char *text)
{
	(void)text;
	return row->position;
}

static enum term_style
get_name_style(const struct row *row)
{
	return row->group != NULL ? TERM_PLAIN : TERM_DIM;
}

static enum term_style
get_position_style(const struct row *row)
{
	return row->is_own ? TERM_BOLD : TERM_DIM;
}

/* What follows from the other columns goes first where there is no room. */
static const struct text_column text_columns[] = {
	{NULL, NULL, format_sorted, get_heat, 0, ROLE_NUMBER},
	{"change", shows_change_of_sorted, format_change, NULL, 0, ROLE_NUMBER},
	{"%", NULL, format_percent, get_heat, 0, ROLE_NUMBER},
	{"sum%", shows_sum, format_sum, NULL, 1, ROLE_NUMBER},
	{"live", shows_live, format_live, NULL, 0, ROLE_NUMBER},
	{"change", shows_change_of_live, format_change, NULL, 0, ROLE_NUMBER},
	{"blocks", shows_blocks, format_blocks, NULL, 7, ROLE_NUMBER},
	{"average", shows_average, format_average, NULL, 2, ROLE_NUMBER},
	{"allocs", shows_allocs, format_allocs, NULL, 6, ROLE_NUMBER},
	{"lost", shows_lost, format_lost, NULL, 8, ROLE_NUMBER},
	{"oldest", shows_ages, format_oldest, NULL, 0, ROLE_NUMBER},
	{"median", shows_ages, format_median, NULL, 5, ROLE_NUMBER},
	{"youngest", shows_ages, format_youngest, NULL, 4, ROLE_NUMBER},
	{"lifetime", view_top_shows_lifetimes, format_lifetime, NULL, 0, ROLE_NUMBER},
	{"temp%", view_top_shows_lifetimes, format_temporary, NULL, 3, ROLE_NUMBER},
	{NULL, NULL, format_name, get_name_style, 0, ROLE_NAME},
	{NULL, NULL, format_position, get_position_style, 0, ROLE_POSITION},
};

#define COLUMN_COUNT (sizeof(text_columns) / sizeof(*text_columns))

/* --- the table --- */

/* The columns that a report shows. */
struct layout {
	const struct text_column *shown[COLUMN_COUNT];
	bool is_text[COLUMN_COUNT];
	size_t count;
	size_t spare[COLUMN_COUNT]; /* of those, in the order in which they are left out */
	struct view_table_fit fit;
};

static void
insert_column(struct layout *layout, const struct text_column *column)
{
	if (column->role == ROLE_NAME)
		layout->fit.name = layout->count;
	else if (column->role == ROLE_POSITION)
		layout->fit.position = layout->count;
	layout->is_text[layout->count] = column->role != ROLE_NUMBER;
	layout->shown[layout->count++] = column;
}

static void
insert_spares(struct layout *layout)
{
	for (unsigned rank = 1; rank <= COLUMN_COUNT; rank++)
		for (size_t i = 0; i < layout->count; i++)
			if (layout->shown[i]->spare == rank)
				layout->spare[layout->fit.spare_count++] = i;
	layout->fit.spare = layout->spare;
}

static void
init_layout(struct layout *layout, const struct view_top *view)
{
	*layout = (struct layout){.fit = {.least = WHERE_LEAST}};
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (text_columns[i].is_shown == NULL || text_columns[i].is_shown(view))
			insert_column(layout, &text_columns[i]);
	insert_spares(layout);
}

/* Files and modules have positions only. */
static enum role
get_where_role(const struct view_top *view)
{
	return view->options->by == GROUP_BY_FILE || view->options->by == GROUP_BY_MODULE
		       ? ROLE_POSITION
		       : ROLE_NAME;
}

static const char *
get_title(const struct text_column *column, const struct view_top *view)
{
	if (column->title != NULL)
		return column->title;
	if (column->role == ROLE_NUMBER)
		return view->column->title;
	return column->role == get_where_role(view) ? "where" : "";
}

static void
insert_cells(struct view_table *table, const struct layout *layout, const struct row *row)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct text_column *column = layout->shown[i];
		char text[HUMAN_BYTES];

		view_table_insert(table, column->format(row, text),
				  column->get_style != NULL ? column->get_style(row) : TERM_PLAIN);
	}
}

static void
insert_group(struct view_table *table, const struct layout *layout, struct row *row, unsigned width)
{
	const struct view_top *view = row->view;
	const struct group *group = row->group;
	struct view_place place;

	if (view->options->ages) {
		row->ages = view->set->ages[group->ages];
		group_get_lifetimes(view->set, group, view->profile, &row->lifetimes);
	}
	view_place_init(&place, view->table, group->stack, group->caller, view->options->by,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(width));
	row->name = place.name;
	row->position = place.position;
	row->is_own = place.is_own;
	insert_cells(table, layout, row);
	view_place_release(&place);
}

/* Ages and lifetimes of the rest, which is no group, are unknown. */
static void
insert_rest(struct view_table *table, const struct layout *layout, struct row *row, size_t count)
{
	const struct view_top *view = row->view;
	bool by_name = get_where_role(view) == ROLE_NAME;
	char number[HUMAN_BYTES], text[REST_BYTES];

	snprintf(text, sizeof(text), "(%s more %s; -n 0 for all)", human_count(count, number),
		 group_get_noun(view->options, count));
	row->name = by_name ? text : "";
	row->position = by_name ? "" : text;
	row->running = get_whole(row);
	insert_cells(table, layout, row);
}

static void
insert_rows(struct view_table *table, const struct layout *layout, const struct view_top *view,
	    unsigned width)
{
	struct profile_values rest = view->set->sum;
	int64_t before = view->change != NULL ? view->change->sum : 0;
	size_t rows = view_top_get_row_count(view);
	double running = 0;

	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];
		struct row row = {
			.view = view,
			.values = &group->values,
			.group = group,
			.before = view_top_get_before(view, group),
		};

		running += (double)column_get(view->column, &group->values);
		row.running = running;
		profile_values_subtract(&rest, &group->values);
		before = (int64_t)((uint64_t)before - (uint64_t)row.before);
		insert_group(table, layout, &row, width);
	}
	/* Groups of a cumulative report overlap, so there is no rest. */
	if (rows < view->set->count && !view->options->cumulative)
		insert_rest(table, layout,
			    &(struct row){.view = view, .values = &rest, .before = before},
			    view->set->count - rows);
}

void
view_top_table(const struct term *term, const struct view_top *view)
{
	struct view_table table;
	struct layout layout;

	init_layout(&layout, view);
	view_table_init(&table, layout.count, layout.is_text);
	for (size_t i = 0; i < layout.count; i++)
		view_table_insert(&table, get_title(layout.shown[i], view), TERM_DIM);
	insert_rows(&table, &layout, view, term->width);
	if (!view->full_names)
		view_table_fit(&table, term, &layout.fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
	putc('\n', term->stream);
}
