/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sort.h"

#include <string.h>

static uint64_t
key_at(const char *records, size_t i, size_t record_bytes)
{
	uint64_t key;

	memcpy(&key, records + i * record_bytes, sizeof key);
	return key;
}

static void
exchange(char *records, size_t i, size_t j, size_t record_bytes)
{
	uint64_t kept[SORT_RECORD_MAX / 8];

	memcpy(kept, records + i * record_bytes, record_bytes);
	memcpy(records + i * record_bytes, records + j * record_bytes, record_bytes);
	memcpy(records + j * record_bytes, kept, record_bytes);
}

static void
sink(char *records, size_t i, size_t count, size_t record_bytes)
{
	for (;;) {
		size_t largest = i, left = 2 * i + 1;

		for (size_t child = left; child < left + 2 && child < count; child++)
			if (key_at(records, child, record_bytes) >
			    key_at(records, largest, record_bytes))
				largest = child;
		if (largest == i)
			return;
		exchange(records, i, largest, record_bytes);
		i = largest;
	}
}

static bool
is_sorted(const char *records, size_t count, size_t record_bytes)
{
	for (size_t i = 1; i < count; i++)
		if (key_at(records, i - 1, record_bytes) > key_at(records, i, record_bytes))
			return false;
	return true;
}

void
sort_by_address(void *records, size_t count, size_t record_bytes)
{
	if (is_sorted(records, count, record_bytes))
		return;
	for (size_t i = count / 2; i-- > 0;)
		sink(records, i, count, record_bytes);
	for (size_t end = count; end-- > 1;) {
		exchange(records, 0, end, record_bytes);
		sink(records, 0, end, record_bytes);
	}
}
