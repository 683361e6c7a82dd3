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

struct term;

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

/* Ticks of an axis of time: a step of 1, 2 or 5 times a power of ten of its unit. */
struct view_timeline_axis {
	const char *unit; /* "s" */
	double unit_ns;
	double first_ns, step_ns;
	unsigned count;
};

/* At most ticks + 1 of them are in the span. */
void view_timeline_axis_init(struct view_timeline_axis *axis, uint64_t from_ns, uint64_t to_ns,
			     unsigned ticks);

#endif
