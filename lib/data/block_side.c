/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/block_side.h"

#include "base/hash.h"
#include "base/lock.h"
#include "base/os_memory.h"
#include "base/sort.h"
#include "memory/arena.h"

#define SIDE_FIRST 1024u

_Static_assert(sizeof(struct block_found) == sizeof(struct recording_side_entry) &&
		       offsetof(struct block_found, block.site) ==
			       offsetof(struct recording_side_entry, site) &&
		       offsetof(struct block_found, bytes) ==
			       offsetof(struct recording_side_entry, bytes),
	       "others read it");

static struct lock lock;

/* Read as a struct recording_side. */
static struct {
	struct block_found *entries; /* a start of 0 is free */
	uint32_t capacity, live;
} side;

_Static_assert(offsetof(__typeof__(side), live) == offsetof(struct recording_side, live),
	       "others read it");

void
block_side_reset(void)
{
	side.entries = NULL;
	side.capacity = side.live = 0;
}

uintptr_t
block_side_place(void)
{
	return (uintptr_t)&side;
}

static uint32_t
home_of(uintptr_t start)
{
	return hash_u64(start) & (side.capacity - 1);
}

/* The entry of a block, or the free one where it belongs. */
static struct block_found *
find_entry(uintptr_t start)
{
	uint32_t mask = side.capacity - 1, i = home_of(start);

	while (side.entries[i].start != 0 && side.entries[i].start != start)
		i = (i + 1) & mask;
	return &side.entries[i];
}

/* Those behind it that would not be found over the gap move up, so that there are no removed
 * entries: a program may make and free blocks for ever that belong here. */
static void
remove_entry(struct block_found *entry)
{
	uint32_t mask = side.capacity - 1, gap = (uint32_t)(entry - side.entries);

	for (uint32_t i = (gap + 1) & mask; side.entries[i].start != 0; i = (i + 1) & mask) {
		if (!hash_may_move(home_of(side.entries[i].start), gap, i, mask))
			continue;
		side.entries[gap] = side.entries[i];
		gap = i;
	}
	side.entries[gap].start = 0;
	store(&side.live, side.live - 1);
}

static bool
grow(void)
{
	struct block_found *old = side.entries;
	uint32_t old_capacity = side.capacity;
	uint32_t capacity = old_capacity == 0 ? SIDE_FIRST : old_capacity * 2;
	struct block_found *new = arena_allocate_blocks(capacity * sizeof *new, true);

	if (new == NULL)
		return false;
	side.entries = new;
	/* In this order: a handler may leave in between by siglongjmp. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	side.capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i].start != 0)
			*find_entry(old[i].start) = old[i];
	}
	return true;
}

COLD bool
block_side_insert(const struct block_found *block)
{
	struct block_found *e;

	if (!lock_take(&lock))
		return false;
	if (side.live >= side.capacity / 4 * 3 && !grow()) {
		lock_drop(&lock);
		return false;
	}
	e = find_entry(block->start);
	if (e->start == 0)
		store(&side.live, side.live + 1);
	*e = *block;
	lock_drop(&lock);
	return true;
}

COLD bool
block_side_take(uintptr_t start, bool keep, struct block_found *ret_block)
{
	struct block_found *e;
	bool found;

	if (load(&side.live) == 0 || !lock_take(&lock))
		return false;
	e = find_entry(start);
	found = e->start != 0;
	if (found) {
		*ret_block = *e;
		if (!keep)
			remove_entry(e);
	}
	lock_drop(&lock);
	return found;
}

bool
block_side_hold(void)
{
	return lock_take(&lock);
}

void
block_side_let_go(void)
{
	lock_drop(&lock);
}

bool
block_side_copy(struct block_found **ret_blocks, size_t *ret_count, size_t *ret_bytes)
{
	*ret_blocks = NULL;
	*ret_count = 0;
	*ret_bytes = side.capacity * sizeof **ret_blocks;
	if (*ret_bytes == 0)
		return true;
	*ret_blocks = os_map(*ret_bytes, false);
	if (*ret_blocks == NULL)
		return false;
	for (uint32_t i = 0; i < side.capacity; i++)
		if (side.entries[i].start != 0)
			(*ret_blocks)[(*ret_count)++] = side.entries[i];
	sort_by_address(*ret_blocks, *ret_count, sizeof **ret_blocks);
	return true;
}
