/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/allocator.h"

#include <string.h>

#include "glibc_heap.h"
#include "image/image.h"
#include "image/image_known.h"
#include "image/ranges.h"

#define PAGE ((uint64_t)IMAGE_PAGE_BYTES)

struct search {
	const struct image *image;
	struct ranges *ranges;
	uint64_t last_heap;
	const struct image_mapping *last_mapping;
};

/* Of a head that the program has overwritten, only what can be. */
static void
add_mapped_chunk(struct search *search, uint64_t block, const uint64_t head[2])
{
	uint64_t start = block - GLIBC_CHUNK_HEAD - head[0];
	uint64_t end = (start + head[0] + (head[1] & ~(uint64_t)GLIBC_CHUNK_FLAGS) + PAGE - 1) &
		       ~(PAGE - 1);
	const struct image_mapping *mapping = image_find(search->image, block - GLIBC_CHUNK_HEAD);

	if (mapping != NULL && start >= mapping->start && start <= block && end > block &&
	    end <= mapping->end)
		ranges_insert(search->ranges, start, end);
}

/* The heap of brk, or where that is refused, mappings. */
static void
add_main_arena(struct search *search, uint64_t block)
{
	const struct image_mapping *mapping = search->last_mapping;

	if (mapping != NULL && block >= mapping->start && block < mapping->end)
		return;
	mapping = image_find(search->image, block);
	search->last_mapping = mapping;
	if (mapping != NULL && !mapping->is_file)
		ranges_insert(search->ranges, mapping->start, mapping->end);
}

static void
add_of_block(struct search *search, uint64_t block)
{
	uint64_t head[2], heap = block & ~(GLIBC_HEAP_BYTES - 1);

	if (!image_peek(search->image, block - GLIBC_CHUNK_HEAD, head, sizeof(head)))
		return;
	if ((head[1] & GLIBC_CHUNK_IS_MAPPED) != 0) {
		add_mapped_chunk(search, block, head);
	} else if ((head[1] & GLIBC_CHUNK_IS_OTHERS) == 0) {
		add_main_arena(search, block);
	} else if (heap != search->last_heap) {
		search->last_heap = heap;
		ranges_insert(search->ranges, heap, heap + GLIBC_HEAP_BYTES);
	}
}

/* Whether a heap begins at this address, which may be anybody's memory. */
static bool
is_heap(const struct image *image, uint64_t address)
{
	uint64_t arena = 0, first = 0;

	return image_peek(image, address, &arena, sizeof(arena)) && arena != 0 &&
	       (arena & (GLIBC_HEAP_BYTES - 1)) < GLIBC_ARENA_WHERE &&
	       image_peek(image, arena & ~(GLIBC_HEAP_BYTES - 1), &first, sizeof(first)) &&
	       first == arena;
}

/* Also those in which no block lives. */
static void
add_arenas(struct search *search)
{
	array_each (&search->image->mappings, m) {
		uint64_t at = (m->start + GLIBC_HEAP_BYTES - 1) & ~(GLIBC_HEAP_BYTES - 1);

		if (!m->readable || !m->writable || m->is_file || m->is_shared)
			continue;
		for (; at >= m->start && at < m->known_end; at += GLIBC_HEAP_BYTES)
			if (is_heap(search->image, at))
				ranges_insert(search->ranges, at, at + GLIBC_HEAP_BYTES);
	}
}

static void
add_brk_heap(struct search *search)
{
	array_each (&search->image->mappings, mapping)
		if (strcmp(mapping->name, "[heap]") == 0)
			ranges_insert(search->ranges, mapping->start, mapping->end);
}

/* Only what is anonymous is the allocator's; the program may have had other memory made into
 * blocks. */
static void
add_leaf(struct search *search, uint64_t start, uint64_t end)
{
	for (size_t i = image_find_index(search->image, start);
	     i < search->image->mappings.count && search->image->mappings.items[i].start < end;
	     i++) {
		const struct image_mapping *m = &search->image->mappings.items[i];

		if (!m->is_file && !m->is_shared)
			ranges_insert(search->ranges, m->start > start ? m->start : start,
				      m->end < end ? m->end : end);
	}
}

static void
add_blocks_alone(const struct graph *graph, struct ranges *ranges)
{
	for (size_t i = 0; i < graph->block_count; i++) {
		uint64_t start = graph->blocks[i].start;

		ranges_insert(ranges, start, start + graph_get_bytes(&graph->blocks[i]));
	}
}

void
allocator_get_memory(const struct image *image, const struct graph *graph,
		     const struct image_known *known, struct ranges *ranges)
{
	struct search search = {.image = image, .ranges = ranges};

	/* Blocks that nobody knows of may hold the others. */
	if (known->has_unknown_blocks) {
		add_blocks_alone(graph, ranges);
		return;
	}
	if (!known->is_glibc) {
		for (size_t i = 0; i < known->leaf_count; i++)
			add_leaf(&search, known->leaves[i].start, known->leaves[i].end);
		add_blocks_alone(graph, ranges);
		return;
	}
	add_brk_heap(&search);
	for (size_t i = 0; i < graph->block_count; i++)
		add_of_block(&search, graph->blocks[i].start);
	add_arenas(&search);
}
