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

static size_t
get_page(uint64_t address)
{
	return (size_t)(address >> PAGE_SHIFT) & (PAGES - 1);
}

static void
fill_region(struct block_index *index, uint64_t region, size_t *next)
{
	uint32_t *before = xmalloc((PAGES + 1) * sizeof(*before));

	for (size_t page = 0; page <= PAGES; page++) {
		uint64_t start = (region << REGION_SHIFT) + ((uint64_t)page << PAGE_SHIFT);

		while (*next < index->count && index->blocks[*next].start < start)
			(*next)++;
		before[page] = (uint32_t)*next;
	}
	index->regions[region] = before;
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
	for (size_t i = 0; index->regions != NULL && i < REGIONS; i++)
		free(index->regions[i]);
	free(index->regions);
	*index = (struct block_index){0};
}

size_t
block_index_find_before(const struct block_index *index, uint64_t address)
{
	const uint32_t *region =
		address >> ADDRESS_BITS == 0 ? index->regions[address >> REGION_SHIFT] : NULL;
	size_t low = region != NULL ? region[get_page(address)] : 0;
	size_t high = region != NULL ? region[get_page(address) + 1] : index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->blocks[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 ? low - 1 : BLOCK_INDEX_NONE;
}
