/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * objects.h - blocks that begin with the address of a table of virtual functions, as objects of C++
 * do
 *
 * Only the address is kept, and only one that points into what a file has that can neither be
 * written nor executed. What class it is of is the command's to find out.
 */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "base/base.h"
#include "include/graph.h"
#include "reach/memory_map.h"

#define OBJECTS_WORDS_MAX ((size_t)1 << 16) /* that are looked at; more are taken for nothing */

struct objects_word;

struct objects {
	const struct memory_map *map;
	struct graph_object *items; /* by block */
	size_t count, items_bytes;
	uint64_t *tables; /* addresses, as they came */
	size_t table_count;
	struct objects_word *words; /* what was looked at */
	size_t word_count;
	uint64_t last_word; /* many come in rows */
	uint32_t last_table;
	uint64_t near[64]; /* a bit for each part of the address space that has such tables, by hash
			    */
};

/* For at most so many blocks. Without memory it stays empty. To be released. [signal] */
void objects_init(struct objects *objects, const struct memory_map *map, size_t block_count);
void objects_release(struct objects *objects);

/* Look at a block whose memory can be read; in ascending order. [signal] */
void objects_take(struct objects *objects, uint32_t number, const struct graph_block *block);

#endif
