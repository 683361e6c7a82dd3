/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remedy.c - the rules of glibc's malloc_trim and of jemalloc's slabs, as measured
 *
 * malloc/malloc.c, mtrim: of each free chunk between two others the whole pages behind its own
 * links; of the top of the main heap all but the least chunk; of the tops of other arenas nothing.
 * Fastbins are merged first, the caches of threads stay and are not seen: a small error.
 */
#include "config.h"
#include "model/remedy.h"

#define PAGE           ((uint64_t)MEMORY_PAGE_BYTES)

#define LINK_BYTES     48 /* that a free chunk keeps */
#define LEAST_TOP      33 /* bytes of the main heap's top that stay */
#define FENCE          32 /* at the end of a heap that is not the arena's last */

#define MMAP_THRESHOLD ((uint64_t)128 << 10)
#define MAPPED_MAX     65536 /* more blocks get no mapping of their own at all */

#define SLAB_BLOCK_MAX 14336
#define SLAB_PAGES_MAX 64

/* An advice for less is not worth reading. */
#define WORTH_BYTES ((uint64_t)1 << 20)
#define WORTH_SHARE 20 /* of Rss, one of so many */

struct cursor {
	const struct memory *memory;
	size_t run;
};

/* Resident bytes of the whole pages within; ranges come in the order of their addresses. */
static uint64_t
get_present(struct cursor *cursor, uint64_t start, uint64_t end)
{
	const struct memory_run *runs = cursor->memory->runs.items;
	size_t count = cursor->memory->runs.count;
	uint64_t bytes = 0;

	start = (start + PAGE - 1) & ~(PAGE - 1);
	end &= ~(PAGE - 1);
	while (cursor->run < count && runs[cursor->run].end <= start)
		cursor->run++;
	for (size_t i = cursor->run; i < count && runs[i].start < end; i++) {
		uint64_t from = runs[i].start > start ? runs[i].start : start;
		uint64_t to = runs[i].end < end ? runs[i].end : end;

		if (runs[i].state == MEMORY_PRESENT && to > from)
			bytes += to - from;
	}
	return bytes;
}

/* --- glibc --- */

/* Whether another heap of the arena came after this one. */
static bool
is_last_heap(const struct memory *memory, const struct memory_region *heap)
{
	array_each (&memory->regions, region) {
		if (region->kind == MEMORY_REGION_ARENA && region->previous == heap->start)
			return false;
	}
	return true;
}

static void
add_end(struct remedy *remedy, struct cursor *cursor, const struct memory_region *region,
	uint64_t free_from)
{
	if (region->kind == MEMORY_REGION_MAIN)
		remedy->trim += get_present(cursor, free_from + LEAST_TOP, region->end);
	else if (is_last_heap(cursor->memory, region))
		remedy->tops += get_present(cursor, free_from + LEAST_TOP, region->end);
	else
		remedy->trim += get_present(cursor, free_from + LINK_BYTES, region->end - FENCE);
}

static void
add_heap(struct remedy *remedy, struct cursor *cursor, const struct memory_region *region,
	 size_t *block)
{
	const struct memory_block *blocks = cursor->memory->blocks.items;
	size_t count = cursor->memory->blocks.count;
	uint64_t free_from = region->first;

	while (*block < count && blocks[*block].address < region->start)
		++*block;
	for (; *block < count && blocks[*block].address < region->end; ++*block) {
		const struct memory_block *live = &blocks[*block];
		uint64_t chunk = live->address - 16;

		if (chunk > free_from)
			remedy->trim += get_present(cursor, free_from + LINK_BYTES, chunk);
		free_from = live->address + live->bytes + live->rounding - 8;
		if (live->bytes >= MMAP_THRESHOLD && live->address % PAGE != 0) {
			remedy->large_blocks++;
			remedy->large_bytes += live->bytes;
		}
	}
	add_end(remedy, cursor, region, free_from);
}

static void
work_out_glibc(struct remedy *remedy, const struct memory *memory)
{
	struct cursor cursor = {.memory = memory};
	size_t block = 0;

	array_each (&memory->regions, region) {
		if (region->kind == MEMORY_REGION_MAIN || region->kind == MEMORY_REGION_ARENA)
			add_heap(remedy, &cursor, region, &block);
	}
}

/* --- jemalloc --- */

/*
 * A slab of a class is the least number of pages that its size divides, so a live block's address
 * and size say where its slab begins. Larger blocks stand alone.
 */
static struct memory_range
get_slab(const struct memory_block *block)
{
	uint64_t usable = block->bytes + block->rounding, bytes = PAGE;
	uint64_t start = block->address & ~(PAGE - 1);

	if (usable == 0 || usable > SLAB_BLOCK_MAX)
		return (struct memory_range){start, (block->address + usable + 2 * PAGE - 1) &
							    ~(PAGE - 1)};
	while (bytes % usable != 0 && bytes < SLAB_PAGES_MAX * PAGE)
		bytes += PAGE;
	while ((block->address - start) % usable != 0 && block->address - start < bytes)
		start -= PAGE;
	return (struct memory_range){start, start + bytes};
}

static void
work_out_jemalloc(struct remedy *remedy, const struct memory *memory)
{
	struct cursor cursor = {.memory = memory};
	uint64_t done = 0;
	size_t block = 0;

	array_each (&memory->regions, region) {
		uint64_t used = 0, all;
		struct cursor whole = cursor;

		if (region->kind != MEMORY_REGION_OTHER)
			continue;
		all = get_present(&whole, region->start, region->end);
		while (block < memory->blocks.count &&
		       memory->blocks.items[block].address < region->start)
			block++;
		done = region->start;
		for (; block < memory->blocks.count &&
		       memory->blocks.items[block].address < region->end;
		     block++) {
			struct memory_range slab = get_slab(&memory->blocks.items[block]);

			if (slab.end > region->end)
				slab.end = region->end;
			if (slab.end <= done)
				continue;
			used += get_present(&cursor, slab.start > done ? slab.start : done,
					    slab.end);
			done = slab.end;
		}
		remedy->decay += all > used ? all - used : 0;
	}
}

/* --- both --- */

void
remedy_init(struct remedy *remedy, const struct resident *resident)
{
	const struct memory *memory = resident->memory;

	*remedy = (struct remedy){.is_known = false};
	if (memory->unseen != MEMORY_ALL_SEEN)
		return;
	remedy->at_most = resident->parts[RESIDENT_KEPT];
	if (memory->has_chunks && memory->blocks_from == MEMORY_BLOCKS_TABLE)
		work_out_glibc(remedy, memory);
	else if (memory->allocator == MEMORY_JEMALLOC)
		work_out_jemalloc(remedy, memory);
	else
		return;
	remedy->is_known = true;
}

static uint64_t
get_kept_in_heaps(const struct resident *resident)
{
	return resident->regions[MEMORY_REGION_MAIN].parts[RESIDENT_KEPT] +
	       resident->regions[MEMORY_REGION_ARENA].parts[RESIDENT_KEPT];
}

static uint64_t
get_candidate(const struct remedy *remedy, const struct resident *resident, enum remedy_kind kind)
{
	bool has_risen = remedy->large_blocks != 0 &&
			 resident->regions[MEMORY_REGION_CHUNK].count < MAPPED_MAX;

	switch (kind) {
	case REMEDY_TRIM:
		return remedy->trim;
	case REMEDY_MMAP_THRESHOLD:
		return has_risen ? get_kept_in_heaps(resident) : 0;
	case REMEDY_TRIM_THRESHOLD:
		return remedy->tops;
	case REMEDY_DECAY:
		return remedy->decay;
	default:
		return 0;
	}
}

bool
remedy_is_worth(const struct resident *resident, uint64_t bytes)
{
	return bytes >= WORTH_BYTES && bytes >= resident->memory->resident_after / WORTH_SHARE;
}

uint64_t
remedy_get_bytes(const struct remedy *remedy, const struct resident *resident,
		 enum remedy_kind kind)
{
	uint64_t bytes = get_candidate(remedy, resident, kind);

	return remedy->is_known && remedy_is_worth(resident, bytes) ? bytes : 0;
}

const char *
remedy_get_advice(enum remedy_kind kind)
{
	static const char *const advice[REMEDY_KINDS] = {
		[REMEDY_TRIM] = "malloc_trim(0)",
		[REMEDY_MMAP_THRESHOLD] = "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072",
		[REMEDY_TRIM_THRESHOLD] = "GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072",
		[REMEDY_DECAY] = "MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0",
	};

	return advice[kind];
}
