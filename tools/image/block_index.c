/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_index.c - a page of the heap has few blocks, among which the search is short; where none
 * begin for a while, it goes over all
 */
#include "config.h"
#include "image/block_index.h"

#include <stdlib.h>

#include "util/xalloc.h"

#define ADDRESS_BITS 48
#define REGION_SHIFT 26
#define PAGE_SHIFT   12
#define REGIONS      ((size_t)1 << (ADDRESS_BITS - REGION_SHIFT))
#define PAGES        ((size_t)1 << (REGION_SHIFT - PAGE_SHIFT))

/* Those of a page, and behind it those of the next. */
static const uint32_t *
get_page(const struct block_index *index, uint64_t address)
{
	size_t page = (size_t)(address >> PAGE_SHIFT) & (PAGES - 1);
	uint32_t number =
		address >> ADDRESS_BITS == 0 ? index->regions[address >> REGION_SHIFT] : 0;

	return number != 0 ? &index->before.items[(number - 1) * (PAGES + 1) + page] : NULL;
}

static void
fill_region(struct block_index *index, uint64_t region, size_t *next)
{
	array_reserve(&index->before, index->before.count + PAGES + 1);
	for (size_t page = 0; page <= PAGES; page++) {
		uint64_t start = (region << REGION_SHIFT) + ((uint64_t)page << PAGE_SHIFT);

		while (*next < index->count && index->blocks[*next].start < start)
			(*next)++;
		*array_push(&index->before) = (uint32_t)*next;
	}
	index->regions[region] = (uint32_t)(index->before.count / (PAGES + 1));
}

void
block_index_init(struct block_index *index, const struct graph_node *blocks, size_t count)
{
	*index = (struct block_index){.blocks = blocks, .count = count};
	index->regions = xcalloc(REGIONS, sizeof(*index->regions));
	for (size_t next = 0; next < count;)
		fill_region(index, (uint64_t)blocks[next].start >> REGION_SHIFT, &next);
	if (count != 0) {
		const struct graph_node *last = &blocks[count - 1];

		index->low = blocks[0].start;
		/* One without bytes has its first. */
		index->span = last->start + graph_get_bytes(last) + 1 - index->low;
	}
}

void
block_index_release(struct block_index *index)
{
	free(index->regions);
	array_release(&index->before);
	*index = (struct block_index){0};
}

size_t
block_index_find_before(const struct block_index *index, uint64_t address)
{
	const uint32_t *page = get_page(index, address);
	size_t low = page != NULL ? page[0] : 0;
	size_t high = page != NULL ? page[1] : index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->blocks[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 ? low - 1 : BLOCK_INDEX_NONE;
}
