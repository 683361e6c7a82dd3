/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boot_alloc.c - memory for the callers that come before the real allocator is known
 *
 *     | ... | size | block ......... | size | block ... |
 *
 * The word before a block is its size.
 */
#include "memory/boot_alloc.h"

#include "base/os_memory.h"
#include "base/own_memory.h"

#define AREA_BYTES    ((size_t)128 << 10)
#define MIN_ALIGNMENT ((size_t)16)

/* Not a static array: that would count against a limit in every process, used or not. */
static char *area;
static size_t area_used;

static bool
make_area(void)
{
	char *made, *none = NULL;

	if (likely(load_acquire(&area) != NULL))
		return true;
	made = os_map(AREA_BYTES, false);
	if (made != NULL) {
		own_memory_set_kind(made, OWN_MEMORY_LENT);
		/* It is the program's. */
		os_let_dump(made, AREA_BYTES);
	}
	if (made != NULL && !__atomic_compare_exchange_n(&area, &none, made, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		os_unmap(made, AREA_BYTES);
	return load_acquire(&area) != NULL;
}

void *
boot_allocate(size_t alignment, size_t bytes)
{
	size_t old = load(&area_used), start, end;

	if (alignment < MIN_ALIGNMENT)
		alignment = MIN_ALIGNMENT;
	if (bytes > AREA_BYTES || alignment > AREA_BYTES || !make_area())
		return NULL;
	bytes = round_up(bytes, MIN_ALIGNMENT);
	do {
		start = round_up((uintptr_t)area + old + MIN_ALIGNMENT, alignment) -
			(uintptr_t)area;
		end = start + bytes;
		if (end > AREA_BYTES)
			return NULL;
	} while (!__atomic_compare_exchange_n(&area_used, &old, end, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	((size_t *)(void *)(area + start))[-1] = bytes;
	return area + start;
}

bool
boot_owns(const void *block)
{
	const char *start = load_acquire(&area);

	return start != NULL && (uintptr_t)block - (uintptr_t)start < AREA_BYTES;
}

size_t
boot_usable_size(const void *block)
{
	return ((const size_t *)block)[-1];
}
