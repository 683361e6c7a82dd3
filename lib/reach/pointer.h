/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pointer.h - how a word points at a block: at its start, or into it
 */
#ifndef POINTER_H
#define POINTER_H

#include "include/graph.h"
#include "reach/memory_map.h"

/* `word` is within block, which can be read. The tests are those of memcheck's heuristics. [signal]
 */
enum graph_pointer pointer_classify(const struct memory_map *map, const struct graph_block *block,
				    uint64_t word);

/* Whether a table of functions is at address, in what a file has: of so many words each is 0 or a
 * function, up to so many functions. [signal] */
bool pointer_is_table(const struct memory_map *map, uint64_t address, unsigned words,
		      unsigned functions);

#endif
