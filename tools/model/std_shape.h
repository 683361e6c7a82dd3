/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * std_shape.h - containers of the C++ library, found by how their nodes point at each other
 *
 *     list            object { first, last }            nodes { next, previous, ... }, a ring
 *     map, set        object { root, first, last }      nodes { colour, parent, left, right, ... }
 *     unordered_map   object { buckets, -, first, - }   nodes { next, ... }, and buckets at them
 *
 * All nodes that an object leads to are of one size, each of them is pointed back at, and who
 * allocates them may allocate such nodes: else it is something else.
 */
#ifndef STD_SHAPE_H
#define STD_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/std_node.h"

struct graph;

struct std_shape {
	enum std_node node;
	size_t source;         /* that has the object */
	uint64_t arc;          /* the first of it */
	const uint32_t *nodes; /* blocks */
	size_t count;
};

/* Call `found` for each container of a graph, none of whose nodes is in another. Sites are as
 * `std_node_find_sites` has them. */
void std_shape_each(const struct graph *graph, const enum std_node *sites, uint32_t site_count,
		    void (*found)(void *context, const struct std_shape *shape), void *context);

#endif
