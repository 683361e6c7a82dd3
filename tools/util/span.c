/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/span.h"

#include <stdlib.h>

struct span {
	uint64_t start, end;
};

static int
compare_starts(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void
span_sort(void *items, size_t count, size_t item_bytes)
{
	if (count > 1)
		qsort(items, count, item_bytes, compare_starts);
}

size_t
span_find(const void *items, size_t count, size_t item_bytes, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct span *span = (const struct span *)(const void *)((const char *)items +
									      middle * item_bytes);

		if (span->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
