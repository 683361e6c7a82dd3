/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/timeline.h - the size of the heap over time, and who made it grow and fall
 */
#ifndef VIEW_TIMELINE_H
#define VIEW_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/curve.h"
#include "model/profile.h"

struct growth;
struct leak_values;
struct term;

/* Who grew or fell, and goes on growing: so many of each at most. */
#define VIEW_TIMELINE_CHANGES 3

struct view_timeline {
	const struct profile *profile; /* symbolized, at least one moment */
	const struct curve *curve;
	uint64_t from_ns, to_ns; /* the window, from_ns below to_ns */
};

void view_timeline_text(const struct term *term, const struct view_timeline *view);
void view_timeline_json(const struct term *term, const struct view_timeline *view);

/* --- what the formats share --- */

bool view_timeline_is_inside(const struct view_timeline *view, uint64_t time_ns);

/* The largest point of the window; time_ns is `from_ns` when there is none. */
struct curve_point view_timeline_get_peak(const struct view_timeline *view);

/*
 * The mark that ended a larger peak, all of which was in the window, at a time that is not known;
 * NULL if there is none.
 */
const struct profile_mark *view_timeline_get_unseen_peak(const struct view_timeline *view);

/* The next mark with a label, which ends the span of the index-th one; NULL if there is none. */
const struct profile_mark *view_timeline_get_next_mark(const struct profile *profile,
						       uint32_t index);

/* The most that the kernel had given to the process: also what is not of malloc, or not given back.
 * NULL when it was not sampled. */
const struct curve_point *view_timeline_find_resident_peak(const struct view_timeline *view);

/* What the last look has found lost, in the window or not: false when nobody has looked. */
bool view_timeline_find_lost(const struct view_timeline *view, struct leak_values *ret_sum);

/* How each line of the window grows; to release. */
void view_timeline_init_growth(const struct view_timeline *view, struct growth *ret_growth);

#endif
