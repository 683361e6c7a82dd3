/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_table.c - live blocks by address
 *
 * Budget: the directory's line, the slot's line; no lock.
 */
#include "block_table.h"

#include "arena.h"
#include "hash.h"
#include "lock.h"
#include "os.h"
#include "recording_map.h"

#define SIZE_BITS    36
#define SIZE_BEYOND  (((uint64_t)1 << SIZE_BITS) - 1)
#define PLACE_BITS   2
#define ADDRESS_BITS 47
#define POPULATE_LIMIT \
	((uint64_t)64 << 10) /* a block above this stands alone: its leaf is sparse */

struct side_entry {
	uintptr_t address; /* 0 free, 1 removed */
	struct block block;
};

static struct {
	uint64_t **directory;
	unsigned slot_shift;
	unsigned leaf_shift; /* log2 of the address bytes that one leaf covers */
	struct lock leaf_lock;

	struct lock side_lock;
	struct side_entry *side;
	uint32_t side_capacity, side_used; /* used includes removed */
	uint32_t side_live;
} table;

/*
 * Small leaves fit the heap tightly, and being made present at once they cost no faults; their
 * directory is 4 GiB of address space, though never touched memory. Where that is not to be had, a
 * smaller directory of larger leaves does.
 */
bool
block_table_init(unsigned slot_shift)
{
	static const uint8_t leaf_shifts[] = {18, 22, 26};

	lock_reset(&table.leaf_lock);
	lock_reset(&table.side_lock);
	table.side = NULL;
	table.side_capacity = table.side_used = table.side_live = 0;
	table.slot_shift = slot_shift;
	for (size_t i = 0; i < sizeof leaf_shifts; i++) {
		size_t bytes = sizeof(uint64_t *) << (ADDRESS_BITS - leaf_shifts[i]);

		table.leaf_shift = leaf_shifts[i];
		table.directory = os_map(bytes, true);
		if (table.directory != NULL) {
			arena_add_bytes(4 * PAGE_BYTES);
			return true;
		}
	}
	return false;
}

static COLD uint64_t *
new_leaf(uintptr_t address, uint64_t block_bytes)
{
	size_t bytes = (size_t)8 << (table.leaf_shift - table.slot_shift);
	uint64_t **entry = &table.directory[address >> table.leaf_shift], *leaf;

	if (address >> ADDRESS_BITS != 0 || !lock_take(&table.leaf_lock))
		return NULL;
	leaf = *entry;
	if (leaf == NULL) {
		bool populate = block_bytes < POPULATE_LIMIT && table.leaf_shift == 18;

		leaf = arena_allocate(bytes, populate);
		if (!populate)
			arena_add_bytes(PAGE_BYTES);
		/* Release: the leaf reads as zero for whoever finds it. */
		store_release(entry, leaf);
		recording_publish_memory();
	}
	lock_drop(&table.leaf_lock);
	return leaf;
}

static inline uint64_t *
slot_of(uintptr_t address)
{
	uint64_t *leaf;

	if (unlikely(address >> ADDRESS_BITS != 0))
		return NULL;
	leaf = load_acquire(&table.directory[address >> table.leaf_shift]);
	if (unlikely(leaf == NULL))
		return NULL;
	return &leaf[(address & (((uintptr_t)1 << table.leaf_shift) - 1)) >> table.slot_shift];
}

static inline uint64_t
pack(uintptr_t address, struct block block)
{
	uint64_t place = address >> 3 & 3;

	return (uint64_t)block.site << (SIZE_BITS + PLACE_BITS) | place << SIZE_BITS | block.bytes;
}

static inline bool
is_at(uint64_t slot, uintptr_t address)
{
	return slot != 0 && (slot >> SIZE_BITS & 3) == (address >> 3 & 3);
}

static inline struct block
unpack(uint64_t slot)
{
	return (struct block){slot & SIZE_BEYOND, (uint32_t)(slot >> (SIZE_BITS + PLACE_BITS))};
}

static struct side_entry *
side_entry_of(uintptr_t address, bool for_insert)
{
	uint32_t mask = table.side_capacity - 1, i = hash_u64(address) & mask;

	for (;; i = (i + 1) & mask) {
		struct side_entry *e = &table.side[i];

		if (e->address == address)
			return e;
		if (e->address == 0 || (for_insert && e->address == 1))
			return for_insert ? e : NULL;
	}
}

static bool
grow_side(void)
{
	struct side_entry *old = table.side;
	uint32_t old_capacity = table.side_capacity;
	uint32_t capacity = old_capacity == 0                     ? 1024
			    : table.side_live * 2 >= old_capacity ? old_capacity * 2
								  : old_capacity;
	struct side_entry *new = arena_allocate(capacity * sizeof *new, true);

	if (new == NULL)
		return false;
	table.side = new;
	table.side_capacity = capacity;
	table.side_used = table.side_live;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i].address > 1)
			*side_entry_of(old[i].address, true) = old[i];
	}
	return true;
}

static COLD bool
side_insert(uintptr_t address, struct block block)
{
	struct side_entry *e;

	if (!lock_take(&table.side_lock))
		return false;
	if (table.side_used * 4 >= table.side_capacity * 3 && !grow_side()) {
		lock_drop(&table.side_lock);
		return false;
	}
	e = side_entry_of(address, true);
	if (e->address == 0)
		table.side_used++;
	if (e->address != address)
		store(&table.side_live, table.side_live + 1);
	*e = (struct side_entry){address, block};
	lock_drop(&table.side_lock);
	return true;
}

static COLD struct block
side_take(uintptr_t address, bool keep)
{
	struct block block = {0, SITE_NONE};
	struct side_entry *e;

	if (load(&table.side_live) == 0 || !lock_take(&table.side_lock))
		return block;
	e = side_entry_of(address, false);
	if (e != NULL) {
		block = e->block;
		if (!keep) {
			e->address = 1;
			store(&table.side_live, table.side_live - 1);
		}
	}
	lock_drop(&table.side_lock);
	return block;
}

/* The slot belongs to a neighbour, or the size does not fit. */
static COLD struct block
insert_beside(uint64_t *slot, uintptr_t address, struct block block, bool *ret_stored)
{
	struct block old = block_table_remove((const void *)address);

	if (*slot == 0 && block.bytes >= SIZE_BEYOND) {
		*ret_stored = side_insert(address, block);
		if (*ret_stored)
			store(slot, pack(address, (struct block){SIZE_BEYOND, block.site}));
	} else if (*slot == 0) {
		store(slot, pack(address, block));
		*ret_stored = true;
	} else {
		*ret_stored = side_insert(address, block);
	}
	return old;
}

HOT struct block
block_table_insert(const void *address, struct block block, bool *ret_stored)
{
	uintptr_t a = (uintptr_t)address;
	uint64_t *slot = slot_of(a);

	if (unlikely(slot == NULL)) {
		if (new_leaf(a, block.bytes) == NULL) {
			*ret_stored = false;
			recording_note(TROUBLE_NO_BLOCK_TABLE);
			return (struct block){0, SITE_NONE};
		}
		slot = slot_of(a);
	}
	if (unlikely(*slot != 0 || block.bytes >= SIZE_BEYOND))
		return insert_beside(slot, a, block, ret_stored);
	store(slot, pack(a, block));
	*ret_stored = true;
	return (struct block){0, SITE_NONE};
}

HOT struct block
block_table_remove(const void *address)
{
	uintptr_t a = (uintptr_t)address;
	uint64_t *slot = slot_of(a), value;

	if (unlikely(slot == NULL))
		return (struct block){0, SITE_NONE};
	value = load(slot);
	if (unlikely(!is_at(value, a)))
		return side_take(a, false);
	store(slot, 0);
	if (unlikely((value & SIZE_BEYOND) == SIZE_BEYOND))
		return side_take(a, false);
	return unpack(value);
}

struct block
block_table_find(const void *address)
{
	uintptr_t a = (uintptr_t)address;
	uint64_t *slot = slot_of(a);

	if (slot == NULL)
		return (struct block){0, SITE_NONE};
	if (!is_at(*slot, a) || (*slot & SIZE_BEYOND) == SIZE_BEYOND)
		return side_take(a, true);
	return unpack(*slot);
}
