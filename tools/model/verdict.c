/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.c - how a number of bytes that was looked at again and again grows
 *
 * Large falls part the looks. Without one, the shape of the rise decides. With several, what they
 * fall back to may grow: a leak below a churn. Else what comes after the last fall counts when it
 * is no part of the same up and down: when it lasts longer than that, or rises much slower.
 *
 *      STEADY    STEPS    PLATEAU    BURST     SAW      leak after a peak
 *        /        __/      ____       _        /| /|      _
 *      /       __/       /          _| |__    / |/ |     | |___---
 */
#include "config.h"

#include "model/verdict.h"

#include <string.h>

#include "model/falls.h"
#include "model/rise.h"

#define POINTS_LEAST 4

static void
set_growth(struct verdict *verdict, const struct looks *looks, const struct rise *rise,
	   bool from_start)
{
	/* What was there at the first look after the start says nothing of the pace. */
	bool skips = from_start && looks->last - looks->first > 2;
	struct looks paced = looks_cut(looks, looks->first + skips);

	verdict->since_ns = looks->points[looks->first].time_ns;
	verdict->grown_bytes = (int64_t)rise->bytes;
	verdict->bytes_per_second = looks_fit_slope_of_all(&paced);
}

/* A rise that came to its end; what follows may be a much slower one, which is a leak. */
static void
judge_standstill(struct verdict *verdict, const struct looks *looks, const struct rise *rise,
		 bool from_start)
{
	struct looks rest = looks_cut(looks, rise->at[rise->reached]);
	struct rise slow;

	rise_init(&slow, &rest);
	if (slow.count >= 4 && slow.bytes > 0 && rise_is_steady(&slow, 0.6)) {
		verdict->kind = VERDICT_STEADY;
		set_growth(verdict, &rest, &slow, false);
		return;
	}
	verdict->since_ns = looks->points[rise->at[rise->reached]].time_ns;
	verdict->grown_bytes = (int64_t)rise->bytes;
	verdict->kind =
		from_start && rise_is_at_start(rise, looks) ? VERDICT_START : VERDICT_PLATEAU;
}

/* Nothing for a while, and since then without a pause: no steps, but a growth that began late. */
static bool
judge_late_growth(struct verdict *verdict, const struct looks *looks, const struct rise *rise)
{
	struct looks rest;
	struct rise late;

	if (rise->first < 2)
		return false;
	rest = looks_cut(looks, rise->at[rise->first - 1]);
	rise_init(&late, &rest);
	if (late.count < 4 || !rise_is_steady(&late, 0.6))
		return false;
	verdict->kind = VERDICT_STEADY;
	set_growth(verdict, &rest, &late, false);
	return true;
}

static void
judge_rise(struct verdict *verdict, const struct looks *looks, bool from_start)
{
	struct rise rise;

	rise_init(&rise, looks);
	if (rise.bytes <= 0) {
		verdict->kind = VERDICT_SAME;
	} else if (rise_stands_still(&rise)) {
		judge_standstill(verdict, looks, &rise, from_start);
	} else if (rise_is_steady(&rise, 0.1)) {
		verdict->kind = VERDICT_STEADY;
		set_growth(verdict, looks, &rise, from_start);
	} else if (!judge_late_growth(verdict, looks, &rise)) {
		verdict->kind = VERDICT_STEPS;
		verdict->steps = (unsigned)rise.growing;
		set_growth(verdict, looks, &rise, from_start);
	}
}

static void
judge_troughs(struct verdict *verdict, const struct looks *looks, const struct falls *falls)
{
	const size_t *troughs = falls->troughs;
	size_t last = falls->trough_count - 1;

	verdict->kind = VERDICT_STEADY;
	verdict->below_churn = true;
	verdict->since_ns = looks->points[troughs[0]].time_ns;
	verdict->grown_bytes =
		(int64_t)(looks_get(looks, troughs[last]) - looks_get(looks, troughs[0]));
	verdict->bytes_per_second = looks_fit_slope(looks, troughs, falls->trough_count);
}

/* Growth after the last fall, which is no part of the ups and downs before it. */
static bool
judge_rest(struct verdict *verdict, const struct looks *looks, const struct falls *falls)
{
	struct looks rest = looks_cut(looks, falls->troughs[falls->trough_count - 1]);
	size_t intervals = rest.last - rest.first, times = falls->count > 1 ? 2 : 1;
	double rise = looks_get(&rest, rest.last) - looks_get(&rest, rest.first);
	struct verdict judged = {.kind = VERDICT_UNKNOWN};
	bool is_long = intervals >= 3 && intervals >= times * falls->longest;
	bool is_slow =
		intervals >= 2 + 2 * times && rise / (double)intervals <= falls->steepest / 4;

	/* After many ups and downs there is always one that looks like a rise. */
	if (falls->count > 2 && 4 * intervals < looks->last - looks->first)
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
fell_slowly(const struct looks *looks, const struct falls *falls, size_t trough)
{
	size_t intervals = trough - falls->top;
	double low = looks_get(looks, trough), fall = looks_get(looks, falls->top) - low;

	return falls->top - looks->first <= 1 + (looks->last - looks->first) / 10 &&
	       intervals >= 4 &&
	       looks_get(looks, falls->top + intervals / 2) - low >= (1 - FALLS_SHARE) / 2 * fall;
}

/* One large fall, and no growth after it. */
static void
judge_fall(struct verdict *verdict, const struct looks *looks, const struct falls *falls,
	   bool from_start)
{
	size_t trough = falls->troughs[falls->trough_count - 1];
	double base = looks_get(looks, looks->first), top = looks_get(looks, falls->top),
	       low = looks_get(looks, trough), end = looks_get(looks, looks->last);

	verdict->since_ns = looks->points[falls->top].time_ns;
	if (falls->top == looks->first ||
	    (from_start && end <= low && fell_slowly(looks, falls, trough))) {
		verdict->kind = VERDICT_FALL;
	} else if (end - low >= 0.5 * falls->range) {
		verdict->kind = VERDICT_SAW;
	} else if (end - base <= 0.5 * (top - base)) {
		verdict->kind = VERDICT_BURST;
	} else {
		verdict->kind = VERDICT_PLATEAU;
		verdict->since_ns = looks->points[trough].time_ns;
		verdict->grown_bytes = (int64_t)(end - base);
	}
}

static void
judge(struct verdict *verdict, const struct looks *looks, bool from_start)
{
	size_t trough;
	struct falls falls;

	memset(verdict, 0, sizeof(*verdict));
	if (looks->last - looks->first + 1 < POINTS_LEAST) {
		verdict->kind = looks_get_range(looks) > 0 ? VERDICT_UNKNOWN : VERDICT_SAME;
		return;
	}
	falls_init(&falls, looks);
	if (falls.count == 0) {
		judge_rise(verdict, looks, from_start);
		return;
	}
	if (falls_have_rising_troughs(&falls, looks)) {
		judge_troughs(verdict, looks, &falls);
		return;
	}
	if (judge_rest(verdict, looks, &falls))
		return;
	trough = falls.troughs[falls.trough_count - 1];
	if (falls.count > 1 && looks->last - trough < 2 * falls.longest)
		verdict->kind = VERDICT_SAW;
	else
		judge_fall(verdict, looks, &falls, from_start);
}

/* What is given back at the very end says nothing of what was before. */
static bool
is_freed_at_end(const struct looks *looks)
{
	struct looks before = {looks->points, looks->first, looks->last - 1};
	double fall;

	if (looks->last - looks->first < POINTS_LEAST)
		return false;
	fall = looks_get(looks, looks->last - 1) - looks_get(looks, looks->last);
	return fall > 0 && fall >= FALLS_SHARE * looks_get_range(&before);
}

void
verdict_init(struct verdict *verdict, const struct look_point *points, size_t count,
	     bool from_start, bool has_ended)
{
	struct looks looks = {points, 0, count - 1};

	if (count == 0) {
		memset(verdict, 0, sizeof(*verdict));
		return;
	}
	if (has_ended && is_freed_at_end(&looks)) {
		struct looks before = {points, 0, count - 2};

		judge(verdict, &before, from_start);
		if (verdict->kind == VERDICT_STEADY || verdict->kind == VERDICT_PLATEAU ||
		    verdict->kind == VERDICT_START ||
		    (verdict->kind == VERDICT_STEPS && verdict->steps > 1))
			return;
	}
	judge(verdict, &looks, from_start);
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
