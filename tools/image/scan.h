/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - words of memory become arcs of a graph
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/block_index.h"
#include "model/graph.h"
#include "util/array.h"

struct image;

struct scan {
	const struct image *image;
	struct block_index index;
	ARRAY(struct graph_arc) arcs;
	ARRAY(struct graph_far_arc) far;
	size_t source;      /* of what follows */
	bool is_allocators; /* pointers at the heads of free blocks are none of the program's */
	uint64_t sum;       /* of the words of the source */
	uint64_t read_bytes, missed_bytes;
	uint64_t *buffer;
	uint64_t at, end; /* what is in it */
};

void scan_init(struct scan *scan, const struct image *image, const struct graph_node *blocks,
	       size_t count);
void scan_release(struct scan *scan);

/* Memory from start to end, which is number `place` of the words of the source. What cannot be read
 * is counted as missed. */
void scan_memory(struct scan *scan, uint64_t start, uint64_t end, uint64_t place);

/* The sum of all words since the last time it was taken: another one, but for once in 65,536 times,
 * if a word has changed. Words of zero and what was never touched count alike. */
uint16_t scan_take_sum(struct scan *scan);

/* Words that are no memory of the process. */
void scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t place);

#endif
