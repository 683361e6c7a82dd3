/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_table.c - two levels lead to a leaf of slots; both are made where blocks come to be
 */
#include "data/domain_table.h"

#include "base/lock.h"
#include "base/os_memory.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

#define TOP_SHIFT       36
#define LEAF_SHIFT      18 /* an arena of CPython's, or a quarter of one */
#define SLOT_SHIFT      4
#define TOP_COUNT       ((size_t)1 << (ADDRESS_BITS - TOP_SHIFT))
#define DIRECTORY_COUNT ((size_t)1 << (TOP_SHIFT - LEAF_SHIFT))
#define DIRECTORY_BYTES (DIRECTORY_COUNT * sizeof(uint64_t *))
#define LEAF_SLOTS      ((size_t)1 << (LEAF_SHIFT - SLOT_SHIFT))
#define SITE_BITS       26

static uint64_t **top[TOP_COUNT];
static struct lock lock; /* of whoever adds a directory or a leaf */

bool
domain_table_init(void)
{
	/* A forked child has its parent's directories, to which an interrupted call may have added.
	 */
	for (size_t i = 0; i < TOP_COUNT; i++) {
		if (top[i] != NULL && !arena_wipe(top[i], DIRECTORY_BYTES))
			return false;
	}
	return true;
}

void
domain_table_describe(struct recording_table *ret_shape)
{
	*ret_shape = (struct recording_table){
		.top = (uintptr_t)top,
		.address_bits = ADDRESS_BITS,
		.top_shift = TOP_SHIFT,
		.leaf_shift = LEAF_SHIFT,
		.slot_shift = SLOT_SHIFT,
		.slot_bytes = sizeof(uint64_t),
		.site_bits = SITE_BITS,
		.size_shift = SITE_BITS,
		.size_bits = 64 - SITE_BITS,
	};
}

static inline size_t
directory_index(uintptr_t address)
{
	return address >> LEAF_SHIFT & (DIRECTORY_COUNT - 1);
}

static inline size_t
leaf_index(uintptr_t address)
{
	return address >> SLOT_SHIFT & (LEAF_SLOTS - 1);
}

static inline uint64_t *
leaf_of(uintptr_t address)
{
	uint64_t **directory;

	if (unlikely(address >> ADDRESS_BITS != 0))
		return NULL;
	directory = load_acquire(&top[address >> TOP_SHIFT]);
	return likely(directory != NULL) ? load_acquire(&directory[directory_index(address)])
					 : NULL;
}

/* The slot of an address; NULL where there is none. */
static inline uint64_t *
slot_of(uintptr_t address)
{
	uint64_t *leaf = leaf_of(address);

	return likely(leaf != NULL && address % (1u << SLOT_SHIFT) == 0)
		       ? &leaf[leaf_index(address)]
		       : NULL;
}

static COLD void
make_leaf(uintptr_t address)
{
	uint64_t ***directory, **entry;

	if (address >> ADDRESS_BITS != 0 || !lock_take(&lock))
		return;
	directory = &top[address >> TOP_SHIFT];
	if (*directory == NULL) {
		/* Release: it reads as zero for whoever finds it. */
		store_release(directory, os_map(DIRECTORY_BYTES, true));
		arena_add_bytes(PAGE_BYTES);
	}
	entry = *directory != NULL ? &(*directory)[directory_index(address)] : NULL;
	if (entry != NULL && *entry == NULL) {
		store_release(entry, arena_allocate(LEAF_SLOTS * sizeof(uint64_t), true));
		recording_publish_memory();
	}
	lock_drop(&lock);
}

static inline struct domain_block
unpack(uint64_t value)
{
	return (struct domain_block){(uint32_t)value & ((1u << SITE_BITS) - 1), value >> SITE_BITS};
}

bool
domain_table_insert(const void *address, struct domain_block block, struct domain_block *ret_old)
{
	uint64_t *slot = slot_of((uintptr_t)address);

	if (unlikely(slot == NULL)) {
		make_leaf((uintptr_t)address);
		slot = slot_of((uintptr_t)address);
	}
	if (unlikely(slot == NULL || block.bytes > DOMAIN_BLOCK_BYTES_MAX)) {
		recording_note(TROUBLE_NO_BLOCK_TABLE);
		return false;
	}
	*ret_old = unpack(load(slot));
	store(slot, block.bytes << SITE_BITS | block.site);
	return true;
}

HOT struct domain_block
domain_table_remove(const void *address)
{
	uint64_t *slot = slot_of((uintptr_t)address), value;

	if (slot == NULL)
		return (struct domain_block){0, 0};
	value = load(slot);
	store(slot, 0);
	return unpack(value);
}

static uintptr_t
next_multiple(uintptr_t address, unsigned shift)
{
	return ((address >> shift) + 1) << shift;
}

bool
domain_table_has_block(uintptr_t start, uintptr_t end)
{
	uintptr_t at = start, next;

	if (end > (uintptr_t)1 << ADDRESS_BITS)
		end = (uintptr_t)1 << ADDRESS_BITS;
	for (; at < end; at = next) {
		const uint64_t *leaf = leaf_of(at);

		if (leaf == NULL) {
			next = next_multiple(at, load(&top[at >> TOP_SHIFT]) == NULL ? TOP_SHIFT
										     : LEAF_SHIFT);
			continue;
		}
		next = next_multiple(at, LEAF_SHIFT);
		for (; at < next && at < end; at += (uintptr_t)1 << SLOT_SHIFT)
			if (load(&leaf[leaf_index(at)]) != 0)
				return true;
	}
	return false;
}
