/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/looks.h"

#include <stdlib.h>

#include "util/xalloc.h"

double
looks_get(const struct looks *looks, size_t index)
{
	return (double)looks->points[index].bytes;
}

struct looks
looks_cut(const struct looks *looks, size_t first)
{
	return (struct looks){looks->points, first, looks->last};
}

double
looks_get_range(const struct looks *looks)
{
	double most = looks_get(looks, looks->first), least = most;

	for (size_t i = looks->first; i <= looks->last; i++) {
		double value = looks_get(looks, i);

		most = value > most ? value : most;
		least = value < least ? value : least;
	}
	return most - least;
}

static double
get_seconds(const struct looks *looks, size_t index)
{
	return (double)looks->points[index].time_ns / 1e9;
}

double
looks_fit_slope(const struct looks *looks, const size_t *indices, size_t count)
{
	double mean_time = 0, mean_bytes = 0, product = 0, square = 0;

	for (size_t i = 0; i < count; i++) {
		mean_time += get_seconds(looks, indices[i]) / (double)count;
		mean_bytes += looks_get(looks, indices[i]) / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		double time = get_seconds(looks, indices[i]) - mean_time;

		product += time * (looks_get(looks, indices[i]) - mean_bytes);
		square += time * time;
	}
	return square > 0 ? product / square : 0;
}

double
looks_fit_slope_of_all(const struct looks *looks)
{
	size_t count = looks->last - looks->first + 1;
	size_t *indices = xcalloc(count, sizeof(*indices));
	double slope;

	for (size_t i = 0; i < count; i++)
		indices[i] = looks->first + i;
	slope = looks_fit_slope(looks, indices, count);
	free(indices);
	return slope;
}
