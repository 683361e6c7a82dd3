/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rise.c - the shape of a rise without large falls
 *
 * It is judged on the line between the largest size so far and the smallest one still to come,
 * which never falls and is the curve itself where that never falls. Many looks are thinned to
 * RISE_INTERVALS, so that a look too soon after the last one is no standstill.
 */
#include "config.h"

#include "model/rise.h"

#include <string.h>

#define NEARLY_ALL  0.97
#define GROWS_OFTEN 0.6 /* share of the intervals that makes a rise steady */

/* The points at which the rise is looked at, the first and the last among them. */
static void
choose_points(const struct looks *looks, struct rise *rise)
{
	size_t intervals = looks->last - looks->first;

	rise->count = intervals < RISE_INTERVALS ? intervals : RISE_INTERVALS;
	for (size_t i = 0; i <= rise->count; i++)
		rise->at[i] = looks->first + (rise->count > 0 ? i * intervals / rise->count : 0);
}

/* Never falling, between the largest before and the smallest after. */
static void
fill_levels(const struct looks *looks, struct rise *rise)
{
	double most = looks_get(looks, looks->first), least = looks_get(looks, looks->last);
	size_t point = looks->first;

	for (size_t i = 0; i <= rise->count; i++) {
		for (; point <= rise->at[i]; point++)
			most = looks_get(looks, point) > most ? looks_get(looks, point) : most;
		rise->level[i] = most;
	}
	point = looks->last + 1;
	for (size_t i = rise->count + 1; i-- > 0;) {
		for (; point > rise->at[i]; point--)
			least = looks_get(looks, point - 1) < least ? looks_get(looks, point - 1)
								    : least;
		rise->level[i] = (rise->level[i] + least) / 2;
	}
}

static void
measure(struct rise *rise)
{
	const double *level = rise->level;
	double least;
	size_t before = 0;

	rise->bytes = level[rise->count] - level[0];
	least = rise->bytes / 200;
	for (size_t i = 1; i <= rise->count; i++) {
		bool is_reached = level[i] - level[0] >= NEARLY_ALL * rise->bytes;

		if (level[i] - level[i - 1] > least) {
			rise->first = rise->growing == 0 ? i : rise->first;
			rise->last = i;
			rise->growing++;
			rise->widest_gap =
				i - before > rise->widest_gap ? i - before : rise->widest_gap;
			before = i;
		}
		if (is_reached && rise->reached == 0) {
			rise->reached = i;
			rise->before_reach = rise->growing;
		}
	}
}

void
rise_init(struct rise *rise, const struct looks *looks)
{
	memset(rise, 0, sizeof(*rise));
	choose_points(looks, rise);
	fill_levels(looks, rise);
	measure(rise);
}

/* Whether the second half of the intervals adds at least this share of what the first half does. */
static bool
keeps_pace(const struct rise *rise, double share)
{
	double middle = rise->level[rise->count / 2];

	return rise->level[rise->count] - middle >= share * (middle - rise->level[0]);
}

bool
rise_is_steady(const struct rise *rise, double pace)
{
	return (double)rise->growing >= GROWS_OFTEN * (double)rise->count &&
	       rise->count - rise->last <= 2 && keeps_pace(rise, pace);
}

bool
rise_is_at_start(const struct rise *rise, const struct looks *looks)
{
	uint64_t start_ns = looks->points[looks->first].time_ns;
	uint64_t reached_ns = looks->points[rise->at[rise->reached]].time_ns - start_ns;
	uint64_t span_ns = looks->points[looks->last].time_ns - start_ns;

	return rise->reached <= 1 ||
	       (rise->reached <= 1 + rise->count / 10 && reached_ns <= span_ns / 10);
}

bool
rise_stands_still(const struct rise *rise)
{
	size_t flat = rise->count - rise->last;
	bool was_steady = (double)rise->before_reach >= GROWS_OFTEN * (double)rise->reached;

	if (rise->growing == 1)
		return flat >= 2;
	if (was_steady && rise->count - rise->reached >= 2 && 4 * rise->reached <= 3 * rise->count)
		return true;
	return flat >= 3 && flat > 2 * rise->widest_gap;
}
