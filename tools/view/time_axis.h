/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/time_axis.h - where an axis of time has its ticks
 */
#ifndef VIEW_TIME_AXIS_H
#define VIEW_TIME_AXIS_H

#include <stdint.h>

/* Ticks of an axis of time: a step of 1, 2 or 5 times a power of ten of its unit. */
struct view_time_axis {
	const char *unit; /* "s" */
	double unit_ns;
	double first_ns, step_ns;
	unsigned count;
};

/* At most ticks + 1 of them are in the span. */
void view_time_axis_init(struct view_time_axis *axis, uint64_t from_ns, uint64_t to_ns,
			 unsigned ticks);

#endif
