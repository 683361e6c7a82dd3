/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hash.h - spread the bits of small integer keys
 */
#ifndef HASH_H
#define HASH_H

#include "base/base.h"

/* 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 6.4): the high bits of
 * the product are well mixed. */
#define HASH_MULTIPLIER 0x9E3779B97F4A7C15u

static inline uint32_t
hash_u64(uint64_t key)
{
	return (uint32_t)(key * HASH_MULTIPLIER >> 32);
}

static inline uint32_t
hash_pair(uint32_t a, uint32_t b)
{
	return hash_u64((uint64_t)a << 32 | b);
}

/* With linear probing in a table of mask + 1 entries: whether the entry at `i`, whose first place
 * is `home`, is still found when it moves to the gap that was made before it. */
static inline bool
hash_may_move(uint32_t home, uint32_t gap, uint32_t i, uint32_t mask)
{
	return ((i - home) & mask) >= ((i - gap) & mask);
}

#endif
