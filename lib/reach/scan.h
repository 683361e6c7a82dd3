/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - words of memory become edges of a graph
 *
 * Memory is read in the order of its sources: every block once, in the order of addresses, then the
 * roots. Nearly all words are rejected by one comparison; the others are looked up together, so
 * that the caches are filled for one while the next is looked at.
 */
#ifndef SCAN_H
#define SCAN_H

#include "base/base.h"
#include "reach/far_places.h"
#include "reach/graph_writer.h"
#include "reach/memory_map.h"
#include "reach/nodes.h"

#define SCAN_CHECK_BYTES ((uint64_t)8 << 20) /* that are read between two checks */

#define SCAN_BATCH       64

struct scan_candidate {
	uint64_t word;
	uint32_t source;
	uint64_t place; /* in the source, in words */
	const struct nodes_place *near;
	size_t block;
};

struct scan {
	const struct nodes *nodes;
	const struct memory_map *map;
	const struct mapping *last_mapping; /* where a block was, all of which can be read */
	struct graph_writer *writer;
	struct far_places far;
	uint64_t *first; /* of each source; that of the next is known when an edge of it is */
	uint64_t edge_count;
	uint32_t source, written_source;
	bool is_allocators; /* pointers at the heads of free blocks are none of the program's */
	int pagemap;        /* or negative */
	const struct mapping *asked_mapping;
	bool knows_holes; /* of it */
	uint64_t checked_bytes;
	int (*check)(void); /* -errno: it is not to go on; or NULL */
	int error;          /* that, or -ETIMEDOUT: the rest was left out */
	char *copy;
	uint64_t read_bytes;
	uint32_t key;         /* of sums; 0: none are made */
	uint64_t sum;         /* of the words of the source */
	uint64_t deadline_ns; /* 0: none */
	bool has_failed;      /* some page could not be read */
	uint32_t used;
	struct scan_candidate batch[SCAN_BATCH];
};

/* Before the process forbids dumps of itself: its pages cannot be looked at any more then. */
void scan_open(struct scan *scan, uint64_t deadline_ns);

/* `first` has room for one more than there are sources. 0 or -errno; to be released. [signal] */
int scan_init(struct scan *scan, const struct nodes *nodes, const struct memory_map *map,
	      struct graph_writer *writer, uint64_t *first);
void scan_release(struct scan *scan);

/* What follows is of this source; in ascending order. [signal] */
void scan_begin_source(struct scan *scan, uint32_t source);

/* Ask `check`, if much was read since the last time. False when it is not to go on. [signal] */
bool scan_goes_on(struct scan *scan);

/* The words of a block, which is the source. Whether it can be read as it is. [signal] */
bool scan_block(struct scan *scan, const struct graph_block *block);

/* The words from start to end, of this mapping; the first word is number `place` of the source.
 * What cannot be read is passed over. [signal] */
void scan_memory(struct scan *scan, uint64_t start, uint64_t end, uint64_t place,
		 const struct mapping *mapping);

/* Words that are no memory of the program's. [signal] */
void scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t place);

/* The sum of all words since the last time it was taken: another one, but for once in 65,536 times,
 * if a word has changed. Words of zero and pages that are not there count alike. [signal] */
uint16_t scan_take_sum(struct scan *scan);

/* All edges are written; `source_count` is the number of all. [signal] */
void scan_finish(struct scan *scan, uint32_t source_count);

#endif
