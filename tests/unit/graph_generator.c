/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "graph_generator.h"

#include <string.h>

#define EXTENT(extent, member)                                         \
	whole.header.extent = (struct graph_extent)                    \
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
		.edges = {{.target = 1,
			   .pointer = GRAPH_POINTER_BASE,
			   .offset = GRAPH_OFFSET_MAX,
			   .word = 3},
			  {.target = 0}},
		.first = {0, 1, 1, 2},
		.blocks = {{.start = 0x1000, .bytes_low = 16, .site = 1},
			   {.start = 0x2000, .bytes_high = 1, .bytes_low = 5, .site = 2}},
		.roots = {{.start = 0x8000, .end = 0x9000, .kind = GRAPH_ROOT_MAPPING, .name = 1}},
		.threads = {{.control = 0x9900, .id = 8}, {.control = 0x9800, .id = 7}},
		.far = {{.edge = 0, .offset = 0x1234, .word = 3}},
		.objects = {{.block = 1, .table = 0, .is_array = 1}},
		.classes = {0x7f0000001010},
		.locals = {{.start = 0x8800, .end = 0x8820, .bias = 0x7f0000000000, .thread = 7},
			   {.start = 0x8840, .end = 0x8848, .thread = 8, .name = 1}},
		.sums = {0x1234, 0x5678},
		.strings = "\0[heap]",
	};

	memcpy(whole.header.magic, GRAPH_MAGIC, sizeof(whole.header.magic));
	EXTENT(sections[GRAPH_EDGES], edges);
	EXTENT(sections[GRAPH_FIRST], first);
	EXTENT(sections[GRAPH_BLOCKS], blocks);
	EXTENT(sections[GRAPH_ROOTS], roots);
	EXTENT(sections[GRAPH_STRINGS], strings);
	EXTENT(thread_table, threads);
	EXTENT(far_table, far);
	EXTENT(object_table, objects);
	EXTENT(class_table, classes);
	EXTENT(local_table, locals);
	EXTENT(sum_table, sums);
	return whole;
}
