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

#endif
