/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.h - how a number of bytes that was looked at again and again grows
 *
 * The order of the looks decides, not their times: a verdict is the same on a slow machine. Times
 * only say since when, and how fast, and what is still the start.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/looks.h"

enum verdict_kind {
	VERDICT_UNKNOWN, /* too few looks */
	VERDICT_SAME,    /* it did not change */
	VERDICT_STEADY,  /* it grows, and the last looks saw it grow; also below a churn */
	VERDICT_STEPS,   /* it grows now and then */
	VERDICT_PLATEAU, /* it grew, and does no longer */
	VERDICT_START,   /* all of it came at once at the start */
	VERDICT_BURST,   /* it rose and fell back */
	VERDICT_SAW,     /* it rises and falls again and again, and keeps nothing */
	VERDICT_FALL,    /* it only fell */
	VERDICT_KINDS
};

struct verdict {
	enum verdict_kind kind;
	unsigned steps;    /* VERDICT_STEPS: how many were seen */
	bool below_churn;  /* VERDICT_STEADY: what it falls back to grows */
	uint64_t since_ns; /* growth: where it begins; plateau, start: reached; burst: its top */
	double bytes_per_second; /* of VERDICT_STEADY and VERDICT_STEPS, else 0 */
	int64_t grown_bytes;     /* in what is judged */
};

/*
 * Judge looks in the order of time. from_start: the first one is from before anything was
 * allocated. has_ended: the last one is from the end of the process, where all may have been given
 * back.
 */
void verdict_init(struct verdict *verdict, const struct look_point *points, size_t count,
		  bool from_start, bool has_ended);

/* Whether it goes on growing as far as can be seen. */
bool verdict_is_growth(const struct verdict *verdict);

/* "steady growth", "steps", "plateau", "start-up", "burst", "saw-tooth", ... */
const char *verdict_name(enum verdict_kind kind);

#endif
