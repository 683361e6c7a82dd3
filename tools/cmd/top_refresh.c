/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top_refresh.c - heaptally top --refresh: the report of a process, again and again
 *
 * The process is neither stopped nor asked: of its recording, tables are read as far as they are
 * new and counters as they are now. Names are looked up once. Of the moments only the last one is
 * kept, so that a view may stay open for days. When the process becomes another program by exec,
 * the report goes on with that.
 */
#include "config.h"

#include "cmd/top_refresh.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "symbols/debuginfo_cache.h"
#include "read/locate.h"
#include "model/place.h"
#include "model/rank.h"
#include "read/snapshot.h"
#include "read/source.h"
#include "symbols/symbolize.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/screen.h"
#include "util/xalloc.h"
#include "view/top.h"

/* How long a process that became another program may take until it is recorded again. */
#define EXEC_TRIES   20
#define EXEC_WAIT_NS (CLOCK_SECOND_NS / 100)

/* How soon the end of the process is noticed. */
#define LOOK_NS (CLOCK_SECOND_NS / 4)

/* Lines of a report besides its groups. */
#define OTHER_LINES 12
#define ROWS_LEAST  3

struct refresh {
	const struct report_options *report;
	const char *name;
	uint64_t interval_ns;
	struct snapshot *snapshot;
	char *path; /* of its recording */
	struct debuginfo_cache *cache;
	struct place_table *table;
	bool on_screen;
	bool was_alive; /* so its end is seen */

	/* Of the report before, for what has changed. */
	struct view_top_change change;
	int64_t *before;
	size_t before_capacity;
	uint64_t before_ns;
};

static void
open_recording(struct refresh *refresh, const char *operand)
{
	char *why;
	int result;

	if (operand == NULL)
		die(COMMAND_TROUBLE, "--refresh: no process given");
	if (source_find_recording(operand, &refresh->path, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	result = snapshot_open(refresh->path, SNAPSHOT_ANY_OWNER, &refresh->snapshot);
	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: no recording; --refresh is for a process", operand);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(operand, result));
}

/* Read what is new, and give it names. */
static const struct profile *
read_now(struct refresh *refresh)
{
	const struct symbolize_options symbols = {
		.online = refresh->report->online,
		.cache = refresh->cache,
	};
	struct profile *profile;
	int result = snapshot_update(refresh->snapshot, "");

	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(refresh->name, result));
	profile = snapshot_get_profile(refresh->snapshot);
	refresh->was_alive |= profile->state == PROFILE_RUNNING;
	if (refresh->was_alive)
		snapshot_set_end(refresh->snapshot);
	profile_drop_moments(profile, 1);
	symbolize_profile(profile, &symbols);
	report_load_check_threads(refresh->report, profile, refresh->name);
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
		die_errno(COMMAND_TROUBLE, errno, "%s", refresh->name);
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

static void
sleep_ns(uint64_t ns)
{
	const struct timespec time = clock_to(ns);

	nanosleep(&time, NULL);
}

/* Until it is time for the next report, or the process ended. False when the user has enough. */
static bool
wait_for_next(struct refresh *refresh, uint64_t end_ns)
{
	uint64_t now;

	while ((now = clock_get_ns(CLOCK_MONOTONIC)) < end_ns) {
		uint64_t left = end_ns - now < LOOK_NS ? end_ns - now : LOOK_NS;

		if (!refresh->on_screen)
			sleep_ns(left);
		else
			switch (screen_wait(left)) {
			case SCREEN_QUIT:
				return false;
			case SCREEN_CHANGED:
				return true;
			case SCREEN_TIMEOUT:
				break;
			}
		if (snapshot_refresh(refresh->snapshot) != 0 ||
		    !snapshot_get_identity(refresh->snapshot)->alive)
			return true;
	}
	return true;
}

/* Take the recording of the program that the process has become. False if there is none yet. */
static bool
take_successor(struct refresh *refresh, pid_t pid)
{
	struct snapshot *snapshot;
	char *path;

	if (locate_process(pid, &path) != 0)
		return false;
	if (strcmp(path, refresh->path) == 0 ||
	    snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot) != 0) {
		free(path);
		return false;
	}
	if (!snapshot_get_identity(snapshot)->alive) {
		snapshot_free(snapshot);
		free(path);
		return false;
	}
	snapshot_free(refresh->snapshot);
	free(refresh->path);
	refresh->snapshot = snapshot;
	refresh->path = path;
	return true;
}

/* Whether the process has gone on as another program, by exec, which has a recording of its own. */
static bool
follow(struct refresh *refresh)
{
	const struct snapshot_identity *identity = snapshot_get_identity(refresh->snapshot);
	pid_t pid = (pid_t)identity->pid;
	bool by_id = strspn(refresh->name, "0123456789") == strlen(refresh->name);

	if (snapshot_refresh(refresh->snapshot) != 0 || identity->alive || !by_id ||
	    !identity->this_namespace)
		return false;
	for (int i = 0; i < EXEC_TRIES && kill(pid, 0) == 0; i++) {
		if (take_successor(refresh, pid))
			return true;
		sleep_ns(EXEC_WAIT_NS);
	}
	return false;
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
		place.is_new |= follow(refresh);
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
	struct refresh refresh = {.report = report, .name = operand, .interval_ns = interval_ns};

	open_recording(&refresh, operand);
	refresh.table = place_table_new(&places);
	refresh.cache = debuginfo_cache_new();
	/* Most names are read here, while the terminal still is as always. */
	read_now(&refresh);
	if (report->format->is_for_people && count != 1)
		refresh.on_screen = screen_enter();
	run(&refresh, count);
	screen_leave();
	report_output_finish();
	debuginfo_cache_free(refresh.cache);
	place_table_free(refresh.table);
	snapshot_free(refresh.snapshot);
	free(refresh.path);
	free(refresh.before);
	return COMMAND_OK;
}
