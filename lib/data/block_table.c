/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_table.c - live blocks by address
 *
 * Two levels lead to a leaf of slots. Both are mapped only where blocks have been, because address
 * space counts against a limit that the program may set at any time.
 *
 * Budget: the directory's line, the slot's line; no lock.
 */
#include "data/block_table.h"

#include "memory/arena.h"
#include "memory/real.h"
#include "base/lock.h"
#include "base/os_memory.h"
#include "base/own_memory.h"
#include "data/block_side.h"
#include "recording/recording_map.h"

/* Small leaves fit the heap tightly, and being made present at once they cost no faults. */
#define TOP_SHIFT       36
#define LEAF_SHIFT      18
#define TOP_COUNT       ((size_t)1 << (ADDRESS_BITS - TOP_SHIFT))
#define DIRECTORY_COUNT ((size_t)1 << (TOP_SHIFT - LEAF_SHIFT))
#define DIRECTORY_BYTES (DIRECTORY_COUNT * sizeof(void *))

/* The rest of the shape in nearly every process, as constants for the hot path. */
#define SLOT_SHIFT    5
#define ROUNDING_BITS 6
#define SITE_MAX      ((1u << 25) - 1)
#define POPULATE_LIMIT \
	((uint64_t)64 << 10) /* a block above this stands alone: its leaf is sparse */

static struct {
	void ***top; /* `common_top`, or one of the same size */
	bool compact;
	uint8_t slot_shift;    /* log2 of the address bytes that share a slot */
	uint8_t slot_bytes;    /* 4 or 8 */
	uint8_t rounding_bits; /* the largest value means: beside the table */
	uint8_t size_bits;     /* 0: the chunk says it */
	uint32_t site_max;     /* that a slot can hold */
	struct lock leaf_lock;
} table;

static inline size_t
directory_index(uintptr_t address)
{
	return address >> LEAF_SHIFT & (DIRECTORY_COUNT - 1);
}

/* By the upper bits of an address, a directory of leaves: `no_leaves` where nothing has been. Only
 * that, too, in a process whose table is not compact. */
static void **common_top[TOP_COUNT];
static void **no_leaves; /* never written */

/* Pages of a directory that have a leaf in them, so that looking at all blocks touches no others. A
 * forked child keeps those of its parent. */
#define ENTRIES_PER_PAGE (PAGE_BYTES / sizeof(void *))
#define DIRECTORY_PAGES  (DIRECTORY_COUNT / ENTRIES_PER_PAGE)
static uint64_t used_pages[TOP_COUNT][DIRECTORY_PAGES / 64];

static bool
make_top(bool is_glibc)
{
	table.top = common_top;
	if (!is_glibc)
		table.top = arena_allocate_lasting(sizeof common_top, false);
	no_leaves = os_map(DIRECTORY_BYTES, true);
	if (table.top == NULL || no_leaves == NULL)
		return false;
	if (!is_glibc && arena_dumps_blocks())
		os_let_dump(table.top, sizeof common_top);
	for (size_t i = 0; i < TOP_COUNT; i++)
		common_top[i] = table.top[i] = no_leaves;
	return true;
}

/* A forked child has its parent's directories, to which an interrupted call may have added. */
static void
empty_directories(void)
{
	for (size_t i = 0; i < TOP_COUNT; i++) {
		if (table.top[i] != no_leaves && !arena_wipe(table.top[i], DIRECTORY_BYTES))
			table.top[i] = no_leaves;
	}
}

bool
block_table_init(bool is_glibc)
{
	block_side_reset();
	table.compact = is_glibc;
	table.slot_shift = is_glibc ? SLOT_SHIFT : 4;
	table.slot_bytes = is_glibc ? 4 : 8;
	table.rounding_bits = is_glibc ? ROUNDING_BITS : 13;
	table.size_bits = is_glibc ? 0 : 24;
	table.site_max = is_glibc ? SITE_MAX : (1u << 26) - 1;
	if (no_leaves == NULL && !make_top(is_glibc))
		return false;
	empty_directories();
	arena_add_bytes(4 * PAGE_BYTES);
	return true;
}

void
block_table_describe(struct recording_table *ret_shape)
{
	uint8_t place = (uint8_t)(table.size_bits + table.rounding_bits);

	*ret_shape = (struct recording_table){
		.top = (uintptr_t)table.top,
		.empty = (uintptr_t)no_leaves,
		.side = block_side_place(),
		.address_bits = ADDRESS_BITS,
		.top_shift = TOP_SHIFT,
		.leaf_shift = LEAF_SHIFT,
		.slot_shift = table.slot_shift,
		.slot_bytes = table.slot_bytes,
		.site_shift = (uint8_t)(place + 1),
		.site_bits = (uint8_t)(table.slot_bytes * 8 - place - 1),
		.place_shift = place,
		.place_bits = 1,
		.size_shift = table.rounding_bits,
		.size_bits = table.size_bits,
		.rounding_bits = table.rounding_bits,
	};
}

/* Where the leaf of an address goes. Under the lock. */
static void **
make_entry(uintptr_t address)
{
	void ***directory = &table.top[address >> TOP_SHIFT];

	if (*directory == no_leaves) {
		void **made = os_map(DIRECTORY_BYTES, true);

		if (made == NULL)
			return NULL;
		arena_note_blocks(made, DIRECTORY_BYTES);
		arena_add_bytes(PAGE_BYTES);
		/* Release: it reads as zero for whoever finds it. */
		store_release(directory, made);
	}
	return &(*directory)[directory_index(address)];
}

static COLD void
make_leaf(uintptr_t address, size_t usable)
{
	size_t bytes = (size_t)table.slot_bytes << (LEAF_SHIFT - table.slot_shift);
	void **entry;

	if (address >> ADDRESS_BITS != 0 || !lock_take(&table.leaf_lock))
		return;
	entry = make_entry(address);
	if (entry != NULL && *entry == NULL) {
		bool populate = usable < POPULATE_LIMIT;
		size_t page = directory_index(address) / ENTRIES_PER_PAGE;
		void *leaf = arena_allocate_blocks(bytes, populate);

		if (!populate)
			arena_add_bytes(PAGE_BYTES);
		used_pages[address >> TOP_SHIFT][page / 64] |= (uint64_t)1 << page % 64;
		/* Release: the leaf reads as zero for whoever finds it. */
		store_release(entry, leaf);
		recording_publish_memory();
	}
	lock_drop(&table.leaf_lock);
}

static ALWAYS_INLINE void *
leaf_in(void ***top, uintptr_t address)
{
	void **directory = load_acquire(&top[address >> TOP_SHIFT]);

	return load_acquire(&directory[directory_index(address)]);
}

/* The slot of an address; NULL where there is no leaf. */
static inline void *
slot_of(uintptr_t address)
{
	uintptr_t offset = address & (((uintptr_t)1 << LEAF_SHIFT) - 1);
	char *leaf;

	if (unlikely(address >> ADDRESS_BITS != 0))
		return NULL;
	leaf = leaf_in(table.top, address);
	if (unlikely(leaf == NULL))
		return NULL;
	return leaf + (offset >> table.slot_shift) * table.slot_bytes;
}

static inline uint64_t
get_slot(const void *slot)
{
	return likely(table.compact) ? load((const uint32_t *)slot) : load((const uint64_t *)slot);
}

static inline void
set_slot(void *slot, uint64_t value)
{
	if (likely(table.compact))
		store((uint32_t *)slot, (uint32_t)value);
	else
		store((uint64_t *)slot, value);
}

/* Use a free slot. Of a wide one another thread may be about to use the other half: false if it
 * came first. */
static inline bool
take_slot(void *slot, uint64_t value)
{
	uint64_t expected = 0;

	if (unlikely(!table.compact))
		return __atomic_compare_exchange_n((uint64_t *)slot, &expected, value, false,
						   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	store((uint32_t *)slot, (uint32_t)value);
	return true;
}

static inline uint64_t
rounding_beyond(void)
{
	return ((uint64_t)1 << table.rounding_bits) - 1;
}

/* Which of the two possible starts within a slot: the address bit below the slot's. */
static inline uint64_t
place_of(uintptr_t address)
{
	return address >> (table.slot_shift - 1) & 1;
}

static inline uint64_t
pack(uintptr_t address, struct block block, uint64_t bytes)
{
	uint64_t site_and_place = (uint64_t)block.site << 1 | place_of(address);

	if (table.size_bits != 0)
		site_and_place = site_and_place << table.size_bits | bytes;
	return site_and_place << table.rounding_bits | block.rounding;
}

/* Whether a slot can hold it. */
static inline bool
fits(struct block block, uint64_t bytes)
{
	return block.rounding < rounding_beyond() && block.site <= table.site_max &&
	       (table.size_bits == 0 || bytes >> table.size_bits == 0);
}

static inline bool
is_at(uint64_t value, uintptr_t address)
{
	unsigned place = table.size_bits + table.rounding_bits;

	return value != 0 && (value >> place & 1) == place_of(address);
}

static inline struct block
unpack(uint64_t value)
{
	struct block block = {
		.rounding = value & rounding_beyond(),
		.site = (uint32_t)(value >> (table.size_bits + table.rounding_bits + 1)),
	};

	if (unlikely(table.size_bits != 0))
		block.size = (uint32_t)(value >> table.rounding_bits &
					(((uint64_t)1 << table.size_bits) - 1)) +
			     1;
	return block;
}

/* The block from beside the table; BLOCK_NONE. */
static COLD struct block
take_beside(uintptr_t address, bool keep)
{
	struct block_found found;

	if (!block_side_take(address, keep, &found))
		return BLOCK_NONE;
	found.block.size =
		table.size_bits != 0 && found.bytes < UINT32_MAX ? (uint32_t)found.bytes + 1 : 0;
	return found.block;
}

static struct block remove_any(const void *address);

/* The slot is taken, or the block does not fit into one. */
static COLD struct block
insert_beside(void *slot, uintptr_t address, struct block block, uint64_t bytes, bool *ret_stored)
{
	struct block old = remove_any((const void *)address);

	*ret_stored = true;
	if (get_slot(slot) == 0 && fits(block, bytes) &&
	    take_slot(slot, pack(address, block, bytes)))
		return old;
	*ret_stored = block_side_insert(&(struct block_found){address, block, bytes});
	/* In a slot that is in use nothing has to say where the block is. */
	if (*ret_stored && get_slot(slot) == 0)
		take_slot(slot, pack(address, (struct block){rounding_beyond(), 1, 0}, 0));
	return old;
}

static struct block
insert_any(const void *address, struct block block, size_t usable, bool *ret_stored)
{
	uint64_t bytes = usable > block.rounding ? usable - block.rounding : 0;
	uintptr_t a = (uintptr_t)address;
	void *slot = slot_of(a);

	/* Neither the table nor the allocator could say at the end how large it was. */
	if (unlikely(bytes >= UINT32_MAX) && table.size_bits != 0 && !real.knows_sizes) {
		*ret_stored = false;
		return BLOCK_NONE;
	}
	if (unlikely(slot == NULL)) {
		make_leaf(a, usable);
		slot = slot_of(a);
		if (slot == NULL) {
			*ret_stored = false;
			recording_note(TROUBLE_NO_BLOCK_TABLE);
			return BLOCK_NONE;
		}
	}
	if (unlikely(get_slot(slot) != 0 || !fits(block, bytes)) ||
	    !take_slot(slot, pack(a, block, bytes)))
		return insert_beside(slot, a, block, bytes, ret_stored);
	*ret_stored = true;
	return BLOCK_NONE;
}

static struct block
remove_any(const void *address)
{
	uintptr_t a = (uintptr_t)address;
	void *slot = slot_of(a);
	struct block block;
	uint64_t value;

	if (unlikely(slot == NULL))
		return BLOCK_NONE;
	value = get_slot(slot);
	if (unlikely(!is_at(value, a)))
		return take_beside(a, false);
	set_slot(slot, 0);
	block = unpack(value);
	return likely(block.rounding != rounding_beyond()) ? block : take_beside(a, false);
}

/* The slot in a compact table, or NULL: ask the general functions. */
static ALWAYS_INLINE uint32_t *
common_slot(uintptr_t address)
{
	uint32_t *leaf;

	if (unlikely(address >> ADDRESS_BITS != 0))
		return NULL;
	leaf = leaf_in(common_top, address);
	if (unlikely(leaf == NULL))
		return NULL;
	return &leaf[address >> SLOT_SHIFT & ((1u << (LEAF_SHIFT - SLOT_SHIFT)) - 1)];
}

HOT ALWAYS_INLINE void *
block_table_prepare(const void *address)
{
	uint32_t *slot = common_slot((uintptr_t)address);

	__builtin_prefetch(slot, 1);
	return slot;
}

HOT ALWAYS_INLINE struct block
block_table_insert(void *common, const void *address, struct block block, size_t usable,
		   bool *ret_stored)
{
	uint32_t *slot = common, place = (uintptr_t)address >> (SLOT_SHIFT - 1) & 1;

	if (unlikely(slot == NULL || load(slot) != 0 ||
		     block.rounding >= (1u << ROUNDING_BITS) - 1 || block.site > SITE_MAX))
		return insert_any(address, block, usable, ret_stored);
	store(slot, (block.site << 1 | place) << ROUNDING_BITS | (uint32_t)block.rounding);
	*ret_stored = true;
	return BLOCK_NONE;
}

HOT ALWAYS_INLINE struct block
block_table_remove(const void *address)
{
	uint32_t *slot = common_slot((uintptr_t)address);
	uint32_t place = (uintptr_t)address >> (SLOT_SHIFT - 1) & 1, value, rounding;

	if (unlikely(slot == NULL))
		return remove_any(address);
	value = load(slot);
	rounding = value & ((1u << ROUNDING_BITS) - 1);
	if (unlikely(value == 0 || (value >> ROUNDING_BITS & 1) != place ||
		     rounding == (1u << ROUNDING_BITS) - 1))
		return remove_any(address);
	store(slot, 0);
	return (struct block){rounding, value >> (ROUNDING_BITS + 1), 0};
}

struct block
block_table_find(const void *address)
{
	uintptr_t a = (uintptr_t)address;
	void *slot = slot_of(a);
	struct block block;

	if (slot == NULL)
		return BLOCK_NONE;
	block = unpack(get_slot(slot));
	if (!is_at(get_slot(slot), a) || block.rounding == rounding_beyond())
		return take_beside(a, true);
	return block;
}

/* A block that starts in the slot of `base`, at `highest` or below. */
static struct block
find_in_slot(uintptr_t base, uintptr_t highest, void **ret_start)
{
	const uintptr_t half = (uintptr_t)1 << (table.slot_shift - 1);
	struct block block = BLOCK_NONE;

	*ret_start = (void *)(base + half);
	if (base + half <= highest)
		block = block_table_find(*ret_start);
	if (block.site != SITE_NONE)
		return block;
	*ret_start = (void *)base;
	return block_table_find(*ret_start);
}

/* From an address down to where the next leaf may be: below the directory that is not there, or
 * below the leaf. 0: nowhere. */
static uintptr_t
below_absent(uintptr_t address)
{
	bool absent = load_acquire(&table.top[address >> TOP_SHIFT]) == no_leaves;

	return address >> (absent ? TOP_SHIFT : LEAF_SHIFT) << (absent ? TOP_SHIFT : LEAF_SHIFT);
}

/* From the slot of `base` down to one that is in use; NULL if there is none in this leaf. */
static const char *
used_slot_below(const char *slot, uintptr_t base)
{
	uintptr_t before = (base & (((uintptr_t)1 << LEAF_SHIFT) - 1)) >> table.slot_shift;
	const char *first = slot - before * table.slot_bytes;

	for (; slot >= first && get_slot(slot) == 0; slot -= table.slot_bytes) {
		/* Of what is not in use, eight bytes at a time. */
		while (slot - first >= 16 && ((uintptr_t)slot & 7) == 0 &&
		       load((const uint64_t *)(const void *)(slot - 8)) == 0)
			slot -= 8;
	}
	return slot >= first ? slot : NULL;
}

struct block
block_table_find_around(const void *address, uintptr_t reach, void **ret_start)
{
	const uintptr_t slot_size = (uintptr_t)1 << table.slot_shift, highest = (uintptr_t)address;
	const uintptr_t leaf_size = (uintptr_t)1 << LEAF_SHIFT;
	uintptr_t base = highest & ~(slot_size - 1);

	while (highest - base < reach && base >= leaf_size && base >> ADDRESS_BITS == 0) {
		const char *slot = slot_of(base);
		const char *used = slot != NULL ? used_slot_below(slot, base) : NULL;

		if (used != NULL) {
			struct block block;

			base -= (uintptr_t)(slot - used) / table.slot_bytes * slot_size;
			block = find_in_slot(base, highest, ret_start);
			if (block.site != SITE_NONE)
				return highest - base < reach ? block : BLOCK_NONE;
		} else {
			base = slot != NULL ? base & ~(leaf_size - 1) : below_absent(base);
		}
		base -= slot_size;
	}
	return BLOCK_NONE;
}

/* --- all of them --- */

bool
block_table_hold(void)
{
	if (!lock_take(&table.leaf_lock))
		return false;
	if (block_side_hold())
		return true;
	lock_drop(&table.leaf_lock);
	return false;
}

void
block_table_let_go(void)
{
	block_side_let_go();
	lock_drop(&table.leaf_lock);
}

void
block_table_keep_on_fork(bool kept)
{
	const struct own_memory *ranges;
	size_t count;

	own_memory_get(&ranges, &count);
	for (size_t i = 0; i < count; i++)
		if (ranges[i].start != 0 && ranges[i].kind == OWN_MEMORY_BLOCKS)
			os_keep_on_fork((void *)ranges[i].start, ranges[i].end - ranges[i].start,
					kept);
}

struct walk {
	void (*tell)(void *context, const struct block_found *found, size_t count);
	void *context;
	struct block_found *side; /* in order; what is not told yet begins at `side_next` */
	size_t side_count, side_next;
	size_t used;
	struct block_found found[BLOCK_TABLE_BATCH];
};

static void
flush(struct walk *walk)
{
	if (walk->used != 0)
		walk->tell(walk->context, walk->found, walk->used);
	walk->used = 0;
}

static void
add_found(struct walk *walk, uintptr_t start, struct block block, uint64_t bytes)
{
	walk->found[walk->used++] = (struct block_found){start, block, bytes};
	if (walk->used == BLOCK_TABLE_BATCH)
		flush(walk);
}

/* Those beside the table that begin below an address. */
static void
add_side(struct walk *walk, uintptr_t below)
{
	while (walk->side_next < walk->side_count && walk->side[walk->side_next].start < below) {
		const struct block_found *found = &walk->side[walk->side_next++];

		add_found(walk, found->start, found->block, found->bytes);
	}
}

/* What a slot says of the size. */
static uint64_t
get_bytes(uint64_t value)
{
	if (table.size_bits == 0)
		return UINT64_MAX;
	return value >> table.rounding_bits & (((uint64_t)1 << table.size_bits) - 1);
}

static void
walk_leaf(struct walk *walk, const char *leaf, uintptr_t base)
{
	const size_t slots = (size_t)1 << (LEAF_SHIFT - table.slot_shift);
	const size_t per_word = sizeof(uint64_t) / table.slot_bytes;

	for (size_t i = 0; i < slots; i++) {
		uintptr_t slot_start = base + (i << table.slot_shift);
		uint64_t value;

		/* Of what is not in use, eight bytes at a time. */
		while (i % per_word == 0 && i < slots &&
		       load((const uint64_t *)(const void *)(leaf + i * table.slot_bytes)) == 0)
			i += per_word;
		if (i >= slots)
			return;
		slot_start = base + (i << table.slot_shift);
		value = get_slot(leaf + i * table.slot_bytes);
		if (value == 0 || (value & rounding_beyond()) == rounding_beyond())
			continue;
		slot_start += (value >> (table.size_bits + table.rounding_bits) & 1)
			      << (table.slot_shift - 1);
		add_side(walk, slot_start);
		add_found(walk, slot_start, unpack(value), get_bytes(value));
	}
}

static void
each_leaf_of_page(void **directory, size_t top, size_t page,
		  void (*tell)(void *context, const char *leaf, uintptr_t base), void *context)
{
	for (size_t i = page * ENTRIES_PER_PAGE; i < (page + 1) * ENTRIES_PER_PAGE; i++) {
		const char *leaf = load_acquire(&directory[i]);

		if (leaf != NULL)
			tell(context, leaf, top << TOP_SHIFT | i << LEAF_SHIFT);
	}
}

static void
each_leaf(void (*tell)(void *context, const char *leaf, uintptr_t base), void *context)
{
	for (size_t i = 0; i < TOP_COUNT; i++) {
		void **directory = load_acquire(&table.top[i]);

		for (size_t page = 0; directory != no_leaves && page < DIRECTORY_PAGES; page++)
			if ((used_pages[i][page / 64] >> page % 64 & 1) != 0)
				each_leaf_of_page(directory, i, page, tell, context);
	}
}

static void
walk_one_leaf(void *context, const char *leaf, uintptr_t base)
{
	walk_leaf(context, leaf, base);
}

bool
block_table_each(void (*tell)(void *context, const struct block_found *found, size_t count),
		 void *context)
{
	struct walk walk = {.tell = tell, .context = context};
	size_t side_bytes;

	if (!block_side_copy(&walk.side, &walk.side_count, &side_bytes))
		return false;
	each_leaf(walk_one_leaf, &walk);
	add_side(&walk, UINTPTR_MAX);
	flush(&walk);
	if (walk.side != NULL)
		os_unmap(walk.side, side_bytes);
	return true;
}

struct regions {
	void (*tell)(void *context, uintptr_t start, uintptr_t end);
	void *context;
	uintptr_t start, end;
};

static void
join_region(void *context, const char *leaf, uintptr_t base)
{
	struct regions *regions = context;

	(void)leaf;
	if (base != regions->end) {
		if (regions->end != 0)
			regions->tell(regions->context, regions->start, regions->end);
		regions->start = base;
	}
	regions->end = base + ((uintptr_t)1 << LEAF_SHIFT);
}

void
block_table_each_region(void (*tell)(void *context, uintptr_t start, uintptr_t end), void *context)
{
	struct regions regions = {.tell = tell, .context = context};

	each_leaf(join_region, &regions);
	if (regions.end != 0)
		tell(context, regions.start, regions.end);
}
