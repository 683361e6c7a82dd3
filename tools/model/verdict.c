/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.c - how a number of bytes that was looked at again and again grows
 *
 * Large falls part the looks: a fall is large when it is 3 tenths of the whole range. Without one,
 * the shape of the rise decides. With several, what they fall back to may grow: a leak below a
 * churn. Else what comes after the last fall counts when it is no part of the same up and down:
 * when it lasts longer than that, or rises much slower.
 *
 *      STEADY    STEPS    PLATEAU    BURST     SAW      leak after a peak
 *        /        __/      ____       _        /| /|      _
 *      /       __/       /          _| |__    / |/ |     | |___---
 *
 * The shape of a rise is judged on the line between the largest size so far and the smallest one
 * still to come, which never falls and is the curve itself where that never falls. Many looks are
 * thinned to SHAPE_INTERVALS, so that a look too soon after the last one is no standstill.
 */
#include "config.h"

#include "model/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

#define POINTS_LEAST    4
#define SHAPE_INTERVALS 24
#define FALL_SHARE      0.3
#define NEARLY_ALL      0.97
#define GROWS_OFTEN     0.6 /* share of the intervals that makes a rise steady */
#define RISES_MOST      64  /* troughs that are kept */

/* Looks as floating point: no sum of them overflows. */
struct series {
	const struct verdict_point *points;
	size_t first, last; /* of the points */
};

static double
get(const struct series *series, size_t index)
{
	return (double)series->points[index].bytes;
}

static struct series
cut(const struct series *series, size_t first)
{
	return (struct series){series->points, first, series->last};
}

static double
get_seconds(const struct series *series, size_t index)
{
	return (double)series->points[index].time_ns / 1e9;
}

/* The slope of the straight line through some of the points; 0 where no time passes. */
static double
fit_slope(const struct series *series, const size_t *indices, size_t count)
{
	double mean_time = 0, mean_bytes = 0, product = 0, square = 0;

	for (size_t i = 0; i < count; i++) {
		mean_time += get_seconds(series, indices[i]) / (double)count;
		mean_bytes += get(series, indices[i]) / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		double time = get_seconds(series, indices[i]) - mean_time;

		product += time * (get(series, indices[i]) - mean_bytes);
		square += time * time;
	}
	return square > 0 ? product / square : 0;
}

static double
fit_slope_of_all(const struct series *series)
{
	size_t count = series->last - series->first + 1;
	size_t *indices = xcalloc(count, sizeof(*indices));
	double slope;

	for (size_t i = 0; i < count; i++)
		indices[i] = series->first + i;
	slope = fit_slope(series, indices, count);
	free(indices);
	return slope;
}

/* --- the shape of a rise without large falls --- */

struct shape {
	size_t at[SHAPE_INTERVALS + 1]; /* points */
	double level[SHAPE_INTERVALS + 1];
	size_t count;        /* intervals */
	double rise;         /* in all */
	size_t growing;      /* intervals in which it grows */
	size_t first, last;  /* of them, from 1 */
	size_t widest_gap;   /* from one of them to the next */
	size_t reached;      /* after this interval nearly all of the rise is there */
	size_t before_reach; /* growing ones up to there */
};

/* The points at which the shape is looked at, the first and the last among them. */
static void
choose_points(const struct series *series, struct shape *shape)
{
	size_t intervals = series->last - series->first;

	shape->count = intervals < SHAPE_INTERVALS ? intervals : SHAPE_INTERVALS;
	for (size_t i = 0; i <= shape->count; i++)
		shape->at[i] =
			series->first + (shape->count > 0 ? i * intervals / shape->count : 0);
}

/* Never falling, between the largest before and the smallest after. */
static void
fill_levels(const struct series *series, struct shape *shape)
{
	double most = get(series, series->first), least = get(series, series->last);
	size_t point = series->first;

	for (size_t i = 0; i <= shape->count; i++) {
		for (; point <= shape->at[i]; point++)
			most = get(series, point) > most ? get(series, point) : most;
		shape->level[i] = most;
	}
	point = series->last + 1;
	for (size_t i = shape->count + 1; i-- > 0;) {
		for (; point > shape->at[i]; point--)
			least = get(series, point - 1) < least ? get(series, point - 1) : least;
		shape->level[i] = (shape->level[i] + least) / 2;
	}
}

static void
measure(struct shape *shape)
{
	const double *level = shape->level;
	double least;
	size_t before = 0;

	shape->rise = level[shape->count] - level[0];
	least = shape->rise / 200;
	for (size_t i = 1; i <= shape->count; i++) {
		bool is_reached = level[i] - level[0] >= NEARLY_ALL * shape->rise;

		if (level[i] - level[i - 1] > least) {
			shape->first = shape->growing == 0 ? i : shape->first;
			shape->last = i;
			shape->growing++;
			shape->widest_gap =
				i - before > shape->widest_gap ? i - before : shape->widest_gap;
			before = i;
		}
		if (is_reached && shape->reached == 0) {
			shape->reached = i;
			shape->before_reach = shape->growing;
		}
	}
}

static void
init_shape(struct shape *shape, const struct series *series)
{
	memset(shape, 0, sizeof(*shape));
	choose_points(series, shape);
	fill_levels(series, shape);
	measure(shape);
}

/* Whether the second half of the intervals adds at least this share of what the first half does. */
static bool
keeps_pace(const struct shape *shape, double share)
{
	double middle = shape->level[shape->count / 2];

	return shape->level[shape->count] - middle >= share * (middle - shape->level[0]);
}

static bool
is_steady(const struct shape *shape, double pace)
{
	return (double)shape->growing >= GROWS_OFTEN * (double)shape->count &&
	       shape->count - shape->last <= 2 && keeps_pace(shape, pace);
}

static void
set_growth(struct verdict *verdict, const struct series *series, const struct shape *shape,
	   bool from_start)
{
	/* What was there at the first look after the start says nothing of the pace. */
	bool skips = from_start && series->last - series->first > 2;
	struct series paced = cut(series, series->first + skips);

	verdict->since_ns = series->points[series->first].time_ns;
	verdict->grown_bytes = (int64_t)shape->rise;
	verdict->bytes_per_second = fit_slope_of_all(&paced);
}

/* By the first look, or within a tenth of the looks that is a tenth of the time, too. */
static bool
is_at_start(const struct series *series, const struct shape *shape)
{
	uint64_t start_ns = series->points[series->first].time_ns;
	uint64_t reached_ns = series->points[shape->at[shape->reached]].time_ns - start_ns;
	uint64_t span_ns = series->points[series->last].time_ns - start_ns;

	return shape->reached <= 1 ||
	       (shape->reached <= 1 + shape->count / 10 && reached_ns <= span_ns / 10);
}

/* A rise that came to its end; what follows may be a much slower one, which is a leak. */
static void
judge_standstill(struct verdict *verdict, const struct series *series, const struct shape *shape,
		 bool from_start)
{
	struct series rest = cut(series, shape->at[shape->reached]);
	struct shape slow;

	init_shape(&slow, &rest);
	if (slow.count >= 4 && slow.rise > 0 && is_steady(&slow, 0.6)) {
		verdict->kind = VERDICT_STEADY;
		set_growth(verdict, &rest, &slow, false);
		return;
	}
	verdict->since_ns = series->points[shape->at[shape->reached]].time_ns;
	verdict->grown_bytes = (int64_t)shape->rise;
	verdict->kind = from_start && is_at_start(series, shape) ? VERDICT_START : VERDICT_PLATEAU;
}

static bool
stands_still(const struct shape *shape)
{
	size_t flat = shape->count - shape->last;
	bool was_steady = (double)shape->before_reach >= GROWS_OFTEN * (double)shape->reached;

	if (shape->growing == 1)
		return flat >= 2;
	if (was_steady && shape->count - shape->reached >= 2 &&
	    4 * shape->reached <= 3 * shape->count)
		return true;
	return flat >= 3 && flat > 2 * shape->widest_gap;
}

/* Nothing for a while, and since then without a pause: no steps, but a growth that began late. */
static bool
judge_late_growth(struct verdict *verdict, const struct series *series, const struct shape *shape)
{
	struct series rest;
	struct shape late;

	if (shape->first < 2)
		return false;
	rest = cut(series, shape->at[shape->first - 1]);
	init_shape(&late, &rest);
	if (late.count < 4 || !is_steady(&late, 0.6))
		return false;
	verdict->kind = VERDICT_STEADY;
	set_growth(verdict, &rest, &late, false);
	return true;
}

static void
judge_rise(struct verdict *verdict, const struct series *series, bool from_start)
{
	struct shape shape;

	init_shape(&shape, series);
	if (shape.rise <= 0) {
		verdict->kind = VERDICT_SAME;
	} else if (stands_still(&shape)) {
		judge_standstill(verdict, series, &shape, from_start);
	} else if (is_steady(&shape, 0.1)) {
		verdict->kind = VERDICT_STEADY;
		set_growth(verdict, series, &shape, from_start);
	} else if (!judge_late_growth(verdict, series, &shape)) {
		verdict->kind = VERDICT_STEPS;
		verdict->steps = (unsigned)shape.growing;
		set_growth(verdict, series, &shape, from_start);
	}
}

/* --- large falls --- */

struct falls {
	size_t count;
	size_t top;                 /* before the last one */
	size_t troughs[RISES_MOST]; /* the last ones; the last of all may go on */
	size_t trough_count;
	size_t longest;  /* intervals from one trough to the next */
	double steepest; /* rise in one interval, before the last trough */
	double range;
};

static void
insert_trough(struct falls *falls, size_t trough, size_t before)
{
	if (falls->trough_count == RISES_MOST) {
		memmove(falls->troughs, falls->troughs + 1,
			(RISES_MOST - 1) * sizeof(*falls->troughs));
		falls->trough_count--;
	}
	falls->troughs[falls->trough_count++] = trough;
	if (trough - before > falls->longest)
		falls->longest = trough - before;
}

static double
get_range(const struct series *series)
{
	double most = get(series, series->first), least = most;

	for (size_t i = series->first; i <= series->last; i++) {
		double value = get(series, i);

		most = value > most ? value : most;
		least = value < least ? value : least;
	}
	return most - least;
}

static void
find_falls(const struct series *series, struct falls *falls)
{
	size_t high = series->first, low = high, before = high;
	bool is_falling = false;
	double large;

	memset(falls, 0, sizeof(*falls));
	falls->range = get_range(series);
	large = FALL_SHARE * falls->range;
	for (size_t i = series->first + 1; i <= series->last && large > 0; i++) {
		if (is_falling && get(series, i) < get(series, low))
			low = i;
		if (is_falling && get(series, i) - get(series, low) >= large) {
			insert_trough(falls, low, before);
			before = low;
			is_falling = false;
			high = i;
		}
		if (!is_falling && get(series, i) > get(series, high))
			high = i;
		if (!is_falling && get(series, high) - get(series, i) >= large) {
			falls->count++;
			falls->top = high;
			is_falling = true;
			low = i;
		}
	}
	if (is_falling)
		insert_trough(falls, low, before);
	for (size_t i = series->first + 1; falls->trough_count > 0 && i <= low; i++) {
		double rise = get(series, i) - get(series, i - 1);

		falls->steepest = rise > falls->steepest ? rise : falls->steepest;
	}
}

/* Whether what it falls back to grows: too regularly for chance. */
static bool
has_rising_troughs(const struct series *series, const struct falls *falls)
{
	size_t count = falls->trough_count, rising = 0, pairs = 0;
	double least = 0, most = 0;

	if (count < 3)
		return false;
	for (size_t i = 1; i < count; i++) {
		double rise = get(series, falls->troughs[i]) - get(series, falls->troughs[i - 1]);

		least = i == 1 || rise < least ? rise : least;
		most = i == 1 || rise > most ? rise : most;
		/* Equal ones count half. */
		for (size_t k = 0; k < i; k++, pairs += 2) {
			double change =
				get(series, falls->troughs[i]) - get(series, falls->troughs[k]);

			rising += (change > 0) + (change >= 0);
		}
	}
	if (count < 5)
		return least > 0 && most <= (count == 3 ? 1.5 : 2) * least;
	return 10 * rising >= (count == 5 ? 10 : 9) * pairs;
}

static void
judge_troughs(struct verdict *verdict, const struct series *series, const struct falls *falls)
{
	const size_t *troughs = falls->troughs;
	size_t last = falls->trough_count - 1;

	verdict->kind = VERDICT_STEADY;
	verdict->below_churn = true;
	verdict->since_ns = series->points[troughs[0]].time_ns;
	verdict->grown_bytes = (int64_t)(get(series, troughs[last]) - get(series, troughs[0]));
	verdict->bytes_per_second = fit_slope(series, troughs, falls->trough_count);
}

/* Growth after the last fall, which is no part of the ups and downs before it. */
static bool
judge_rest(struct verdict *verdict, const struct series *series, const struct falls *falls)
{
	struct series rest = cut(series, falls->troughs[falls->trough_count - 1]);
	size_t intervals = rest.last - rest.first, times = falls->count > 1 ? 2 : 1;
	double rise = get(&rest, rest.last) - get(&rest, rest.first);
	struct verdict judged = {.kind = VERDICT_UNKNOWN};
	bool is_long = intervals >= 3 && intervals >= times * falls->longest;
	bool is_slow =
		intervals >= 2 + 2 * times && rise / (double)intervals <= falls->steepest / 4;

	/* After many ups and downs there is always one that looks like a rise. */
	if (falls->count > 2 && 4 * intervals < series->last - series->first)
		return false;
	if (!is_long && !is_slow)
		return false;
	judge_rise(&judged, &rest, false);
	if (judged.kind != VERDICT_STEADY && (judged.kind != VERDICT_STEPS || judged.steps < 2))
		return false;
	*verdict = judged;
	return true;
}

/* All of it was there at the start, and went little by little. */
static bool
fell_slowly(const struct series *series, const struct falls *falls, size_t trough)
{
	size_t intervals = trough - falls->top;
	double low = get(series, trough), fall = get(series, falls->top) - low;

	return falls->top - series->first <= 1 + (series->last - series->first) / 10 &&
	       intervals >= 4 &&
	       get(series, falls->top + intervals / 2) - low >= (1 - FALL_SHARE) / 2 * fall;
}

/* One large fall, and no growth after it. */
static void
judge_fall(struct verdict *verdict, const struct series *series, const struct falls *falls,
	   bool from_start)
{
	size_t trough = falls->troughs[falls->trough_count - 1];
	double base = get(series, series->first), top = get(series, falls->top),
	       low = get(series, trough), end = get(series, series->last);

	verdict->since_ns = series->points[falls->top].time_ns;
	if (falls->top == series->first ||
	    (from_start && end <= low && fell_slowly(series, falls, trough))) {
		verdict->kind = VERDICT_FALL;
	} else if (end - low >= 0.5 * falls->range) {
		verdict->kind = VERDICT_SAW;
	} else if (end - base <= 0.5 * (top - base)) {
		verdict->kind = VERDICT_BURST;
	} else {
		verdict->kind = VERDICT_PLATEAU;
		verdict->since_ns = series->points[trough].time_ns;
		verdict->grown_bytes = (int64_t)(end - base);
	}
}

static void
judge(struct verdict *verdict, const struct series *series, bool from_start)
{
	size_t trough;
	struct falls falls;

	memset(verdict, 0, sizeof(*verdict));
	if (series->last - series->first + 1 < POINTS_LEAST) {
		verdict->kind = get_range(series) > 0 ? VERDICT_UNKNOWN : VERDICT_SAME;
		return;
	}
	find_falls(series, &falls);
	if (falls.count == 0) {
		judge_rise(verdict, series, from_start);
		return;
	}
	if (has_rising_troughs(series, &falls)) {
		judge_troughs(verdict, series, &falls);
		return;
	}
	if (judge_rest(verdict, series, &falls))
		return;
	trough = falls.troughs[falls.trough_count - 1];
	if (falls.count > 1 && series->last - trough < 2 * falls.longest)
		verdict->kind = VERDICT_SAW;
	else
		judge_fall(verdict, series, &falls, from_start);
}

/* What is given back at the very end says nothing of what was before. */
static bool
is_freed_at_end(const struct series *series)
{
	struct series before = {series->points, series->first, series->last - 1};
	double fall;

	if (series->last - series->first < POINTS_LEAST)
		return false;
	fall = get(series, series->last - 1) - get(series, series->last);
	return fall > 0 && fall >= FALL_SHARE * get_range(&before);
}

void
verdict_init(struct verdict *verdict, const struct verdict_point *points, size_t count,
	     bool from_start, bool has_ended)
{
	struct series series = {points, 0, count - 1};

	if (count == 0) {
		memset(verdict, 0, sizeof(*verdict));
		return;
	}
	if (has_ended && is_freed_at_end(&series)) {
		struct series before = {points, 0, count - 2};

		judge(verdict, &before, from_start);
		if (verdict->kind == VERDICT_STEADY || verdict->kind == VERDICT_PLATEAU ||
		    verdict->kind == VERDICT_START ||
		    (verdict->kind == VERDICT_STEPS && verdict->steps > 1))
			return;
	}
	judge(verdict, &series, from_start);
}

bool
verdict_is_growth(const struct verdict *verdict)
{
	return verdict->kind == VERDICT_STEADY || verdict->kind == VERDICT_STEPS;
}

const char *
verdict_name(enum verdict_kind kind)
{
	static const char *const names[VERDICT_KINDS] = {
		[VERDICT_UNKNOWN] = "unknown", [VERDICT_SAME] = "unchanged",
		[VERDICT_STEADY] = "steady",   [VERDICT_STEPS] = "steps",
		[VERDICT_PLATEAU] = "plateau", [VERDICT_START] = "start-up",
		[VERDICT_BURST] = "burst",     [VERDICT_SAW] = "saw-tooth",
		[VERDICT_FALL] = "fall",
	};

	return names[kind];
}
