/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wrap.h - sums of signed numbers that may be anything
 *
 * Counters of a hostile file may be anything. C leaves the overflow of signed integers undefined,
 * so sums and differences of what was read are made here, and wrap around.
 */
#ifndef WRAP_H
#define WRAP_H

#include <stdint.h>

static inline int64_t
wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t
wrap_subtract(int64_t from, int64_t what)
{
	return (int64_t)((uint64_t)from - (uint64_t)what);
}

#endif
