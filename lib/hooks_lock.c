/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_lock.c - a program that locks all of its memory locks its own, not ours
 *
 * The kernel counts every mapped byte against RLIMIT_MEMLOCK, the address space of our tables, too:
 * a program that may lock just what it has would be refused. Then its mappings are locked one by
 * one. Where all of it could be locked ours is let go again, and what we map later grows from pages
 * that were mapped before.
 */
#include "hooks.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/os.h"
#include "base/os_memory.h"
#include "base/own_memory.h"
#include "base/proc_text.h"
#include "memory/real.h"
#include "process.h"
#include "reach/memory_map.h"

/* Ours. */
struct ranges {
	const struct own_memory *items;
	size_t count;
};

/* One of them; false where there is none, or where it has blocks of the program. */
static bool
get_range(const struct ranges *own, size_t number, uintptr_t *ret_start, uintptr_t *ret_end)
{
	const struct own_memory *range = &own->items[number];

	*ret_start = load(&range->start);
	*ret_end = load(&range->end);
	return *ret_start != 0 && *ret_end > *ret_start && load(&range->kind) != OWN_MEMORY_LENT;
}

static uint64_t
count_bytes(const struct ranges *own)
{
	uint64_t bytes = 0;
	uintptr_t start, end;

	for (size_t i = 0; i < own->count; i++)
		if (get_range(own, i, &start, &end))
			bytes += end - start;
	return bytes;
}

/* Whether what the program has mapped would be within its limit: the question that the kernel has
 * answered for all that is mapped. */
static bool
is_within_limit(const struct ranges *own)
{
	uint64_t pages = 0, own_bytes = count_bytes(own);
	char text[64];

	proc_text_read("/proc/self/statm", text, sizeof text);
	return proc_text_take_decimal(text, &pages) && pages * PAGE_BYTES >= own_bytes &&
	       pages * PAGE_BYTES - own_bytes <= os_limit(RLIMIT_MEMLOCK);
}

/* The first of ours in a span; its end is the span's if there is none. */
static struct own_memory
find_first(const struct ranges *own, uintptr_t start, uintptr_t end)
{
	struct own_memory first = {end, end, 0};

	for (size_t i = 0; i < own->count; i++) {
		struct own_memory range = {0};

		if (get_range(own, i, &range.start, &range.end) && range.end > start &&
		    range.start < first.start)
			first = range;
	}
	return first;
}

/* All of a span but ours. As the kernel does, pay no heed to what cannot be made present. */
static void
lock_span(const struct ranges *own, uintptr_t start, uintptr_t end, bool on_fault)
{
	while (start < end) {
		struct own_memory next = find_first(own, start, end);

		if (next.start > start)
			os_lock((void *)start, next.start - start, on_fault);
		start = next.end > start ? next.end : end;
	}
}

/* False, and errno is the kernel's, when the limit is too small for the program itself. */
static bool
lock_but_ours(const struct ranges *own, int flags)
{
	struct memory_map map;

	if (!is_within_limit(own) || memory_map_init_of(&map, "/proc/self/maps", 0) != 0)
		return false;
	/* Without the other flag it ends the locking of what is to come. */
	if ((flags & MCL_FUTURE) == 0)
		os_unlock_all();
	else
		real.mlockall(flags & ~MCL_CURRENT);
	for (size_t i = 0; i < map.count; i++)
		lock_span(own, map.mappings[i].start, map.mappings[i].end,
			  (flags & MCL_ONFAULT) != 0);
	memory_map_release(&map);
	return true;
}

static void
unlock_ours(const struct ranges *own)
{
	uintptr_t start, end;

	for (size_t i = 0; i < own->count; i++)
		if (get_range(own, i, &start, &end))
			os_unlock((void *)start, end - start);
}

HEAPTALLY_EXPORT int
mlockall(int flags)
{
	int before = errno, result;
	struct ranges own;

	if (!real_ready() && !real_find()) {
		errno = ENOSYS;
		return -1;
	}
	if ((flags & MCL_FUTURE) != 0 && process_is_ready())
		os_make_seeds();
	result = real.mlockall(flags);
	/* A filter may kill for a call that the program does not make. */
	if ((flags & MCL_CURRENT) == 0 || (result != 0 && errno != ENOMEM) ||
	    !own_memory_get(&own.items, &own.count) || own.count == 0 || proc_text_is_filtered())
		return result;
	if (result == 0) {
		unlock_ours(&own);
		errno = before;
		return 0;
	}
	if (!lock_but_ours(&own, flags)) {
		errno = ENOMEM;
		return -1;
	}
	errno = before;
	return 0;
}
