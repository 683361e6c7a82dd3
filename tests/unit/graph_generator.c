/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "graph_generator.h"

#include <string.h>

#define SECTION(section, member)                                       \
	whole.header.sections[section] = (struct graph_extent)         \
	{                                                              \
		offsetof(struct generated_graph, member),              \
			sizeof(whole.member) / sizeof(whole.member[0]) \
	}

struct generated_graph
generated_graph_make(void)
{
	struct generated_graph whole = {
		.header = {.byte_order = GRAPH_BYTE_ORDER,
			   .version = GRAPH_VERSION,
			   .file_bytes = sizeof(whole),
			   .mode = GRAPH_LIVE_TWIN,
			   .serial = 7},
		.edges = {{.target = 1, .pointer = GRAPH_POINTER_BASE, .offset = 9, .word = 3},
			  {.target = 0}},
		.first = {0, 1, 1, 2},
		.blocks = {{.start = 0x1000, .bytes_low = 16, .site = 1},
			   {.start = 0x2000, .bytes_high = 1, .bytes_low = 5, .site = 2}},
		.roots = {{.start = 0x8000, .end = 0x9000, .kind = GRAPH_ROOT_MAPPING, .name = 1}},
		.strings = "\0[heap]",
	};

	memcpy(whole.header.magic, GRAPH_MAGIC, sizeof(whole.header.magic));
	SECTION(GRAPH_EDGES, edges);
	SECTION(GRAPH_FIRST, first);
	SECTION(GRAPH_BLOCKS, blocks);
	SECTION(GRAPH_ROOTS, roots);
	SECTION(GRAPH_STRINGS, strings);
	return whole;
}
