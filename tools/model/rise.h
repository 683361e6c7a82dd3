/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rise.h - the shape of a rise without large falls
 */
#ifndef RISE_H
#define RISE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/looks.h"

#define RISE_INTERVALS 24 /* at most */

struct rise {
	size_t at[RISE_INTERVALS + 1]; /* points */
	double level[RISE_INTERVALS + 1];
	size_t count;        /* intervals */
	double bytes;        /* in all */
	size_t growing;      /* intervals in which it grows */
	size_t first, last;  /* of them, from 1 */
	size_t widest_gap;   /* from one of them to the next */
	size_t reached;      /* after this interval nearly all of the rise is there */
	size_t before_reach; /* growing ones up to there */
};

void rise_init(struct rise *rise, const struct looks *looks);

/* Whether it grows in most intervals and in the last ones, and the second half of them adds at
 * least this share of what the first half does. */
bool rise_is_steady(const struct rise *rise, double pace);

/* Whether it came to its end. */
bool rise_stands_still(const struct rise *rise);

/* Whether nearly all of it was there by the first look, or within a tenth of the looks that is a
 * tenth of the time, too. */
bool rise_is_at_start(const struct rise *rise, const struct looks *looks);

#endif
