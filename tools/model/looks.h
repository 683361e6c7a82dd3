/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * looks.h - a number of bytes that was looked at again and again
 */
#ifndef LOOKS_H
#define LOOKS_H

#include <stddef.h>
#include <stdint.h>

struct look_point {
	uint64_t time_ns;
	int64_t bytes;
};

/* Some of them, in the order of time, as floating point: no sum of them overflows. */
struct looks {
	const struct look_point *points;
	size_t first, last; /* of the points, both among them */
};

double looks_get(const struct looks *looks, size_t index);

/* Those from first on. */
struct looks looks_cut(const struct looks *looks, size_t first);

/* From the smallest to the largest. */
double looks_get_range(const struct looks *looks);

/* The slope in bytes per second of the straight line through count of the points; 0 where no time
 * passes. */
double looks_fit_slope(const struct looks *looks, const size_t *indices, size_t count);
double looks_fit_slope_of_all(const struct looks *looks);

#endif
