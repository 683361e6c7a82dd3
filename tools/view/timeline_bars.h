/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/timeline_bars.h - the size of the heap over time, as bars above an axis
 *
 *       8.0 |    ##
 *           |    ##
 *         0 +------
 *            0 s  1
 */
#ifndef VIEW_TIMELINE_BARS_H
#define VIEW_TIMELINE_BARS_H

#include <stdbool.h>

struct term;
struct view_timeline;

/* Numbers of one unit: that of the largest. */
struct view_timeline_scale {
	const char *unit; /* "KiB" */
	double divisor;
};

struct view_timeline_scale view_timeline_get_scale(const struct view_timeline *view);

/* The number without its unit, in text, which has HUMAN_BYTES; returns text. */
char *view_timeline_format_scaled(const struct view_timeline_scale *scale, double bytes,
				  char *text);

/* Returns whether some columns end before anything is known: "?" is in them. */
bool view_timeline_bars_text(const struct term *term, const struct view_timeline *view,
			     const struct view_timeline_scale *scale);

#endif
