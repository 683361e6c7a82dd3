/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/timeline.h"

#include "model/growth.h"
#include "model/leak_report.h"

#define NEAR_SHIFT 8 /* what is less than 1/256 below a peak is as good as that */

bool
view_timeline_is_inside(const struct view_timeline *view, uint64_t time_ns)
{
	return time_ns >= view->from_ns && time_ns <= view->to_ns;
}

struct curve_point
view_timeline_get_peak(const struct view_timeline *view)
{
	struct curve_point peak = {
		view->from_ns,
		curve_get(view->curve, view->from_ns),
		0,
	};

	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (view_timeline_is_inside(view, point->time_ns) &&
		    point->live_bytes > peak.live_bytes)
			peak = *point;
	}
	return peak;
}

const struct profile_mark *
view_timeline_get_unseen_peak(const struct view_timeline *view)
{
	int64_t drawn = view_timeline_get_peak(view).live_bytes;
	const struct profile_mark *largest = NULL;
	uint64_t since_ns = 0;

	for (uint32_t i = 0; i < view->profile->mark_count; i++) {
		const struct profile_mark *mark = &view->profile->marks[i];

		if (!profile_mark_ends_peak(mark))
			continue;
		if (since_ns >= view->from_ns && mark->time_ns <= view->to_ns &&
		    mark->peak_bytes - (mark->peak_bytes >> NEAR_SHIFT) > drawn &&
		    (largest == NULL || mark->peak_bytes > largest->peak_bytes))
			largest = mark;
		since_ns = mark->time_ns;
	}
	return largest;
}

const struct curve_point *
view_timeline_find_resident_peak(const struct view_timeline *view)
{
	const struct curve_point *most = NULL;

	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (point->rss_bytes > 0 && view_timeline_is_inside(view, point->time_ns) &&
		    (most == NULL || point->rss_bytes > most->rss_bytes))
			most = point;
	}
	return most;
}

const struct profile_mark *
view_timeline_get_next_mark(const struct profile *profile, uint32_t index)
{
	for (uint32_t i = index + 1; i < profile->mark_count; i++)
		if (profile->marks[i].kind == PROFILE_MARK_LABEL)
			return &profile->marks[i];
	return NULL;
}

bool
view_timeline_find_lost(const struct view_timeline *view, struct leak_values *ret_sum)
{
	if (!leak_set_has_answer(&view->profile->leaks))
		return false;
	leak_report_sum(view->profile, ret_sum);
	return true;
}

void
view_timeline_init_growth(const struct view_timeline *view, struct growth *ret_growth)
{
	static const struct group_options by_line = {.by = GROUP_BY_LINE};
	const struct growth_options options = {
		.group = &by_line,
		.from_ns = view->from_ns,
		.to_ns = view->to_ns,
	};

	growth_init(ret_growth, view->profile, &options);
}
