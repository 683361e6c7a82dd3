/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_look.c - heaptally live: read the process again, and what has changed
 */
#include "config.h"

#include "cmd/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "model/rank.h"
#include "read/locate.h"
#include "read/snapshot.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/symbolize.h"
#include "util/xalloc.h"

static void
note(struct live_looked *looked, const struct live *live)
{
	looked->keys.count = 0;
	for (size_t i = 0; i < live->set.count; i++) {
		const struct group *group = &live->set.groups[i];

		while (looked->keys.count <= group->key)
			*array_push(&looked->keys) = (struct profile_values){0};
		looked->keys.items[group->key] = group->values;
	}
	looked->time_ns = live->profile->moments[0].time_ns;
	looked->is_set = true;
}

static int64_t
get_noted(const struct live *live, const struct live_looked *looked, uint32_t key)
{
	return key < looked->keys.count ? column_get(live->column, &looked->keys.items[key]) : 0;
}

void
live_group(struct live *live)
{
	const struct profile_at at = {.moment = &live->profile->moments[0]};

	/* They are of the groups before. */
	live->rows.count = 0;
	group_set_release(&live->set);
	group_profile(live->profile, &at, &live->options, live->table, NULL, &live->set);
	rank_groups(&live->set, live->options.by, live->column, live->table);
}

bool
live_look(struct live *live)
{
	struct live_looked older = live->before;

	if (snapshot_update(live->snapshot, "") != 0)
		return false;
	live->profile = snapshot_get_profile(live->snapshot);
	snapshot_set_end(live->snapshot);
	profile_drop_moments(live->profile, 1);
	symbolize_profile(live->profile, &(struct symbolize_options){.cache = live->cache});
	live_group(live);
	live->before = live->now;
	live->now = older;
	note(&live->now, live);
	if (live->point_count == LIVE_POINTS)
		memmove(live->points, live->points + 1,
			sizeof(live->points) - sizeof(*live->points));
	else
		live->point_count++;
	live->points[live->point_count - 1] = live->profile->moments[0].sum.live_bytes;
	live->has_ended = live->profile->state != PROFILE_RUNNING;
	if (live->profile->pid_here != 0)
		live->pid = live->profile->pid_here;
	return true;
}

void
live_change_groups(struct live *live)
{
	if (live->mark.is_set)
		snprintf(live->message, sizeof(live->message),
			 "The mark is gone: it was of other groups.");
	live->before.is_set = live->mark.is_set = false;
	live->chosen = live->first = 0;
	live_group(live);
	note(&live->now, live);
}

/* Nothing of another program is comparable. */
static void
forget(struct live *live)
{
	live->rows.count = 0;
	group_set_release(&live->set);
	live->now.is_set = live->before.is_set = live->mark.is_set = false;
	live->chosen = live->first = 0;
	live->screen = SCREEN_TABLE;
	place_table_free(live->table);
	snapshot_free(live->snapshot);
	free(live->path);
}

int
live_open(struct live *live, const char *path)
{
	const struct place_options places = {.exact = false};
	struct snapshot *snapshot;
	int result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);

	if (result != 0)
		return result;
	forget(live);
	live->snapshot = snapshot;
	live->path = xstrdup(path);
	live->table = place_table_new(&places);
	if (!live_look(live))
		return -ENODATA;
	live->process_start_ns = locate_get_start_ns((pid_t)live->pid);
	return 0;
}

void
live_toggle_mark(struct live *live)
{
	if (live->mark.is_set)
		live->mark.is_set = false;
	else
		note(&live->mark, live);
}

static const struct live_looked *
get_base(const struct live *live)
{
	return live->mark.is_set ? &live->mark : &live->before;
}

bool
live_has_change(const struct live *live)
{
	const struct live_looked *base = get_base(live);

	return base->is_set && (live->mark.is_set || live->now.time_ns > base->time_ns);
}

double
live_get_change(const struct live *live, const struct group *row)
{
	const struct live_looked *base = get_base(live);
	double change = (double)column_get(live->column, &row->values) -
			(double)get_noted(live, base, row->key);

	if (!live_has_change(live))
		return 0;
	return live->mark.is_set ? change
				 : change / ((double)(live->now.time_ns - base->time_ns) / 1e9);
}

void
live_release(struct live *live)
{
	array_each (&live->lines, line)
		free(*line);
	array_release(&live->lines);
	array_release(&live->rows);
	array_release(&live->now.keys);
	array_release(&live->before.keys);
	array_release(&live->mark.keys);
	group_set_release(&live->set);
	debuginfo_cache_free(live->cache);
	place_table_free(live->table);
	snapshot_free(live->snapshot);
	free(live->path);
}
