/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * curve.h - the size of the heap over time
 *
 * The points are the samples that `heaptally run` took, the moments that were kept, the marks, and
 * the peaks up to each moment: these are exact, and a curve of samples alone would often miss them.
 * Of a peak before a clear or a reset only the size is known when no moment was taken meanwhile.
 */
#ifndef CURVE_H
#define CURVE_H

#include <stddef.h>
#include <stdint.h>

struct profile;

struct curve_point {
	uint64_t time_ns; /* since the start of the process */
	int64_t live_bytes;
	uint64_t rss_bytes; /* 0 if not known */
};

struct curve {
	struct curve_point *points; /* in the order of time */
	size_t count;
	uint64_t known_ns; /* the time of the first point, before which nothing is known */
};

/* The profile has at least one moment. */
void curve_init(struct curve *curve, const struct profile *profile);
void curve_release(struct curve *curve);

/* The size at a time: that of the last point not after it, 0 before the first one. */
int64_t curve_get(const struct curve *curve, uint64_t time_ns);

/*
 * The largest size in each of count equal parts of a span of time, from_ns below to_ns. A part
 * without a point is as large as the curve was at its start.
 */
void curve_fill(const struct curve *curve, uint64_t from_ns, uint64_t to_ns, int64_t *ret_values,
		size_t count);

#endif
