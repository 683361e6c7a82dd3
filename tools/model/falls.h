/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * falls.h - where a number of bytes falls far, and what it falls back to
 *
 *     top   /|  /|
 *          / | / |/
 *         /  |/  trough
 */
#ifndef FALLS_H
#define FALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/looks.h"

#define FALLS_SHARE   0.3 /* of the range that makes a fall large */
#define FALLS_TROUGHS 64  /* that are kept */

struct falls {
	size_t count;
	size_t top;                    /* before the last one */
	size_t troughs[FALLS_TROUGHS]; /* the last ones; the last of all may go on */
	size_t trough_count;
	size_t longest;  /* intervals from one trough to the next */
	double steepest; /* rise in one interval, before the last trough */
	double range;
};

/* The large falls of some looks; without one, only the range is known. */
void falls_init(struct falls *falls, const struct looks *looks);

/* Whether what it falls back to grows: too regularly for chance. */
bool falls_have_rising_troughs(const struct falls *falls, const struct looks *looks);

#endif
