/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pointer.h - how a word points at a block, and which blocks are objects with virtual functions
 */
#ifndef POINTER_H
#define POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/graph.h"

struct image;

/* `word` is within block. The tests are those of memcheck's heuristics. */
enum graph_how pointer_classify(const struct image *image, const struct graph_node *block,
				uint64_t word);

/* The address of the table of virtual functions that a block begins with, or has behind the count
 * of new[]; 0 if it has none. */
uint64_t pointer_find_table(const struct image *image, const struct graph_node *block,
			    bool *ret_is_array);

#endif
