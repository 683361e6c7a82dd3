/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/svg_sites.c - the lines of text below a picture
 */
#include "config.h"

#include "export/svg_sites.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "model/group.h"
#include "model/rank.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/timeline.h"

/* What each line held at the peak stands in the last moment. */
static bool
find_moment(const struct view_timeline *view, struct profile_at *ret_at, uint64_t *ret_time_ns)
{
	const struct profile *profile = view->profile;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];

	*ret_at = (struct profile_at){.moment = last, .peak = true};
	*ret_time_ns = last->peak_time_ns;
	if (view_timeline_is_inside(view, *ret_time_ns))
		return true;
	*ret_at = (struct profile_at){0};
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		if (!view_timeline_is_inside(view, moment->time_ns) ||
		    (ret_at->moment != NULL &&
		     moment->sum.live_bytes <= ret_at->moment->sum.live_bytes))
			continue;
		ret_at->moment = moment;
		*ret_time_ns = moment->time_ns;
	}
	return ret_at->moment != NULL;
}

static char *
make_place(const struct place_table *table, const struct group *group)
{
	struct view_place place;
	char *text;

	view_place_init(&place, table, group->stack, group->caller, GROUP_BY_LINE, false);
	text = xasprintf("%s%s%s", place.name, *place.position ? "  " : "", place.position);
	view_place_release(&place);
	return text;
}

void
svg_sites_init(struct svg_sites *sites, const struct view_timeline *view)
{
	static const struct group_options by_line = {.by = GROUP_BY_LINE};
	const struct place_options exact = {.exact = false};
	const struct column *live = column_find("live");
	struct place_table *table;
	struct group_set set;
	struct profile_at at;

	memset(sites, 0, sizeof(*sites));
	if (!find_moment(view, &at, &sites->time_ns))
		return;
	table = place_table_new(&exact);
	group_profile(view->profile, &at, &by_line, table, NULL, &set);
	rank_groups(&set, by_line.by, live, table);
	for (size_t i = 0; i < set.count && i < SVG_SITES_MOST; i++) {
		int64_t bytes = column_get(live, &set.groups[i].values);

		if (bytes <= 0)
			break;
		sites->sites[sites->count].bytes = bytes;
		sites->sites[sites->count++].place = make_place(table, &set.groups[i]);
	}
	group_set_release(&set);
	place_table_free(table);
}

void
svg_sites_release(struct svg_sites *sites)
{
	for (size_t i = 0; i < sites->count; i++)
		free(sites->sites[i].place);
}
