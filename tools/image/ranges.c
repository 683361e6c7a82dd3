/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/ranges.h"

#include "util/span.h"

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

void
ranges_sort(struct ranges *ranges)
{
	size_t kept = 0;

	span_sort(ranges->list.items, ranges->list.count, sizeof(struct memory_range));
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
	return span_find(ranges->list.items, ranges->list.count, sizeof(struct memory_range),
			 address);
}

bool
ranges_contain(const struct ranges *ranges, uint64_t address)
{
	size_t i = ranges_find(ranges, address);

	return i < ranges->list.count && ranges->list.items[i].start <= address;
}
