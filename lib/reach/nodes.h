/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nodes.h - all blocks that live, and which of them a word points at
 *
 *     word -> place of 64 slots { bit map of the slots with a start, starts before }
 *          -> before + bits up to here - 1 -> block
 *
 * No search at all, but for words into blocks so large that no other starts near the word.
 */
#ifndef NODES_H
#define NODES_H

#include "base/base.h"
#include "include/graph.h"
#include "reach/memory_map.h"

#define NODES_NONE SIZE_MAX

struct nodes_place {
	uint64_t bits;
	uint64_t before;
};

struct nodes {
	struct graph_block *blocks;
	size_t count;
	uint64_t low, span; /* no block holds a word w unless w - low < span */

	unsigned slot_shift; /* log2 of the address bytes that share a bit */
	uint32_t **index;    /* by the upper bits of an address: numbers of its regions' places */
	struct nodes_place *places;
	size_t region_count;
	size_t blocks_bytes, places_bytes;
};

/*
 * From the table of blocks, which is held, as far as their memory is on the map. `check` is asked
 * whether so many bytes may be used, by this and for what is to be written; NULL: any. 0 or -errno;
 * to be released in any case. [signal]
 */
int nodes_init(struct nodes *nodes, const struct memory_map *map, int (*check)(uint64_t bytes));
void nodes_release(struct nodes *nodes);

static inline uint64_t
nodes_get_bytes(const struct graph_block *block)
{
	return (uint64_t)block->bytes_high << 32 | block->bytes_low;
}

/* Where what is known of a word's neighbourhood is, or NULL. */
const struct nodes_place *nodes_find_place(const struct nodes *nodes, uint64_t word);

/* The last block whose slot is at or below that of a word; NODES_NONE. No block is read for it. */
size_t nodes_guess_before(const struct nodes *nodes, const struct nodes_place *place,
			  uint64_t word);

/* The last block that starts at or below a word, from that; NODES_NONE. */
static inline size_t
nodes_find_before(const struct nodes *nodes, size_t guess, uint64_t word)
{
	/* Its slot may begin before the word, but not the block. */
	if (guess != NODES_NONE && nodes->blocks[guess].start > word)
		return guess != 0 ? guess - 1 : NODES_NONE;
	return guess;
}

#endif
