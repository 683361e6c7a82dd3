/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/anchor_graph.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "image/image.h"
#include "image/image_graph.h"
#include "image/image_known.h"
#include "image/living.h"
#include "model/graph.h"
#include "model/memory.h"
#include "read/snapshot_anchor.h"
#include "util/clock.h"

#define RETRIES 5 /* of tables that change while they are read */

/* From what was read of the tables to the graph of the process. */
void
anchor_graph_make(struct graph *graph, struct image *image, const struct snapshot_anchor *anchor,
		  const struct memory *memory, uint64_t start_ns)
{
	const struct image_known known = {
		.blocks = memory->blocks.items,
		.block_count = memory->blocks.count,
		.leaves = memory->leaves.items,
		.leaf_count = memory->leaves.count,
		.own = anchor->own.items,
		.own_count = anchor->own.count,
		.is_glibc = anchor->is_glibc,
		.has_unknown_blocks = anchor->has_unknown_blocks,
		.misses_blocks = anchor->misses_blocks,
		.layout = anchor->layout,
	};

	image_graph_make(graph, image, &known);
	graph->start_monotonic_ns = anchor->start_monotonic_ns;
	graph->pid = anchor->pid;
	graph->site_base = anchor->site_base;
	graph->quality.scan_ns = clock_get_ns(CLOCK_MONOTONIC) - start_ns;
}

/* Tables that grow meanwhile are read again. */
static int
read_living(struct image *image, pid_t pid, struct snapshot_anchor *anchor, struct memory *memory)
{
	int result = living_open(image, pid);

	if (result != 0)
		return result;
	result = snapshot_anchor_find(image, anchor);
	for (unsigned i = 0; i < RETRIES && result == 0; i++) {
		memory_clear(memory);
		result = snapshot_anchor_read_blocks(image, anchor, memory);
		if (result != -ENODATA)
			break;
		result = i + 1 < RETRIES ? 0 : result;
	}
	return result;
}

int
anchor_graph_look(pid_t pid, uint64_t start_monotonic_ns, struct graph *ret_graph)
{
	uint64_t start_ns = clock_get_ns(CLOCK_MONOTONIC);
	struct snapshot_anchor anchor = {0};
	struct memory memory;
	struct image image;
	int result;

	memory_init(&memory);
	result = read_living(&image, pid, &anchor, &memory);
	if (result == 0 && anchor.start_monotonic_ns != start_monotonic_ns)
		result = -ESRCH;
	if (result == 0) {
		anchor_graph_make(ret_graph, &image, &anchor, &memory, start_ns);
		ret_graph->quality.taken = GRAPH_TAKEN_FROM_OUTSIDE;
		ret_graph->quality.no_registers = true;
		ret_graph->quality.taken_ns = start_ns - anchor.start_monotonic_ns;
		result = living_confirm(&image);
		if (result != 0)
			graph_release(ret_graph);
	}
	memory_release(&memory);
	snapshot_anchor_release(&anchor);
	image_release(&image);
	return result;
}
