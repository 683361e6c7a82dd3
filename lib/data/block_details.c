/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_details.c - size, birth, death and thread of every block, on request
 *
 * A record belongs to the block at its address, and so to one thread at a time; whoever hands the
 * block on orders the accesses. Two blocks in one slot (allocators with blocks of 8 bytes): the
 * first keeps the record, the other is counted as missing.
 */
#include "data/block_details.h"

#include "memory/arena.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/os_memory.h"
#include "recording/recording_map.h"
#include "recording/recording_space.h"

#define TOP_SHIFT    32
#define TOP_COUNT    ((size_t)1 << (ADDRESS_BITS - TOP_SHIFT))
#define PIECE_BLOCKS (BLOCKS_PER_LEAF / 32) /* one bit of `pieces` */
#define PIECE_BYTES  (PIECE_BLOCKS * sizeof(struct recording_block))

struct leaf {
	uint32_t number; /* in SECTION_LEAVES, plus one */
	uint32_t pieces; /* which have memory behind them */
};

static struct {
	struct leaf **top;
	unsigned slot_shift, leaf_shift;
	struct lock lock; /* of whoever adds a leaf or a piece */
} table;

bool
block_details_init(bool is_glibc)
{
	table.slot_shift = is_glibc ? 5 : 4;
	table.leaf_shift = table.slot_shift + (unsigned)__builtin_ctz(BLOCKS_PER_LEAF);
	/* A forked child has its parent's; it lasts for calls that a handler's fork interrupted. */
	if (table.top == NULL || !arena_wipe(table.top, TOP_COUNT * sizeof *table.top))
		table.top = os_map(TOP_COUNT * sizeof *table.top, false);
	recording.header->block_shift = table.slot_shift;
	return table.top != NULL;
}

static uint64_t
now_units(void)
{
	return (os_monotonic_ns() - recording.header->start_monotonic_ns) >> RECORDING_TIME_SHIFT;
}

/* Never 0, which means "not yet". */
static uint64_t
moment_of(uint32_t thread)
{
	uint64_t mask = ((uint64_t)1 << BLOCK_THREAD_BITS) - 1, moment;

	moment = now_units() << BLOCK_THREAD_BITS | (thread & mask);
	return moment != 0 ? moment : (uint64_t)1 << BLOCK_THREAD_BITS;
}

static struct leaf *
leaf_of(uintptr_t address)
{
	struct leaf *leaves;

	if (address >> ADDRESS_BITS != 0)
		return NULL;
	leaves = load_acquire(&table.top[address >> TOP_SHIFT]);
	if (leaves == NULL)
		return NULL;
	return &leaves[(address & (((uintptr_t)1 << TOP_SHIFT) - 1)) >> table.leaf_shift];
}

static uint32_t
index_of(uintptr_t address)
{
	return (uint32_t)(address >> table.slot_shift) & (BLOCKS_PER_LEAF - 1);
}

/* The record of an address; NULL where none was made. */
static struct recording_block *
record_of(uintptr_t address)
{
	const struct leaf *leaf = leaf_of(address);
	uint32_t i = index_of(address);

	/* Acquire: a piece has memory, and its leaf a number, before its bit is set. */
	if (leaf == NULL || (load_acquire(&leaf->pieces) >> i / PIECE_BLOCKS & 1) == 0)
		return NULL;
	return &recording.blocks[(uint64_t)(leaf->number - 1) * BLOCKS_PER_LEAF + i];
}

/* Give a leaf its number and publish its address. */
static bool
number_leaf(struct leaf *leaf, uintptr_t address)
{
	struct recording_extent *sections = recording.header->sections;
	uint64_t n = sections[SECTION_LEAVES].count, blocks = (n + 1) * BLOCKS_PER_LEAF;

	if (blocks > sections[SECTION_BLOCKS].capacity ||
	    !recording_space_extend(SECTION_BLOCKS, blocks * sizeof *recording.blocks) ||
	    !recording_reserve(SECTION_LEAVES, n + 1))
		return false;
	recording.leaves[n] = address >> table.leaf_shift << table.leaf_shift;
	/* Release: a reader that sees the counts sees the address. */
	store_release(&sections[SECTION_BLOCKS].count, blocks);
	store_release(&sections[SECTION_LEAVES].count, n + 1);
	leaf->number = (uint32_t)n + 1;
	return true;
}

static bool
add_piece(struct leaf *leaf, uintptr_t address)
{
	uint32_t piece = index_of(address) / PIECE_BLOCKS;
	struct recording_block *first;

	if ((leaf->pieces >> piece & 1) != 0)
		return true;
	if (leaf->number == 0 && !number_leaf(leaf, address))
		return false;
	first = &recording.blocks[(uint64_t)(leaf->number - 1) * BLOCKS_PER_LEAF +
				  (uint64_t)piece * PIECE_BLOCKS];
	if (os_populate(first, PIECE_BYTES) != 0)
		return false;
	arena_add_bytes(PIECE_BYTES);
	recording_publish_memory();
	store_release(&leaf->pieces, leaf->pieces | 1u << piece);
	return true;
}

static bool
add_leaves(uintptr_t address)
{
	struct leaf **leaves = &table.top[address >> TOP_SHIFT];

	if (*leaves == NULL) {
		size_t count = (size_t)1 << (TOP_SHIFT - table.leaf_shift);

		store_release(leaves, arena_allocate_lasting(count * sizeof **leaves, false));
	}
	return *leaves != NULL;
}

static COLD struct recording_block *
make_record(uintptr_t address)
{
	bool made;

	if (address >> ADDRESS_BITS != 0 || !lock_take(&table.lock))
		return NULL;
	made = add_leaves(address) && add_piece(leaf_of(address), address);
	lock_drop(&table.lock);
	return made ? record_of(address) : NULL;
}

static uint32_t
place_of(uintptr_t address)
{
	return (uint32_t)address & ((1u << table.slot_shift) - 1);
}

static uint32_t
recorded_place(const struct recording_block *record)
{
	return record->rounding_place & ((1u << BLOCK_PLACE_BITS) - 1);
}

static bool
is_alive(const struct recording_block *record)
{
	return record->site != SITE_NONE && record->death == 0;
}

void
block_details_born(const void *address, size_t bytes, uint64_t rounding, uint32_t site,
		   uint32_t thread, uint64_t birth)
{
	uintptr_t a = (uintptr_t)address;
	struct recording_block *record = record_of(a);

	if (rounding > BLOCK_ROUNDING_MAX)
		rounding = BLOCK_ROUNDING_MAX;
	if (record == NULL)
		record = make_record(a);
	if (record == NULL || (is_alive(record) && recorded_place(record) != place_of(a))) {
		fetch_add(&recording.header->missing_blocks, 1);
		return;
	}
	store(&record->site, SITE_NONE);
	/* Release, before and after: whoever reads a site reads what belongs to it, or a zero if it
	 * looks twice. */
	store_release(&record->bytes, bytes);
	store(&record->birth, birth != 0 ? birth : moment_of(thread));
	store(&record->death, 0);
	store(&record->rounding_place, (uint32_t)rounding << BLOCK_PLACE_BITS | place_of(a));
	store_release(&record->site, site);
}

/* The record of a block that lives; NULL when it has none. */
static struct recording_block *
live_record(uintptr_t address)
{
	struct recording_block *record = record_of(address);

	return record != NULL && is_alive(record) && recorded_place(record) == place_of(address)
		       ? record
		       : NULL;
}

uint64_t
block_details_died(const void *address, uint32_t thread, uint64_t *ret_units)
{
	struct recording_block *record = live_record((uintptr_t)address);
	uint64_t death;

	*ret_units = 0;
	if (record == NULL)
		return 0;
	death = moment_of(thread);
	store(&record->death, death);
	*ret_units = (death >> BLOCK_THREAD_BITS) - (record->birth >> BLOCK_THREAD_BITS);
	return record->birth;
}

void
block_details_revive(const void *address)
{
	struct recording_block *record = record_of((uintptr_t)address);

	if (record != NULL)
		store(&record->death, 0);
}

bool
block_details_find(const void *address, uint64_t *ret_age_ns, uint64_t *ret_thread)
{
	const struct recording_block *record = live_record((uintptr_t)address);

	if (record == NULL)
		return false;
	*ret_age_ns = (now_units() - (record->birth >> BLOCK_THREAD_BITS)) << RECORDING_TIME_SHIFT;
	*ret_thread = record->birth & (((uint64_t)1 << BLOCK_THREAD_BITS) - 1);
	return true;
}

static void
visit_leaf(const struct leaf *leaf, void (*visit)(void *context, uint64_t first, uint64_t count),
	   void *context)
{
	uint32_t pieces = load_acquire(&leaf->pieces);

	for (uint32_t i = 0; i < BLOCKS_PER_LEAF / PIECE_BLOCKS; i++) {
		if ((pieces >> i & 1) != 0)
			visit(context,
			      (uint64_t)(leaf->number - 1) * BLOCKS_PER_LEAF + i * PIECE_BLOCKS,
			      PIECE_BLOCKS);
	}
}

void
block_details_each_piece(void (*visit)(void *context, uint64_t first, uint64_t count),
			 void *context)
{
	uint64_t count = load_acquire(&recording.header->sections[SECTION_LEAVES].count);

	for (uint64_t i = 0; i < count; i++) {
		const struct leaf *leaf = leaf_of(recording.leaves[i]);

		if (leaf != NULL)
			visit_leaf(leaf, visit, context);
	}
}

void
block_details_move(const void *address, uint32_t site)
{
	struct recording_block *record = live_record((uintptr_t)address);

	if (record != NULL)
		store(&record->site, site);
}
