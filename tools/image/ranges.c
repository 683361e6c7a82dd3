/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/ranges.h"

#include <stdlib.h>

void
ranges_insert(struct ranges *ranges, uint64_t start, uint64_t end)
{
	struct memory_range *last =
		ranges->list.count != 0 ? &ranges->list.items[ranges->list.count - 1] : NULL;

	if (start >= end)
		return;
	/* Most often it goes on where the last one ended, or is in it. */
	if (last != NULL && start >= last->start && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return;
	}
	*array_push(&ranges->list) = (struct memory_range){start, end};
}

void
ranges_release(struct ranges *ranges)
{
	array_release(&ranges->list);
}

static int
compare_ranges(const void *left, const void *right)
{
	const struct memory_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void
ranges_sort(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->list.count > 1)
		qsort(ranges->list.items, ranges->list.count, sizeof(struct memory_range),
		      compare_ranges);
	for (size_t i = 0; i < ranges->list.count; i++) {
		struct memory_range range = ranges->list.items[i];

		if (kept != 0 && range.start <= ranges->list.items[kept - 1].end) {
			if (range.end > ranges->list.items[kept - 1].end)
				ranges->list.items[kept - 1].end = range.end;
		} else {
			ranges->list.items[kept++] = range;
		}
	}
	ranges->list.count = kept;
}

size_t
ranges_find(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->list.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->list.items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
ranges_contain(const struct ranges *ranges, uint64_t address)
{
	size_t i = ranges_find(ranges, address);

	return i < ranges->list.count && ranges->list.items[i].start <= address;
}
