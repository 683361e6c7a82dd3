/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/own_memory.h"

static struct own_memory ranges[OWN_MEMORY_MAX];
static uint32_t used, is_full;

/* A place that was given back, or the next one. */
static struct own_memory *
take_place(uintptr_t start)
{
	uint32_t count = load(&used), next;

	for (uint32_t i = 0; i < count; i++) {
		uintptr_t none = 0;

		if (load(&ranges[i].start) == 0 &&
		    __atomic_compare_exchange_n(&ranges[i].start, &none, start, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return &ranges[i];
	}
	do {
		next = load(&used);
		if (next == OWN_MEMORY_MAX)
			return NULL;
	} while (!__atomic_compare_exchange_n(&used, &next, next + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	store(&ranges[next].start, start);
	return &ranges[next];
}

void
own_memory_insert(const void *address, size_t bytes, enum own_memory_kind kind)
{
	struct own_memory *range = take_place((uintptr_t)address);

	if (range == NULL) {
		store(&is_full, 1);
		return;
	}
	store(&range->kind, (uint32_t)kind);
	store(&range->end, (uintptr_t)address + round_up(bytes, PAGE_BYTES));
}

static struct own_memory *
find(const void *address)
{
	uint32_t count = load(&used);

	for (uint32_t i = 0; i < count; i++)
		if (load(&ranges[i].start) == (uintptr_t)address)
			return &ranges[i];
	return NULL;
}

/* The last part of a range may go alone. */
void
own_memory_remove(const void *address, size_t bytes)
{
	uintptr_t start = (uintptr_t)address, end = start + round_up(bytes, PAGE_BYTES);
	uint32_t count = load(&used);

	for (uint32_t i = 0; i < count; i++) {
		uintptr_t first = load(&ranges[i].start), last = load(&ranges[i].end);

		if (first == 0 || first >= end || last <= start)
			continue;
		if (first < start) {
			store(&ranges[i].end, start);
			continue;
		}
		/* Who takes the place sets its start first: until then it is of nothing. */
		store(&ranges[i].end, 0);
		store(&ranges[i].start, 0);
	}
}

void
own_memory_set_kind(const void *address, enum own_memory_kind kind)
{
	struct own_memory *range = find(address);

	if (range != NULL)
		store(&range->kind, (uint32_t)kind);
}

void
own_memory_resize(const void *address, size_t bytes)
{
	struct own_memory *range = find(address);

	if (range != NULL)
		store(&range->end, (uintptr_t)address + round_up(bytes, PAGE_BYTES));
}

void
own_memory_forget_files(void)
{
	for (uint32_t i = 0; i < used; i++)
		if (ranges[i].kind == OWN_MEMORY_FILE)
			ranges[i].start = ranges[i].end = 0;
}

bool
own_memory_get(const struct own_memory **ret_ranges, size_t *ret_count)
{
	*ret_ranges = ranges;
	*ret_count = load(&used);
	return load(&is_full) == 0;
}
