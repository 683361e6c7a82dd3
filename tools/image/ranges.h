/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranges.h - parts of the address space, to be passed over
 */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/memory.h"
#include "util/array.h"

struct ranges {
	ARRAY(struct memory_range) list;
};

void ranges_insert(struct ranges *ranges, uint64_t start, uint64_t end);
void ranges_release(struct ranges *ranges);

/* In order, and none touches another. To be called before the others. */
void ranges_sort(struct ranges *ranges);

/* The first that ends above an address: its number, or the count. */
size_t ranges_find(const struct ranges *ranges, uint64_t address);

bool ranges_contain(const struct ranges *ranges, uint64_t address);

#endif
