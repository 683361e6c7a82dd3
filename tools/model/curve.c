/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/curve.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "util/xalloc.h"

static int
compare_points(const void *a, const void *b)
{
	const struct curve_point *left = a, *right = b;

	return (left->time_ns > right->time_ns) - (left->time_ns < right->time_ns);
}

/* Points of the same time and size say it once. */
static void
merge_points(struct curve *curve)
{
	size_t kept = 0;

	for (size_t i = 0; i < curve->count; i++) {
		const struct curve_point *point = &curve->points[i];
		struct curve_point *last = kept > 0 ? &curve->points[kept - 1] : NULL;

		if (last && last->time_ns == point->time_ns &&
		    last->live_bytes == point->live_bytes) {
			if (point->rss_bytes)
				last->rss_bytes = point->rss_bytes;
			continue;
		}
		curve->points[kept++] = *point;
	}
	curve->count = kept;
}

/* Marks have the exact size; a cleared recording begins again at zero. Returns how many points. */
static size_t
insert_marks(struct curve_point *points, const struct profile *profile)
{
	size_t count = 0;

	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		points[count++] = (struct curve_point){mark->time_ns, mark->live_bytes, 0};
		if ((mark->kind == PROFILE_MARK_CLEAR || mark->kind == PROFILE_MARK_STOP) &&
		    mark->time_ns != UINT64_MAX)
			points[count++] = (struct curve_point){mark->time_ns + 1, 0, 0};
	}
	return count;
}

/* The size then, and at the peak up to then. */
static size_t
insert_moment(struct curve_point *points, const struct profile_moment *moment)
{
	size_t count = 0;

	points[count++] = (struct curve_point){moment->time_ns, moment->sum.live_bytes, 0};
	if (moment->sum.peak_blocks > 0)
		points[count++] =
			(struct curve_point){moment->peak_time_ns, moment->sum.peak_bytes, 0};
	return count;
}

void
curve_init(struct curve *curve, const struct profile *profile)
{
	size_t count = 0;

	curve->points = xcalloc((size_t)profile->sample_count + 2 * (size_t)profile->moment_count +
					2 * (size_t)profile->mark_count,
				sizeof(*curve->points));
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		curve->points[count++] = (struct curve_point){
			sample->time_ns,
			sample->live_bytes,
			sample->rss_bytes,
		};
	}
	for (uint32_t i = 0; i < profile->moment_count; i++)
		count += insert_moment(curve->points + count, &profile->moments[i]);
	count += insert_marks(curve->points + count, profile);
	curve->count = count;
	qsort(curve->points, count, sizeof(*curve->points), compare_points);
	merge_points(curve);
	curve->known_ns = curve->points[0].time_ns;
}

void
curve_release(struct curve *curve)
{
	free(curve->points);
	memset(curve, 0, sizeof(*curve));
}

int64_t
curve_get(const struct curve *curve, uint64_t time_ns)
{
	int64_t live = 0;

	for (size_t i = 0; i < curve->count && curve->points[i].time_ns <= time_ns; i++)
		live = curve->points[i].live_bytes;
	return live;
}

void
curve_fill(const struct curve *curve, uint64_t from_ns, uint64_t to_ns, int64_t *ret_values,
	   size_t count)
{
	double part_ns = (double)(to_ns - from_ns) / (double)count;
	int64_t live = 0;
	size_t i = 0;

	while (i < curve->count && curve->points[i].time_ns < from_ns)
		live = curve->points[i++].live_bytes;
	for (size_t column = 0; column < count; column++) {
		double end_ns = (double)from_ns + part_ns * (double)(column + 1);
		bool known = false;

		ret_values[column] = live;
		for (; i < curve->count && curve->points[i].time_ns <= to_ns &&
		       ((double)curve->points[i].time_ns < end_ns || column + 1 == count);
		     i++) {
			live = curve->points[i].live_bytes;
			if (!known || live > ret_values[column])
				ret_values[column] = live;
			known = true;
		}
	}
}
