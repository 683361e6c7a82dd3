/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * range_index.c - which of many address ranges holds an address
 *
 * A sorted array. A look-up starts at the last range that begins at or before the address and goes
 * back until one contains it; `reach` tells when none further back can.
 */
#include "config.h"

#include "util/range_index.h"

#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

static int
compare_entries(const void *a, const void *b)
{
	const struct range_index_entry *left = a, *right = b;

	if (left->low != right->low)
		return left->low < right->low ? -1 : 1;
	if (left->high != right->high)
		return left->high > right->high ? -1 : 1;
	return (left->item > right->item) - (left->item < right->item);
}

void
range_index_release(struct range_index *index)
{
	free(index->entries);
	memset(index, 0, sizeof(*index));
}

void
range_index_insert(struct range_index *index, uint64_t low, uint64_t high, uint32_t item)
{
	if (low >= high)
		return;
	if (index->count == index->capacity) {
		index->capacity = index->capacity ? 2 * index->capacity : 64;
		index->entries =
			xreallocarray(index->entries, index->capacity, sizeof(*index->entries));
	}
	index->entries[index->count++] = (struct range_index_entry){low, high, high, item};
}

void
range_index_sort(struct range_index *index)
{
	uint64_t reach = 0;

	if (index->count > 0)
		qsort(index->entries, index->count, sizeof(*index->entries), compare_entries);
	for (size_t i = 0; i < index->count; i++) {
		if (index->entries[i].high > reach)
			reach = index->entries[i].high;
		index->entries[i].reach = reach;
	}
}

bool
range_index_find(const struct range_index *index, uint64_t address, uint32_t *ret_item)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->entries[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0 && index->entries[low - 1].reach > address; low--) {
		if (index->entries[low - 1].high > address) {
			*ret_item = index->entries[low - 1].item;
			return true;
		}
	}
	return false;
}
