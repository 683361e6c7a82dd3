/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_draw.c - heaptally live: the screen
 */
#include "config.h"

#include "cmd/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "run/launch.h"
#include "tui/tui.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/place_fit.h"

#define HEAD_LINES 3

/*** the table ***/

static void
init_place(const struct live *live, const struct group *row, struct view_place *place)
{
	view_place_init(place, live->table, row->stack, row->caller, live->options.by, false);
}

static bool
matches(const struct live *live, const struct group *row)
{
	struct view_place place;
	bool found;

	if (live->filter[0] == '\0')
		return true;
	init_place(live, row, &place);
	found = strcasestr(place.name, live->filter) != NULL ||
		strcasestr(place.position, live->filter) != NULL;
	view_place_release(&place);
	return found;
}

static void
choose_rows(struct live *live, unsigned height)
{
	live->rows.count = 0;
	for (size_t i = 0; i < live->set.count; i++) {
		struct group *row = &live->set.groups[i];

		if ((column_get(live->column, &row->values) != 0 ||
		     live_get_change(live, row) != 0) &&
		    matches(live, row))
			*array_push(&live->rows) = row;
	}
	if (live->chosen >= live->rows.count)
		live->chosen = live->rows.count > 0 ? (unsigned)live->rows.count - 1 : 0;
	if (live->chosen < live->first)
		live->first = live->chosen;
	if (height > 0 && live->chosen >= live->first + height)
		live->first = live->chosen + 1 - height;
}

/* Of the first look it is not known. */
static const char *
format_change(const struct live *live, const struct group *row, char *buffer)
{
	int64_t change = (int64_t)live_get_change(live, row);

	if (!live_has_change(live))
		return "-";
	return live->column->unit == COLUMN_BYTES ? human_size_change(change, buffer)
						  : human_count_change(change, buffer);
}

static void
draw_row(const struct live *live, unsigned row, const struct group *group, unsigned width)
{
	char size[HUMAN_BYTES], change[HUMAN_BYTES], blocks[HUMAN_BYTES];
	struct view_place place;
	char *text;

	init_place(live, group, &place);
	view_place_fit(&place, width > 50 ? width - 38 : 12);
	if (live->column->unit == COLUMN_BYTES)
		human_size(column_get(live->column, &group->values), size);
	else
		human_count((uint64_t)column_get(live->column, &group->values), size);
	text = xasprintf("%10s %12s %10s  %s%s%s", size, format_change(live, group, change),
			 human_count((uint64_t)group->values.live_blocks, blocks), place.name,
			 *place.name != '\0' && *place.position != '\0' ? "  " : "",
			 place.position);
	tui_put(row, 0, text, group == live->rows.items[live->chosen] ? TUI_CHOSEN : TUI_PLAIN);
	free(text);
	view_place_release(&place);
}

static void
draw_table(struct live *live, unsigned rows, unsigned width)
{
	unsigned height = rows > HEAD_LINES + 2 ? rows - HEAD_LINES - 2 : 1;
	char *title = xasprintf("%10s %12s %10s  where, by %s", live->column->title,
				live->mark.is_set ? "since mark" : "per second", "blocks",
				group_get_name(&live->options));

	choose_rows(live, height);
	tui_put(HEAD_LINES, 0, title, TUI_DIM);
	for (unsigned i = 0; i < height && live->first + i < live->rows.count; i++)
		draw_row(live, HEAD_LINES + 1 + i, live->rows.items[live->first + i], width);
	if (live->rows.count == 0)
		tui_put(HEAD_LINES + 1, 0, "Nothing is left.", TUI_PLAIN);
	free(title);
}

/*** the rest of the screen ***/

static void
draw_lines(const struct live *live, unsigned rows)
{
	for (unsigned i = 0; i + HEAD_LINES + 1 < rows && live->first + i < live->lines.count; i++)
		tui_put(HEAD_LINES + i, 0, live->lines.items[live->first + i], TUI_PLAIN);
}

static void
draw_help(unsigned rows)
{
	/* For 60 columns. */
	static const char *const lines[] = {
		"up, down, page up, page down, home, end   move",
		"Enter   largest stacks of a row, and its callers; Esc: back",
		"o live  b blocks  t total  a allocations  m temporary: sort",
		"g       group by line, function, file, module",
		"/       only rows with a word; Enter ends, Esc forgets it",
		"d       change since now, again: change per second",
		"space   pause, the process goes on",
		"s       keep a snapshot in a file",
		"q       quit; what was started here ends, others go on",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines) && i + HEAD_LINES + 1 < rows; i++)
		tui_put(HEAD_LINES + i, 0, lines[i], TUI_PLAIN);
}

/* Of a program that was started here the status is known as soon as all is written. To free. */
static char *
describe_state(const struct live *live)
{
	if (live->has_ended && live->successor[0] != '\0')
		return xasprintf("  ENDED, it has become %s, of which there is no recording",
				 live->successor);
	if (live->has_ended && live->child.is_ended)
		return xasprintf("  ENDED, status %d",
				 launch_get_exit_status(live->child.wait_status));
	return xstrdup(live->has_ended ? "  ENDED" : live->is_paused ? "  PAUSED" : "");
}

static void
draw_head(const struct live *live, unsigned width)
{
	const struct profile *profile = live->profile;
	const struct profile_values *sum = &profile->moments[0].sum;
	char size[HUMAN_BYTES], peak[HUMAN_BYTES], time[HUMAN_BYTES], count[HUMAN_BYTES];
	char *command = term_escape(profile->command), *state = describe_state(live), *text, *spark;
	struct term term;

	/* What matters least comes last, where few columns have no room for it. */
	text = xasprintf("%s %" PRIu32 "  %s%s  heap %s  peak %s  %s allocations", command,
			 profile->pid, human_duration(profile->moments[0].time_ns, time), state,
			 human_size(sum->live_bytes, size), human_size(sum->peak_bytes, peak),
			 human_count(sum->total_blocks, count));
	tui_put(0, 0, text, TUI_BOLD);
	term_init(&term, stdout, TERM_COLOR_NEVER);
	spark = term_sparkline(&term, live->points, live->point_count,
			       width < live->point_count + 1 ? width - 1
							     : (unsigned)live->point_count);
	tui_put(1, 0, spark, TUI_PLAIN);
	free(spark);
	free(text);
	free(command);
	free(state);
}

void
live_draw(struct live *live)
{
	unsigned rows, width;
	char *foot;

	tui_get_size(&rows, &width);
	if (rows < 6 || width < 20)
		return;
	tui_begin();
	draw_head(live, width);
	if (live->screen == SCREEN_TABLE)
		draw_table(live, rows, width);
	else if (live->screen == SCREEN_STACKS)
		draw_lines(live, rows);
	else
		draw_help(rows);
	foot = live->message[0] != '\0' ? xstrdup(live->message)
	       : live->types_filter || live->filter[0] != '\0'
		       ? xasprintf("/%s%s", live->filter, live->types_filter ? "_" : "")
		       : xstrdup("? help  q quit  Enter stacks  / filter  g group  "
				 "d mark  space pause  s snapshot");
	tui_put(rows - 1, 0, foot, TUI_DIM);
	free(foot);
	tui_show();
}
