/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_index.h - which block an address is in
 */
#ifndef BLOCK_INDEX_H
#define BLOCK_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "model/graph.h"
#include "util/array.h"

#define BLOCK_INDEX_NONE SIZE_MAX

struct block_index {
	const struct graph_node *blocks;
	size_t count;
	uint64_t low, span;     /* no block holds a word w unless w - low < span */
	uint32_t *regions;      /* by the upper bits: the number of a region with blocks, or 0 */
	ARRAY(uint32_t) before; /* of each page of these: how many blocks begin before it */
};

/* The blocks are in order, and stay. */
void block_index_init(struct block_index *index, const struct graph_node *blocks, size_t count);
void block_index_release(struct block_index *index);

/* The last block that begins at or before an address, or BLOCK_INDEX_NONE. */
size_t block_index_find_before(const struct block_index *index, uint64_t address);

#endif
