/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * range_index.h - which of many address ranges holds an address
 *
 * Ranges may nest and repeat. The innermost one wins: that which starts last, then that which ends
 * first, then that with the highest item number. So items are numbered from the outermost or least
 * wanted to the innermost or most wanted.
 *
 * Fill it with `range_index_insert`, call `range_index_sort` once, then look up.
 */
#ifndef RANGE_INDEX_H
#define RANGE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range_index_entry {
	uint64_t low, high; /* [low, high) */
	uint64_t reach;     /* highest `high` of this and all earlier entries */
	uint32_t item;
};

struct range_index {
	struct range_index_entry *entries;
	size_t count, capacity;
};

void range_index_release(struct range_index *index);

/* An empty range is ignored. */
void range_index_insert(struct range_index *index, uint64_t low, uint64_t high, uint32_t item);

void range_index_sort(struct range_index *index);

bool range_index_find(const struct range_index *index, uint64_t address, uint32_t *ret_item);

#endif
