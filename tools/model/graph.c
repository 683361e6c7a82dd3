/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/graph.h"

#include <stdlib.h>
#include <string.h>

#include "util/span.h"

static bool
blocks_are_valid(const struct graph *graph)
{
	uint64_t end = 0;

	for (size_t i = 0; i < graph->block_count; i++) {
		const struct graph_node *block = &graph->blocks[i];
		uint64_t bytes = graph_get_bytes(block);

		/* The first byte of one without bytes is its own. */
		if (block->start < end || block->start == 0 || block->site == 0 ||
		    block->site > graph->site_count)
			return false;
		end = block->start + (bytes != 0 ? bytes : 1);
	}
	return true;
}

static bool
arcs_are_valid(const struct graph *graph)
{
	size_t sources = graph->block_count + graph->root_count;

	if (graph->first[0] != 0 || graph->first[sources] != graph->arc_count)
		return false;
	for (size_t i = 0; i < sources; i++)
		if (graph->first[i] > graph->first[i + 1])
			return false;
	for (size_t i = 0; i < graph->arc_count; i++)
		if (graph->arcs[i].target >= graph->block_count || graph->arcs[i].how >= GRAPH_HOWS)
			return false;
	return true;
}

static bool
shares_are_valid(const struct graph *graph)
{
	for (size_t i = 0; i < graph->share_count; i++) {
		const struct graph_share *share = &graph->shares[i];

		if (share->start >= share->end || share->name >= graph->string_bytes ||
		    (i != 0 && share->start < graph->shares[i - 1].end))
			return false;
	}
	return true;
}

/* Also those of threads in order, far places of arcs that are there, and instances of blocks that
 * are. */
static bool
others_are_valid(const struct graph *graph)
{
	for (size_t i = 1; i < graph->thread_count; i++)
		if (graph->threads[i].control < graph->threads[i - 1].control)
			return false;
	for (size_t i = 0; i < graph->far_count; i++)
		if (graph->far[i].arc >= graph->arc_count ||
		    (i != 0 && graph->far[i].arc <= graph->far[i - 1].arc))
			return false;
	for (size_t i = 0; i < graph->instance_count; i++)
		if (graph->instances[i].block >= graph->block_count ||
		    graph->instances[i].table >= graph->table_count ||
		    (i != 0 && graph->instances[i].block <= graph->instances[i - 1].block))
			return false;
	return true;
}

bool
graph_is_valid(const struct graph *graph)
{
	if (graph->block_count >= UINT32_MAX || graph->root_count >= UINT32_MAX ||
	    graph->string_bytes == 0 || graph->strings[0] != '\0' ||
	    graph->strings[graph->string_bytes - 1] != '\0')
		return false;
	for (size_t i = 0; i < graph->root_count; i++) {
		const struct graph_area *root = &graph->roots[i];

		if (root->start > root->end || root->kind >= GRAPH_AREA_KINDS ||
		    root->name >= graph->string_bytes)
			return false;
	}
	return blocks_are_valid(graph) && arcs_are_valid(graph) && others_are_valid(graph) &&
	       shares_are_valid(graph);
}

size_t
graph_find(const struct graph *graph, uint64_t address)
{
	size_t low = 0, high = graph->block_count;
	uint64_t bytes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->blocks[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return SIZE_MAX;
	bytes = graph_get_bytes(&graph->blocks[low - 1]);
	return address - graph->blocks[low - 1].start < (bytes != 0 ? bytes : 1) ? low - 1
										 : SIZE_MAX;
}

const struct graph_share *
graph_find_share(const struct graph *graph, uint64_t address)
{
	size_t found =
		span_find(graph->shares, graph->share_count, sizeof(*graph->shares), address);
	const struct graph_share *share = &graph->shares[found];

	return found < graph->share_count && share->start <= address ? share : NULL;
}

bool
graph_has(const struct graph *graph, const struct graph_node *block)
{
	size_t found = graph_find(graph, block->start);
	const struct graph_node *other = found != SIZE_MAX ? &graph->blocks[found] : NULL;

	return other != NULL && other->start == block->start && other->site == block->site &&
	       graph_get_bytes(other) == graph_get_bytes(block);
}

bool
graph_get_places(const struct graph *graph, uint64_t arc, uint64_t *ret_word, uint64_t *ret_offset)
{
	const struct graph_arc *found = &graph->arcs[arc];
	size_t low = 0, high = graph->far_count;

	*ret_word = found->word;
	*ret_offset = found->offset;
	if (found->offset != GRAPH_OFFSET_MOST && found->word != GRAPH_WORD_MOST)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->far[middle].arc < arc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == graph->far_count || graph->far[low].arc != arc)
		return false;
	*ret_word = graph->far[low].word;
	*ret_offset = graph->far[low].offset;
	return true;
}

void
graph_release(struct graph *graph)
{
	free(graph->blocks);
	free(graph->roots);
	free(graph->threads);
	free(graph->far);
	free(graph->instances);
	free(graph->tables);
	free(graph->shares);
	free(graph->first);
	free(graph->arcs);
	free(graph->sums);
	free(graph->strings);
	memset(graph, 0, sizeof(*graph));
}
