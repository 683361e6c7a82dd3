/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/nodes.h"

#include <errno.h>
#include <string.h>

#include "base/os_memory.h"
#include "data/block_table.h"
#include "memory/real.h"

#define TOP_SHIFT    36
#define TOP_COUNT    ((size_t)1 << (ADDRESS_BITS - TOP_SHIFT))
#define REGION_SHIFT 18
#define REGIONS      ((size_t)1 << (TOP_SHIFT - REGION_SHIFT)) /* below one entry at the top */
#define SLOTS        64u
#define AHEAD        24 /* heads of blocks are on their way to the cache before they are looked at */

struct counting {
	uint64_t blocks, regions, last_region;
};

static void
count_blocks(void *context, const struct block_found *found, size_t count)
{
	struct counting *counting = context;

	counting->blocks += count;
	for (size_t i = 0; i < count; i++) {
		uint64_t region = found[i].start >> REGION_SHIFT;

		counting->regions += region != counting->last_region;
		counting->last_region = region;
	}
}

struct filling {
	struct nodes *nodes;
	size_t capacity;
	size_t region; /* number of the one that is being filled */
	size_t filled; /* places whose `before` is known */
	uint64_t last_region;
	int error;
	const struct memory_map *map;
	const struct mapping *mapping; /* of the block before */
};

static size_t
places_per_region(const struct nodes *nodes)
{
	return (size_t)1 << (REGION_SHIFT - nodes->slot_shift - 6);
}

static void
fill_places(struct filling *filling, size_t end)
{
	for (; filling->filled < end; filling->filled++)
		filling->nodes->places[filling->filled].before = filling->nodes->count;
}

/* A region that has its first block. Number 0 is none. */
static void
begin_region(struct filling *filling, uint64_t region)
{
	struct nodes *nodes = filling->nodes;
	size_t top = region >> (TOP_SHIFT - REGION_SHIFT);

	filling->last_region = region;
	fill_places(filling, (filling->region + 1) * places_per_region(nodes));
	if (filling->region == nodes->region_count)
		return;
	if (nodes->index[top] == NULL)
		nodes->index[top] = os_map(REGIONS * sizeof **nodes->index, false);
	if (nodes->index[top] == NULL) {
		filling->error = -ENOMEM;
		return;
	}
	filling->region++;
	nodes->index[top][region & (REGIONS - 1)] = (uint32_t)filling->region;
}

static size_t
requested_bytes(const struct block_found *found)
{
	size_t usable;

	/* No allocator is asked: another thread may have held its lock when this copy was made. */
	if (found->bytes != UINT64_MAX)
		return found->bytes;
	usable = real_usable_size((void *)found->start);
	return usable > found->block.rounding ? usable - found->block.rounding : 0;
}

static void
set_bytes(struct graph_block *block, uint64_t bytes)
{
	block->bytes_high = bytes >> 32 & 0xffff;
	block->bytes_low = (uint32_t)bytes;
}

/* The free of a block was not seen if another one has been made in it: it is that of what is left
 * in front. */
static void
end_stale(struct nodes *nodes, uint64_t start)
{
	struct graph_block *last = nodes->count != 0 ? &nodes->blocks[nodes->count - 1] : NULL;

	if (last != NULL && last->start + nodes_get_bytes(last) > start)
		set_bytes(last, start - last->start);
}

/* The mapping of a block; NULL for one whose end was not seen. Only glibc has its size in the two
 * words before it, which madvise(2) may have made part of another mapping. */
static const struct mapping *
find_mapping(struct filling *filling, const struct block_found *found)
{
	const struct mapping *m = filling->mapping;
	uint64_t start = found->start, head = start - 2 * sizeof(uint64_t);

	if (m == NULL || start < m->start || start >= m->end)
		m = filling->mapping = memory_map_find(filling->map, start);
	if (m == NULL || !m->readable)
		return NULL;
	return found->bytes != UINT64_MAX || head >= m->start ||
			       memory_map_can_read(filling->map, head, start)
		       ? m
		       : NULL;
}

/* The same for its other end. */
static uint64_t
limit_bytes(const struct memory_map *map, const struct mapping *mapping, uint64_t start,
	    uint64_t bytes)
{
	const struct mapping *last = map->mappings + map->count - 1;

	while (bytes > mapping->end - start && mapping < last && mapping[1].start == mapping->end &&
	       mapping[1].readable)
		mapping++;
	return bytes > mapping->end - start ? mapping->end - start : bytes;
}

static void
add_block(struct filling *filling, const struct block_found *found)
{
	const struct mapping *mapping = find_mapping(filling, found);
	struct nodes *nodes = filling->nodes;
	uint64_t region = found->start >> REGION_SHIFT;
	uint64_t bytes = mapping != NULL ? requested_bytes(found) : 0;
	uint64_t place =
		(found->start & (((uint64_t)1 << REGION_SHIFT) - 1)) >> (nodes->slot_shift + 6);
	uint64_t slot = found->start >> nodes->slot_shift & (SLOTS - 1);

	if (mapping == NULL)
		return;
	/* What is not so is no size, but what the program has written there. */
	bytes = limit_bytes(filling->map, mapping, found->start, bytes);
	if (region != filling->last_region)
		begin_region(filling, region);
	/* Blocks that came after they were counted are left out. */
	if (filling->error != 0 || nodes->count == filling->capacity)
		return;
	place += filling->region * places_per_region(nodes);
	fill_places(filling, place + 1);
	end_stale(nodes, found->start);
	if (nodes->count != 0 && nodes->blocks[nodes->count - 1].start == found->start)
		nodes->count--;
	nodes->places[place].bits |= (uint64_t)1 << slot;
	nodes->blocks[nodes->count] = (struct graph_block){
		.start = found->start & (((uint64_t)1 << 48) - 1),
		.site = found->block.site,
	};
	set_bytes(&nodes->blocks[nodes->count++], bytes);
}

static void
add_blocks(void *context, const struct block_found *found, size_t count)
{
	struct filling *filling = context;

	for (size_t i = 0; i < count + AHEAD; i++) {
		if (i < count)
			__builtin_prefetch((const char *)found[i].start - 8);
		if (i >= AHEAD)
			add_block(filling, &found[i - AHEAD]);
	}
}

static void
set_span(struct nodes *nodes)
{
	const struct graph_block *last;

	if (nodes->count == 0)
		return;
	last = &nodes->blocks[nodes->count - 1];
	nodes->low = nodes->blocks[0].start;
	/* One without bytes has its first. */
	nodes->span = last->start + nodes_get_bytes(last) + 1 - nodes->low;
}

int
nodes_init(struct nodes *nodes, const struct memory_map *map, int (*check)(uint64_t bytes))
{
	struct counting counting = {.last_region = UINT64_MAX};
	struct filling filling = {.nodes = nodes, .last_region = UINT64_MAX, .map = map};

	*nodes = (struct nodes){.slot_shift = real.is_glibc ? 4 : 3};
	if (!block_table_each(count_blocks, &counting))
		return -ENOMEM;
	filling.capacity = counting.blocks;
	nodes->region_count = counting.regions;
	nodes->blocks_bytes = (counting.blocks + 1) * sizeof *nodes->blocks;
	nodes->places_bytes =
		(counting.regions + 1) * places_per_region(nodes) * sizeof *nodes->places;
	/* The tables, and as much of them in the file, with an edge for each. */
	if (check != NULL && check(2 * nodes->blocks_bytes + nodes->places_bytes +
				   counting.blocks * sizeof(struct graph_edge)) != 0)
		return -ENOMEM;
	nodes->blocks = os_map_dense(nodes->blocks_bytes);
	nodes->places = os_map_dense(nodes->places_bytes);
	nodes->index = os_map(TOP_COUNT * sizeof *nodes->index, false);
	if (nodes->blocks == NULL || nodes->places == NULL || nodes->index == NULL ||
	    !block_table_each(add_blocks, &filling))
		return -ENOMEM;
	if (filling.error == 0)
		fill_places(&filling, (nodes->region_count + 1) * places_per_region(nodes));
	set_span(nodes);
	return filling.error;
}

void
nodes_release(struct nodes *nodes)
{
	for (size_t i = 0; nodes->index != NULL && i < TOP_COUNT; i++)
		if (nodes->index[i] != NULL)
			os_unmap(nodes->index[i], REGIONS * sizeof **nodes->index);
	if (nodes->index != NULL)
		os_unmap(nodes->index, TOP_COUNT * sizeof *nodes->index);
	if (nodes->blocks != NULL)
		os_unmap(nodes->blocks, nodes->blocks_bytes);
	if (nodes->places != NULL)
		os_unmap(nodes->places, nodes->places_bytes);
	*nodes = (struct nodes){0};
}

const struct nodes_place *
nodes_find_place(const struct nodes *nodes, uint64_t word)
{
	const uint32_t *regions = nodes->index[word >> TOP_SHIFT & (TOP_COUNT - 1)];
	uint32_t number = regions != NULL ? regions[word >> REGION_SHIFT & (REGIONS - 1)] : 0;
	size_t place = (word & (((uint64_t)1 << REGION_SHIFT) - 1)) >> (nodes->slot_shift + 6);

	return number != 0 ? &nodes->places[number * places_per_region(nodes) + place] : NULL;
}

/* Of a large block, far from its start. */
static size_t
search_before(const struct nodes *nodes, uint64_t word)
{
	size_t low = 0, high = nodes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes->blocks[middle].start <= word)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 ? low - 1 : NODES_NONE;
}

/* The processors that have an instruction for it are not all. */
static unsigned
count_bits(uint64_t word)
{
	word -= word >> 1 & 0x5555555555555555;
	word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (unsigned)(word * 0x0101010101010101 >> 56);
}

size_t
nodes_guess_before(const struct nodes *nodes, const struct nodes_place *place, uint64_t word)
{
	uint64_t slot = word >> nodes->slot_shift & (SLOTS - 1), below;
	size_t found;

	if (place == NULL)
		return search_before(nodes, word);
	below = ((uint64_t)2 << slot) - 1;
	found = place->before + count_bits(place->bits & below);
	return found != 0 ? found - 1 : NODES_NONE;
}
