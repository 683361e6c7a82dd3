/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph_generator.h - a small graph as the runtime writes it, to be damaged
 */
#ifndef GRAPH_GENERATOR_H
#define GRAPH_GENERATOR_H

#include "graph.h"

#define GENERATED_GRAPH_SITES 2

struct generated_graph {
	struct graph_header header;
	struct graph_edge edges[2];
	uint64_t first[4];
	struct graph_block blocks[2];
	struct graph_root roots[1];
	struct graph_thread threads[2];
	struct graph_far far[1];
	struct graph_object objects[1];
	uint64_t classes[1];
	struct graph_local locals[2];
	uint16_t sums[2];
	char strings[8];
};

/* Two blocks: the first points far into the second, and a mapping at the first. */
struct generated_graph generated_graph_make(void);

#endif
