/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/owner_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/owner.h"
#include "util/xalloc.h"

struct search {
	struct owner_paths *paths;
	const struct graph *graph;
	const struct owner_set *owners;
	uint32_t *
		reached; /* blocks in the order in which they were; the first `done` are followed */
	size_t count, done;
};

static void
reach(struct search *search, uint32_t block, uint32_t from)
{
	if (search->paths->from[block] != OWNER_PATH_NONE)
		return;
	search->paths->from[block] = from;
	search->reached[search->count++] = block;
}

static bool
is_wanted(const struct graph *graph, uint64_t arc, bool any)
{
	return any || graph->arcs[arc].how != GRAPH_INTERIOR;
}

static void
follow_owners(struct search *search, bool passing, bool any)
{
	const struct owner_set *owners = search->owners;
	const struct graph *graph = search->graph;
	uint32_t blocks = search->paths->block_count;

	for (uint64_t a = owners->first; a < graph->arc_count; a++) {
		uint32_t owner = owners->of_arc[a - owners->first];

		if (owner != OWNER_NONE && owner_is_passing(&owners->owners[owner]) == passing &&
		    is_wanted(graph, a, any))
			reach(search, graph->arcs[a].target, blocks + owner);
	}
	for (uint32_t i = 0; i < blocks && owners->loader != OWNER_NONE && !passing; i++)
		if (owner_set_is_loaders(owners, graph, i))
			reach(search, i, blocks + owners->loader);
}

static void
follow_blocks(struct search *search, bool any)
{
	const struct graph *graph = search->graph;

	while (search->done < search->count) {
		uint32_t block = search->reached[search->done++];

		for (uint64_t a = graph->first[block]; a < graph->first[block + 1]; a++)
			if (is_wanted(graph, a, any))
				reach(search, graph->arcs[a].target, block);
	}
}

void
owner_paths_init(struct owner_paths *paths, const struct graph *graph,
		 const struct owner_set *owners)
{
	struct search search = {.paths = paths, .graph = graph, .owners = owners};

	paths->block_count = (uint32_t)graph->block_count;
	paths->from = xmalloc((graph->block_count + 1) * sizeof(*paths->from));
	memset(paths->from, 0xff, graph->block_count * sizeof(*paths->from));
	search.reached = xmalloc((graph->block_count + 1) * sizeof(*search.reached));
	for (int turn = 0; turn < 4; turn++) {
		search.done = 0;
		follow_owners(&search, turn / 2, turn % 2);
		follow_blocks(&search, turn % 2);
	}
	free(search.reached);
}

void
owner_paths_release(struct owner_paths *paths)
{
	free(paths->from);
	memset(paths, 0, sizeof(*paths));
}

size_t
owner_paths_get(const struct owner_paths *paths, uint32_t block, uint32_t *ret_owner,
		uint32_t **ret_blocks)
{
	size_t count = 0;
	uint32_t at;

	if (paths->from[block] == OWNER_PATH_NONE)
		return 0;
	for (at = block; at < paths->block_count; at = paths->from[at])
		count++;
	*ret_owner = at - paths->block_count;
	*ret_blocks = xmalloc(count * sizeof(**ret_blocks));
	at = block;
	for (size_t i = count; i-- > 0; at = paths->from[at])
		(*ret_blocks)[i] = at;
	return count;
}
