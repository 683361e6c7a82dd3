/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top_refresh.c - heaptally top --refresh: the report of a process, again and again
 *
 * When the process becomes another program by exec, the report goes on with that.
 */
#include "config.h"

#include "cmd/top_refresh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "cmd/top_watch.h"
#include "model/place.h"
#include "model/rank.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/screen.h"
#include "util/xalloc.h"
#include "view/top.h"

/* How soon the end of the process is noticed. */
#define LOOK_NS (CLOCK_SECOND_NS / 4)

/* Lines of a report besides its groups. */
#define OTHER_LINES 12
#define ROWS_LEAST  3

struct refresh {
	const struct report_options *report;
	uint64_t interval_ns;
	struct top_watch watch;
	struct place_table *table;
	bool on_screen;

	/* Of the report before, for what has changed. */
	struct view_top_change change;
	int64_t *before;
	size_t before_capacity;
	uint64_t before_ns;
};

static const struct profile *
read_now(struct refresh *refresh)
{
	const struct profile *profile = top_watch_read(&refresh->watch);

	report_load_check_threads(refresh->report, profile, refresh->watch.name);
	return profile;
}

/* --- what has changed --- */

static void
remember(struct refresh *refresh, const struct profile *profile, const struct group_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count = set->groups[i].key >= count ? (size_t)set->groups[i].key + 1 : count;
	if (count > refresh->before_capacity) {
		refresh->before_capacity = count + count / 2;
		refresh->before = xreallocarray(refresh->before, refresh->before_capacity,
						sizeof(*refresh->before));
	}
	if (count != 0)
		memset(refresh->before, 0, count * sizeof(*refresh->before));
	for (size_t i = 0; i < set->count; i++)
		refresh->before[set->groups[i].key] = set->groups[i].values.live_bytes;
	refresh->before_ns = profile->moments[0].time_ns;
	refresh->change = (struct view_top_change){
		.before = refresh->before,
		.count = count,
		.sum = set->sum.live_bytes,
	};
}

/* --- printing --- */

static void
draw(const struct refresh *refresh, struct term *term, struct view_top *view)
{
	unsigned height = screen_get_height();
	char every[HUMAN_BYTES];
	char *text = NULL;
	size_t length;

	if (!refresh->report->rows_given)
		view->rows = height > OTHER_LINES + ROWS_LEAST ? height - OTHER_LINES : ROWS_LEAST;
	term->stream = open_memstream(&text, &length);
	if (term->stream == NULL)
		die_errno(COMMAND_TROUBLE, errno, "%s", refresh->watch.name);
	refresh->report->format->top(term, view);
	fprintf(term->stream, "%severy %s; q quits%s", term_style(term, TERM_DIM),
		human_duration(refresh->interval_ns, every), term_style(term, TERM_PLAIN));
	fclose(term->stream);
	screen_draw(text);
	free(text);
}

/* One after the other, with an empty line between. */
static void
print_below(const struct refresh *refresh, const struct term *term, const struct view_top *view,
	    bool first)
{
	if (!first && !refresh->report->format->delimits_itself)
		putchar('\n');
	refresh->report->format->top(term, view);
	report_output_finish();
}

/* What is known of the report that comes next. */
struct place_in_row {
	bool is_first, is_last;
	bool is_new; /* there is nothing to compare with */
};

/*
 * Returns false when it was the last report, because it was to be, or the process ended. That one
 * is printed below what the terminal showed before, to stay there.
 */
static bool
show(struct refresh *refresh, const struct place_in_row *place)
{
	const struct report_options *report = refresh->report;
	const struct profile *profile = read_now(refresh);
	bool goes_on = profile->state == PROFILE_RUNNING && !place->is_last;
	struct view_top view = {
		.profile = profile,
		.at = {.moment = &profile->moments[0]},
		.options = &report->group,
		.column = report->column,
		.table = refresh->table,
		.rows = report->rows,
		.frames = report->frames,
		.most_recent_last = report->most_recent_last,
		.full_names = report->full_names,
		.change = &refresh->change,
	};
	struct group_set set;
	struct term term;

	view.at.peak = report->at != NULL && strcmp(report->at, "peak") == 0;
	group_profile(profile, &view.at, &report->group, refresh->table, NULL, &set);
	rank_groups(&set, report->group.by, report->column, refresh->table);
	view.set = &set;
	refresh->change.seconds =
		place->is_new ? 0
			      : (double)(profile->moments[0].time_ns - refresh->before_ns) / 1e9;
	if (!goes_on)
		screen_leave();
	term_init(&term, stdout, report->color);
	if (goes_on && refresh->on_screen)
		draw(refresh, &term, &view);
	else
		print_below(refresh, &term, &view, place->is_first || refresh->on_screen);
	remember(refresh, profile, &set);
	group_set_release(&set);
	return goes_on;
}

/* --- time --- */

/* Until it is time for the next report, or the process ended. False when the user has enough. */
static bool
wait_for_next(struct refresh *refresh, uint64_t end_ns)
{
	uint64_t now;

	while ((now = clock_get_ns(CLOCK_MONOTONIC)) < end_ns) {
		uint64_t left = end_ns - now < LOOK_NS ? end_ns - now : LOOK_NS;
		const struct timespec time = clock_to(left);

		if (!refresh->on_screen)
			nanosleep(&time, NULL);
		else
			switch (screen_wait(left)) {
			case SCREEN_QUIT:
				return false;
			case SCREEN_CHANGED:
				return true;
			case SCREEN_TIMEOUT:
				break;
			}
		if (top_watch_has_ended(&refresh->watch))
			return true;
	}
	return true;
}

static void
run(struct refresh *refresh, unsigned long count)
{
	uint64_t next = clock_get_ns(CLOCK_MONOTONIC);
	struct place_in_row place = {.is_new = true};

	for (unsigned long i = 0; count == 0 || i < count; i++) {
		uint64_t now;

		if (i != 0 && !wait_for_next(refresh, next))
			return;
		place.is_new |= top_watch_follow(&refresh->watch);
		place.is_first = i == 0;
		place.is_last = i + 1 == count;
		if (!show(refresh, &place))
			return;
		place.is_new = false;
		now = clock_get_ns(CLOCK_MONOTONIC);
		next += refresh->interval_ns;
		/* A report that takes long is not made up for. */
		if (next < now)
			next = now + refresh->interval_ns;
	}
}

int
cmd_top_refresh(const struct report_options *report, const char *operand, uint64_t interval_ns,
		unsigned long count)
{
	/* Raw stacks are for comparing with other tools, which know addresses. */
	const struct place_options places = {
		.exact = report->group.selection.raw_frames && report->group.by == GROUP_BY_STACK,
	};
	struct refresh refresh = {.report = report, .interval_ns = interval_ns};

	top_watch_open(&refresh.watch, operand, report->online);
	refresh.table = place_table_new(&places);
	/* Most names are read here, while the terminal still is as always. */
	read_now(&refresh);
	if (report->format->is_for_people && count != 1)
		refresh.on_screen = screen_enter();
	run(&refresh, count);
	screen_leave();
	report_output_finish();
	top_watch_release(&refresh.watch);
	place_table_free(refresh.table);
	free(refresh.before);
	return COMMAND_OK;
}
