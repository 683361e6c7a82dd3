/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/allocator_memory.h"

#include <string.h>

#include "base/os_memory.h"
#include "data/block_table.h"
#include "include/glibc_heap.h"
#include "memory/real.h"

struct search {
	const struct memory_map *map;
	struct ranges *ranges;
	uint64_t last_heap;
	const struct mapping *last_mapping;
};

static void
add_mapped_chunk(struct search *search, uint64_t block, uint64_t head)
{
	const uint64_t *before = (const uint64_t *)(block - GLIBC_CHUNK_HEAD);
	uint64_t start = block - GLIBC_CHUNK_HEAD - *before;
	uint64_t end =
		round_up(start + *before + (head & ~(uint64_t)GLIBC_CHUNK_FLAGS), PAGE_BYTES);
	const struct mapping *mapping = memory_map_find(search->map, block - GLIBC_CHUNK_HEAD);

	/* Of a head that the program has overwritten, only what can be. */
	if (mapping != NULL && start >= mapping->start && start <= block && end > block &&
	    end <= mapping->end)
		ranges_insert(search->ranges, start, end);
}

/* Where brk is refused, the main arena has mappings. */
static void
add_main_arena(struct search *search, uint64_t block)
{
	const struct mapping *mapping = search->last_mapping;

	if (mapping != NULL && block >= mapping->start && block < mapping->end)
		return;
	mapping = memory_map_find(search->map, block);
	search->last_mapping = mapping;
	if (mapping != NULL && !mapping->is_file)
		ranges_insert(search->ranges, mapping->start, mapping->end);
}

static void
add_of_block(struct search *search, uint64_t block)
{
	uint64_t head = ((const uint64_t *)block)[-1], heap = block & ~(GLIBC_HEAP_BYTES - 1);

	if ((head & GLIBC_CHUNK_IS_MAPPED) != 0) {
		add_mapped_chunk(search, block, head);
	} else if ((head & GLIBC_CHUNK_IS_OTHERS) == 0) {
		add_main_arena(search, block);
	} else if (heap != search->last_heap) {
		search->last_heap = heap;
		ranges_insert(search->ranges, heap, heap + GLIBC_HEAP_BYTES);
	}
}

/* Whether a heap begins at this address, which may be anybody's memory. */
static bool
is_heap(uint64_t address)
{
	uint64_t arena = 0, first = 0;

	return os_copy_memory((const void *)address, &arena, sizeof arena) && arena != 0 &&
	       (arena & (GLIBC_HEAP_BYTES - 1)) < GLIBC_ARENA_WHERE &&
	       os_copy_memory((const void *)(arena & ~(GLIBC_HEAP_BYTES - 1)), &first,
			      sizeof first) &&
	       first == arena;
}

static void
add_empty_arenas(struct search *search)
{
	const struct memory_map *map = search->map;

	for (size_t i = 0; i < map->count; i++) {
		const struct mapping *m = &map->mappings[i];

		if (!m->readable || !m->writable || m->is_file || m->is_shared)
			continue;
		for (uint64_t at = round_up(m->start, GLIBC_HEAP_BYTES); at < m->end;
		     at += GLIBC_HEAP_BYTES)
			if (is_heap(at))
				ranges_insert(search->ranges, at, at + GLIBC_HEAP_BYTES);
	}
}

static void
add_brk_heap(struct search *search)
{
	const struct memory_map *map = search->map;

	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->text + map->mappings[i].name, "[heap]") == 0)
			ranges_insert(search->ranges, map->mappings[i].start, map->mappings[i].end);
}

static void
add_region(void *context, uintptr_t start, uintptr_t end)
{
	const struct search *search = context;

	/* Only what is anonymous is the allocator's; the program may have had other memory made
	 * into blocks. */
	for (uint64_t at = start; at < end;) {
		const struct mapping *mapping = memory_map_find(search->map, at);
		uint64_t stop = mapping != NULL && mapping->end < end ? mapping->end : end;

		if (mapping == NULL)
			stop = at + PAGE_BYTES;
		else if (!mapping->is_file && !mapping->is_shared)
			ranges_insert(search->ranges, at, stop);
		at = stop;
	}
}

static void
add_blocks_alone(const struct nodes *nodes, struct ranges *ranges)
{
	for (size_t i = 0; i < nodes->count; i++) {
		uint64_t start = nodes->blocks[i].start;

		ranges_insert(ranges, start, start + nodes_get_bytes(&nodes->blocks[i]));
	}
}

void
allocator_memory_get(const struct memory_map *map, const struct nodes *nodes,
		     bool has_unknown_blocks, struct ranges *ranges)
{
	struct search search = {.map = map, .ranges = ranges};

	if (has_unknown_blocks) {
		add_blocks_alone(nodes, ranges);
		return;
	}
	/* All blocks are also passed over where they are no allocator's that is known. */
	if (!real.is_glibc) {
		block_table_each_region(add_region, &search);
		add_blocks_alone(nodes, ranges);
		return;
	}
	add_brk_heap(&search);
	for (size_t i = 0; i < nodes->count; i++)
		add_of_block(&search, nodes->blocks[i].start);
	add_empty_arenas(&search);
}
