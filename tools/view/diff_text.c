/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/diff_text.c - what changed, as text
 */
#include "config.h"

#include "view/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/filters.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/quality.h"
#include "view/source_code.h"
#include "view/stack.h"
#include "view/suppressed.h"
#include "view/table.h"

#define NUMBERS_COLUMNS 44 /* beside the two names of the summary */

static const struct column *
get_blocks_column(const struct column *column)
{
	for (size_t i = 0; i < column_count; i++) {
		if (columns[i].offset == column->blocks)
			return &columns[i];
	}
	return column;
}

static char *
format_change(const struct column *column, int64_t change, char *text)
{
	return column->unit == COLUMN_BYTES ? human_size_change(change, text)
					    : human_count_change(change, text);
}

static enum term_style
get_style(int64_t change)
{
	return change > 0 ? TERM_BAD : change < 0 ? TERM_GOOD : TERM_PLAIN;
}

/* --- the summary --- */

/* The limit of a budget on the whole program that is broken, or NULL. */
static const char *
find_broken(const struct view_diff *view, const struct column *column)
{
	for (size_t i = 0; i < view->budget_count; i++) {
		const struct budget *budget = &view->budgets[i];

		if (budget->column == column && budget->filters.count == 0 && budget->is_broken)
			return budget->limit_text;
	}
	return NULL;
}

static void
insert_summary(struct view_table *table, const char *title, const struct column *column,
	       const struct profile_values *old, const struct profile_values *new,
	       const char *limit)
{
	int64_t change = view_diff_get_change(column, new, old);
	char text[HUMAN_BYTES + 2], *over = NULL;

	view_table_insert(table, title, TERM_PLAIN);
	view_table_insert(table, column_format(column, column_get(column, old), text), TERM_PLAIN);
	view_table_insert(table, column_format(column, column_get(column, new), text), TERM_BOLD);
	view_table_insert(table, format_change(column, change, text), get_style(change));
	human_percent_change((double)change, (double)column_get(column, old), text);
	if (strcmp(text, "new") != 0)
		strcat(text, " %");
	view_table_insert(table, text, get_style(change));
	if (limit)
		over = xasprintf("over budget (%s)", limit);
	view_table_insert(table, over ? over : "", TERM_BAD);
	free(over);
}

/* An operand, which may be a long path. */
static char *
make_name(const struct term *term, const char *operand)
{
	char *name = term_escape(operand);

	if (term->width > NUMBERS_COLUMNS)
		view_place_cut_position(name, (term->width - NUMBERS_COLUMNS) / 2);
	return name;
}

static bool
is_end(const struct diff_side *side)
{
	const struct profile *profile = side->profile;

	return side->at.moment == &profile->moments[profile->moment_count - 1];
}

/* A row of what libraries keep by design, which is in none of the groups. */
static void
insert_kept(struct view_table *table, const struct view_diff *view)
{
	struct profile_values old, new;

	group_get_kept(&view->diff->old_set, &old);
	group_get_kept(&view->diff->new_set, &new);
	if (old.live_blocks != 0 || new.live_blocks != 0)
		insert_summary(table, "  by system", column_find("live"), &old, &new, NULL);
}

/*
 * Of two runs the whole programs, whatever the table below is about; of two moments what it adds
 * up to.
 */
static void
print_summary(const struct term *term, const struct view_diff *view)
{
	static const bool is_text[] = {true, false, false, false, false, true};
	const struct profile_values *old = &view->old->at.moment->sum;
	const struct profile_values *new = &view->new->at.moment->sum;
	char *old_name = make_name(term, view->old_name),
	     *new_name = make_name(term, view->new_name);
	bool are_ends =
		is_end(view->old) && is_end(view->new) && view->old->at.peak == view->new->at.peak;
	const char *end = view->new->profile->state == PROFILE_RUNNING ? "now" : "at the end";
	const struct column *peak = column_find("peak"), *live = column_find("live"),
			    *total = column_find("allocs");
	struct view_table table;

	view_table_init(&table, 6, is_text);
	view_table_insert(&table, "", TERM_PLAIN);
	view_table_insert(&table, old_name, TERM_DIM);
	view_table_insert(&table, new_name, TERM_DIM);
	view_table_insert(&table, "change", TERM_DIM);
	view_table_insert(&table, "", TERM_PLAIN);
	view_table_insert(&table, "", TERM_PLAIN);
	if (are_ends) {
		insert_summary(&table, "peak", peak, old, new, find_broken(view, peak));
		insert_summary(&table, end, live, old, new, find_broken(view, live));
		insert_kept(&table, view);
	} else {
		insert_summary(&table, "live", live, &view->diff->old, &view->diff->new, NULL);
	}
	insert_summary(&table, "allocations", total, old, new, find_broken(view, total));
	view_table_print(&table, term, false);
	view_table_release(&table);
	free(old_name);
	free(new_name);
}

enum text_column {
	TEXT_CHANGE,
	TEXT_BLOCKS,
	TEXT_NOW,
	TEXT_STATE,
	TEXT_NAME,
	TEXT_POSITION,
	TEXT_MOVED,
	TEXT_COLUMNS
};

static const bool text_is_text[TEXT_COLUMNS] = {
	[TEXT_STATE] = true,
	[TEXT_NAME] = true,
	[TEXT_POSITION] = true,
	[TEXT_MOVED] = true,
};

static const char *
get_state(const struct view_diff *view, const struct diff_row *row)
{
	int64_t old = column_get(view->column, &row->old),
		new = column_get(view->column, &row->new);

	if (old == 0 && new != 0)
		return "new";
	return new == 0 && old != 0 ? "gone" : "";
}

static void
insert_row(struct view_table *table, const struct view_diff *view, unsigned width,
	   const struct diff_row *row)
{
	const struct column *blocks = get_blocks_column(view->column);
	int64_t change = view_diff_get_change(view->column, &row->new, &row->old);
	struct view_place place;
	char text[HUMAN_BYTES];

	view_table_insert(table, format_change(view->column, change, text), get_style(change));
	view_table_insert(
		table, human_count_change(view_diff_get_change(blocks, &row->new, &row->old), text),
		TERM_PLAIN);
	view_table_insert(table,
			  column_format(view->column, column_get(view->column, &row->new), text),
			  TERM_PLAIN);
	view_table_insert(table, get_state(view, row), TERM_PLAIN);
	view_place_init(&place, view->table, row->stack, row->caller, view->options->by,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(width));
	view_table_insert(table, place.name, TERM_PLAIN);
	view_table_insert(table, place.position, place.is_own ? TERM_BOLD : TERM_DIM);
	snprintf(text, sizeof(text), "was :%" PRIu32, row->moved_from);
	view_table_insert(table, row->moved_from ? text : "", TERM_DIM);
	view_place_release(&place);
}

static void
insert_titles(struct view_table *table)
{
	static const char *const titles[TEXT_COLUMNS] = {
		[TEXT_CHANGE] = "change", [TEXT_BLOCKS] = "blocks", [TEXT_NOW] = "now",
		[TEXT_STATE] = "",        [TEXT_NAME] = "where",    [TEXT_POSITION] = "",
		[TEXT_MOVED] = "",
	};

	for (size_t i = 0; i < TEXT_COLUMNS; i++)
		view_table_insert(table, titles[i], TERM_DIM);
}

struct shown {
	size_t rows, unchanged;
	bool is_apart; /* an empty line is below them */
};

static bool
is_shown(const struct view_diff *view, const struct diff_row *row, struct shown *shown)
{
	if (!view->all && !diff_row_has_changed(row, view->column)) {
		shown->unchanged++;
		return false;
	}
	if (view->rows && shown->rows >= view->rows)
		return false;
	shown->rows++;
	return true;
}

static struct shown
print_table(const struct term *term, const struct view_diff *view)
{
	static const struct view_table_fit fit = {.name = TEXT_NAME, .position = TEXT_POSITION};
	struct shown shown = {.rows = 0};
	struct view_table table;

	view_table_init(&table, TEXT_COLUMNS, text_is_text);
	insert_titles(&table);
	for (size_t i = 0; i < view->diff->count; i++) {
		if (is_shown(view, &view->diff->rows[i], &shown))
			insert_row(&table, view, term->width, &view->diff->rows[i]);
	}
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	if (shown.rows > 0)
		view_table_print(&table, term, false);
	view_table_release(&table);
	return shown;
}

static struct shown
print_stacks(const struct term *term, const struct view_diff *view)
{
	struct view_source_code *source =
		view_source_code_new(view->new->profile->start_realtime_ns);
	const struct column *blocks = get_blocks_column(view->column);
	struct shown shown = {.rows = 0};

	for (size_t i = 0; i < view->diff->count; i++) {
		const struct diff_row *row = &view->diff->rows[i];
		int64_t change = view_diff_get_change(view->column, &row->new, &row->old);
		int64_t more = view_diff_get_change(blocks, &row->new, &row->old);
		char text[HUMAN_BYTES], count[HUMAN_BYTES], now[HUMAN_BYTES];
		const char *state = get_state(view, row);

		if (!is_shown(view, row, &shown))
			continue;
		fprintf(term->stream, "%s%s%s, %s block%s, now %s%s%s\n",
			term_style(term, get_style(change)),
			format_change(view->column, change, text), term_style(term, TERM_PLAIN),
			human_count_change(more, count), more == 1 || more == -1 ? "" : "s",
			column_format(view->column, column_get(view->column, &row->new), now),
			*state ? "  " : "", state);
		view_stack_text(
			term, view->table, row->stack, source,
			&(struct view_stack_options){.frames = view->frames,
						     .most_recent_last = view->most_recent_last,
						     .full_names = view->full_names,
						     .whole = view->options->selection.raw_frames});
		putc('\n', term->stream);
	}
	shown.is_apart = shown.rows > 0 && view_source_code_get_newer(source) == NULL;
	view_stack_warning(term, source);
	view_source_code_free(source);
	return shown;
}

static bool
has_moved(const struct view_diff *view)
{
	for (size_t i = 0; i < view->diff->count; i++) {
		if (view->diff->rows[i].moved_from)
			return true;
	}
	return false;
}

/* A moment after "from" or "to": "the peak (5.1 s)". */
static const char *
skip_at(const char *moment)
{
	return strncmp(moment, "at ", 3) == 0 ? moment + 3 : moment;
}

static void
print_moments(const struct term *term, const struct diff_side *old_side,
	      const struct diff_side *new_side)
{
	char *old = view_moment_describe(old_side->profile, &old_side->at);
	char *new = view_moment_describe(new_side->profile, &new_side->at);

	if (old_side->at.peak && new_side->at.peak)
		fputs("at the peak", term->stream);
	else
		fprintf(term->stream, "from %s to %s", skip_at(old), skip_at(new));
	free(old);
	free(new);
}

/* The folder of most files that lie elsewhere. */
static void
print_paths(const struct term *term, const struct view_diff *view)
{
	const struct path_rule *most = NULL;
	char *from, *to;

	for (size_t i = 0; view->paths != NULL && i < view->paths->count; i++)
		if (most == NULL || view->paths->rules[i].files > most->files)
			most = &view->paths->rules[i];
	if (most == NULL)
		return;
	from = term_escape(most->from[0] != '\0' ? most->from : ".");
	to = term_escape(most->to[0] != '\0' ? most->to : ".");
	fprintf(term->stream, "%s is taken for %s", from, to);
	if (view->paths->count > 1)
		fprintf(term->stream, ", and %zu more", view->paths->count - 1);
	putc('\n', term->stream);
	free(from);
	free(to);
}

static void
print_title(const struct term *term, const struct view_diff *view)
{
	putc('\n', term->stream);
	if (view->meant != NULL) {
		print_moments(term, &view->meant[0], &view->meant[1]);
		fputs(": no change\n\n", term->stream);
	}
	print_moments(term, view->old, view->new);
	if (view->meant != NULL && view->column != &columns[0])
		fprintf(term->stream, ", %s", view->column->help);
	fprintf(term->stream, ", by %s%s%s%s\n", group_get_name(view->options),
		has_moved(view) ? " (moved lines matched by function)" : "",
		view->options->cumulative ? ", cumulative" : "",
		view->options->selection.filters.count ? ", filtered" : "");
	print_paths(term, view);
}

static void
print_quality(const struct term *term, const char *name, const struct profile *profile,
	      const struct group_set *set)
{
	char *escaped = make_name(term, name), *label = xasprintf("quality   %s: ", escaped);

	view_quality_line(term, label, profile, set);
	view_quality_warnings(term, "", profile);
	free(label);
	free(escaped);
}

/* Its row is the change between looks, which were perhaps before the moments. */
static void
print_mapped(const struct term *term, const struct view_diff *view)
{
	const struct profile_mapped *old = view->mapped[0], *new = view->mapped[1];
	char before[HUMAN_BYTES], after[HUMAN_BYTES], from[HUMAN_BYTES], to[HUMAN_BYTES];

	if (old != NULL && new != NULL)
		fprintf(term->stream,
			"mmap      resident of what the program maps by itself: %s at %s, %s at "
			"%s\n",
			human_size((int64_t)old->resident_bytes, before),
			human_duration(old->time_ns, from),
			human_size((int64_t) new->resident_bytes, after),
			human_duration(new->time_ns, to));
	else if (old != NULL || new != NULL)
		fprintf(term->stream, "mmap      what the program maps by itself is known of one "
				      "side only, and not "
				      "compared\n");
}

void
view_diff_text(const struct term *term, const struct view_diff *view)
{
	struct shown shown;
	size_t hidden;
	char number[HUMAN_BYTES];

	print_summary(term, view);
	print_title(term, view);
	shown = view->options->by == GROUP_BY_STACK ? print_stacks(term, view)
						    : print_table(term, view);
	hidden = view->diff->count - shown.rows - shown.unchanged;
	if (hidden > 0)
		fprintf(term->stream, "(%s more; -n 0 for all)\n", human_count(hidden, number));
	if (view->options->selection.filters.count != 0 && view->diff->old_set.count == 0 &&
	    view->diff->new_set.count == 0)
		view_filters_nothing(term->stream, &view->options->selection.filters, view->table);
	else if (shown.rows == 0)
		fputs(view->only_growth ? "nothing has grown\n" : "no differences\n", term->stream);
	if (shown.unchanged > 0)
		fprintf(term->stream, "(%s unchanged; --all shows them)\n",
			human_count(shown.unchanged, number));
	if (!shown.is_apart || hidden > 0 || shown.unchanged > 0)
		putc('\n', term->stream);
	view_suppressed_text(term, &view->options->selection.suppressions, &view->diff->new_set);
	print_mapped(term, view);
	print_quality(term, view->old_name, view->old->profile, &view->diff->old_set);
	print_quality(term, view->new_name, view->new->profile, &view->diff->new_set);
}
