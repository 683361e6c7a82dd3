/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranges.h - parts of the address space, to be passed over
 */
#ifndef RANGES_H
#define RANGES_H

#include "base/base.h"

struct range {
	uint64_t start, end;
};

/* Zeroed, it is empty. */
struct ranges {
	struct range *items;
	size_t count, capacity;
	bool is_full; /* there was no memory for all of them */
};

/* [signal] */
void ranges_insert(struct ranges *ranges, uint64_t start, uint64_t end);
void ranges_release(struct ranges *ranges);

/* In order, and none touches another. To be called before the others. [signal] */
void ranges_sort(struct ranges *ranges);

/* The first of a sorted set that ends above an address: its number, or `count`. [signal] */
size_t ranges_find(const struct ranges *ranges, uint64_t address);

/* Whether the address is in a sorted set. [signal] */
bool ranges_contain(const struct ranges *ranges, uint64_t address);

#endif
