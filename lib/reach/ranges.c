/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/ranges.h"

#include <string.h>

#include "base/os_memory.h"
#include "base/sort.h"

#define FIRST_CAPACITY 4096u

static bool
grow(struct ranges *ranges)
{
	size_t capacity = ranges->capacity == 0 ? FIRST_CAPACITY : 4 * ranges->capacity;
	struct range *items = os_map(capacity * sizeof *items, false);

	if (items == NULL) {
		ranges->is_full = true;
		return false;
	}
	if (ranges->items != NULL) {
		memcpy(items, ranges->items, ranges->count * sizeof *items);
		os_unmap(ranges->items, ranges->capacity * sizeof *items);
	}
	ranges->items = items;
	ranges->capacity = capacity;
	return true;
}

void
ranges_insert(struct ranges *ranges, uint64_t start, uint64_t end)
{
	struct range *last = ranges->count != 0 ? &ranges->items[ranges->count - 1] : NULL;

	if (start >= end)
		return;
	/* Most often it goes on where the last one ended, or is in it. */
	if (last != NULL && start >= last->start && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return;
	}
	if (ranges->count < ranges->capacity || grow(ranges))
		ranges->items[ranges->count++] = (struct range){start, end};
}

void
ranges_release(struct ranges *ranges)
{
	if (ranges->items != NULL)
		os_unmap(ranges->items, ranges->capacity * sizeof *ranges->items);
	*ranges = (struct ranges){0};
}

void
ranges_sort(struct ranges *ranges)
{
	size_t kept = 0;

	sort_by_address(ranges->items, ranges->count, sizeof *ranges->items);
	for (size_t i = 0; i < ranges->count; i++) {
		struct range range = ranges->items[i];

		if (kept != 0 && range.start <= ranges->items[kept - 1].end) {
			if (range.end > ranges->items[kept - 1].end)
				ranges->items[kept - 1].end = range.end;
		} else {
			ranges->items[kept++] = range;
		}
	}
	ranges->count = kept;
}

size_t
ranges_find(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].end <= address)
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

	return i < ranges->count && ranges->items[i].start <= address;
}
