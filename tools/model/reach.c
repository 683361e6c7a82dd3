/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/reach.h"

#include <stdlib.h>
#include <string.h>

#include "model/components.h"
#include "model/graph.h"
#include "util/array.h"
#include "util/xalloc.h"

#define UNREACHED REACH_DEFINITE /* until heads are found */
#define AHEAD     16u            /* a power of two */

const char *const reach_kind_names[REACH_KINDS] = {"definite", "indirect", "possible", "reachable"};

struct marking {
	const struct graph *graph;
	const struct reach_options *options;
	struct reach *reach;
	ARRAY(uint32_t) waiting; /* reached, and its arcs are not followed yet */
};

/* --- handles --- */

/* Of how many blocks each site is, and how many of these are held by each offset. */
struct handle_count {
	uint32_t blocks;
	uint32_t offsets; /* first of REACH_HANDLE_MOST numbers, plus one; 0: none is held inside */
};

static void
count_handles(const struct graph *graph, const uint64_t *seen, struct handle_count *sites,
	      uint32_t *counts)
{
	uint32_t used = 0;

	for (size_t i = 0; i < graph->block_count; i++) {
		struct handle_count *site = &sites[graph->blocks[i].site];

		site->blocks++;
		if (seen[i] == 0)
			continue;
		if (site->offsets == 0) {
			site->offsets = used + 1;
			used += REACH_HANDLE_MOST;
		}
		for (uint64_t rest = seen[i]; rest != 0; rest &= rest - 1)
			counts[site->offsets - 1 + (uint32_t)__builtin_ctzll(rest)]++;
	}
}

static uint8_t
choose_handle(const struct handle_count *site, const uint32_t *counts)
{
	for (uint32_t i = 0; site->offsets != 0 && i < REACH_HANDLE_MOST; i++)
		if (site->blocks >= REACH_HANDLE_BLOCKS &&
		    (uint64_t)counts[site->offsets - 1 + i] * 100 >=
			    (uint64_t)site->blocks * REACH_HANDLE_PERCENT)
			return (uint8_t)(i + 1);
	return 0;
}

/* Sites that any arc leads into, so that only these need numbers. */
static size_t
count_held_sites(const struct graph *graph, const uint64_t *seen, uint32_t site_count)
{
	bool *held = xcalloc(site_count, sizeof(*held));
	size_t count = 0;

	for (size_t i = 0; i < graph->block_count; i++) {
		bool *site = &held[graph->blocks[i].site];

		count += seen[i] != 0 && !*site;
		*site |= seen[i] != 0;
	}
	free(held);
	return count;
}

static void
find_handles(const struct graph *graph, struct reach *reach)
{
	uint64_t *seen = xcalloc(graph->block_count + 1, sizeof(*seen));
	struct handle_count *sites = xcalloc(reach->site_count, sizeof(*sites));
	uint32_t *counts;

	for (size_t i = 0; i < graph->arc_count; i++) {
		const struct graph_arc *arc = &graph->arcs[i];

		if (arc->how == GRAPH_INTERIOR && arc->offset >= 1 &&
		    arc->offset <= REACH_HANDLE_MOST)
			seen[arc->target] |= (uint64_t)1 << (arc->offset - 1);
	}
	counts = xcalloc(count_held_sites(graph, seen, reach->site_count) + 1,
			 REACH_HANDLE_MOST * sizeof(*counts));
	count_handles(graph, seen, sites, counts);
	for (uint32_t i = 0; i < reach->site_count; i++)
		reach->handles[i] = choose_handle(&sites[i], counts);
	free(seen);
	free(sites);
	free(counts);
}

/* --- what is reached --- */

static bool
counts_as_start(const struct marking *marking, const struct graph_arc *arc)
{
	if (arc->how == GRAPH_START)
		return true;
	if (arc->how != GRAPH_INTERIOR)
		return marking->options->heuristics != REACH_HEURISTICS_NONE;
	return arc->offset != 0 &&
	       arc->offset == marking->reach->handles[marking->graph->blocks[arc->target].site];
}

static void
reach_block(struct marking *marking, uint32_t block, enum reach_kind kind, enum reach_reason reason)
{
	if (marking->reach->kinds[block] != UNREACHED)
		return;
	marking->reach->kinds[block] = (uint8_t)kind;
	marking->reach->reasons[block] = (uint8_t)reason;
	*array_push(&marking->waiting) = block;
}

/* The arcs of one source; of those that only lead to a possible block, all. */
static void
follow(struct marking *marking, size_t source, enum reach_kind kind, enum reach_reason reason)
{
	const struct graph *graph = marking->graph;

	for (uint64_t a = graph->first[source]; a < graph->first[source + 1]; a++)
		if (kind == REACH_POSSIBLE || counts_as_start(marking, &graph->arcs[a]))
			reach_block(marking, graph->arcs[a].target, kind, reason);
}

/*
 * Arcs lead anywhere, so what is needed of a block is fetched while others are followed: where its
 * arcs begin, and then the arcs. The order in which blocks are reached changes nothing.
 */
static void
follow_all(struct marking *marking, enum reach_kind kind, enum reach_reason reason)
{
	const struct graph *graph = marking->graph;
	uint32_t next[AHEAD];
	unsigned first = 0, end = 0;

	for (;;) {
		while (end - first < AHEAD && marking->waiting.count > 0) {
			uint32_t block = marking->waiting.items[--marking->waiting.count];

			next[end++ % AHEAD] = block;
			__builtin_prefetch(&graph->first[block]);
		}
		if (first == end)
			return;
		if (end - first > AHEAD / 2)
			__builtin_prefetch(
				&graph->arcs[graph->first[next[(first + AHEAD / 2) % AHEAD]]]);
		follow(marking, next[first++ % AHEAD], kind, reason);
	}
}

static bool
is_dead(const struct graph *graph, size_t root)
{
	return graph->roots[root].kind == GRAPH_AREA_DEAD_STACK;
}

static void
mark_reachable(struct marking *marking)
{
	const struct graph *graph = marking->graph;
	const struct reach_options *options = marking->options;

	for (size_t i = 0; i < graph->block_count && options->root_sites != NULL; i++)
		if (graph->blocks[i].site < options->root_site_count &&
		    options->root_sites[graph->blocks[i].site])
			reach_block(marking, (uint32_t)i, REACH_REACHABLE, 0);
	for (size_t i = 0; i < graph->root_count; i++)
		if (!is_dead(graph, i))
			follow(marking, graph->block_count + i, REACH_REACHABLE, 0);
	follow_all(marking, REACH_REACHABLE, 0);
}

static void
mark_possible(struct marking *marking)
{
	const struct graph *graph = marking->graph;

	for (size_t i = 0; i < graph->root_count; i++)
		if (!is_dead(graph, i))
			follow(marking, graph->block_count + i, REACH_POSSIBLE,
			       REACH_REASON_INTERIOR);
	for (size_t i = 0; i < graph->block_count; i++)
		if (marking->reach->kinds[i] == REACH_REACHABLE)
			follow(marking, i, REACH_POSSIBLE, REACH_REASON_INTERIOR);
	follow_all(marking, REACH_POSSIBLE, REACH_REASON_INTERIOR);
	for (size_t i = 0; i < graph->root_count; i++)
		if (is_dead(graph, i))
			follow(marking, graph->block_count + i, REACH_POSSIBLE,
			       REACH_REASON_DEAD_STACK);
	follow_all(marking, REACH_POSSIBLE, REACH_REASON_DEAD_STACK);
}

/* --- what is not --- */

/* Everything that can be reached from a head, and hangs on no other yet. */
static void
hang_on(struct marking *marking, uint32_t head)
{
	const struct graph *graph = marking->graph;
	struct reach *reach = marking->reach;

	reach->heads[head] = head;
	*array_push(&marking->waiting) = head;
	while (marking->waiting.count > 0) {
		uint32_t block = marking->waiting.items[--marking->waiting.count];

		for (uint64_t a = graph->first[block]; a < graph->first[block + 1]; a++) {
			uint32_t target = graph->arcs[a].target;

			if (reach->heads[target] != REACH_NO_HEAD ||
			    reach->kinds[target] != REACH_INDIRECT)
				continue;
			reach->heads[target] = head;
			*array_push(&marking->waiting) = target;
		}
	}
}

static void
find_heads(struct marking *marking)
{
	struct reach *reach = marking->reach;
	struct components components;

	components_init(&components, marking->graph, reach->kinds, UNREACHED);
	for (size_t i = 0; i < marking->graph->block_count; i++) {
		if (components.of[i] == COMPONENT_NONE)
			continue;
		reach->kinds[i] = REACH_INDIRECT;
		reach->in_rings[i] = !components.components[components.of[i]].is_entered;
	}
	for (uint32_t i = 0; i < components.count; i++) {
		const struct component *component = &components.components[i];

		if (component->is_entered)
			continue;
		reach->kinds[component->head] = REACH_DEFINITE;
		if (component->blocks > 1)
			reach->rings[component->head] = component->blocks;
	}
	for (size_t i = 0; i < marking->graph->block_count; i++)
		if (reach->kinds[i] == REACH_DEFINITE)
			hang_on(marking, (uint32_t)i);
	components_release(&components);
}

/* All that is not reached. */
static void
doubt_all(struct marking *marking)
{
	struct reach *reach = marking->reach;

	for (size_t i = 0; i < marking->graph->block_count; i++) {
		if (reach->kinds[i] != UNREACHED)
			continue;
		reach->kinds[i] = REACH_POSSIBLE;
		reach->reasons[i] = REACH_REASON_NOT_INHERITED;
	}
}

/* Who writes to a block without a pointer that is seen comes from there to what it points at. */
static void
doubt_some(struct marking *marking, const uint8_t *doubts)
{
	struct reach *reach = marking->reach;

	for (size_t i = 0; i < marking->graph->block_count; i++)
		if (doubts[i] == REACH_REASON_CHANGED)
			reach_block(marking, (uint32_t)i, REACH_POSSIBLE, REACH_REASON_CHANGED);
	follow_all(marking, REACH_POSSIBLE, REACH_REASON_CHANGED);
	for (size_t i = 0; i < marking->graph->block_count; i++) {
		if (reach->kinds[i] != UNREACHED || doubts[i] == REACH_REASONS)
			continue;
		reach->kinds[i] = REACH_POSSIBLE;
		reach->reasons[i] = doubts[i];
	}
}

void
reach_init(struct reach *reach, const struct graph *graph, const struct reach_options *options)
{
	struct marking marking = {.graph = graph, .options = options, .reach = reach};
	size_t count = graph->block_count + 1;

	reach->kinds = xcalloc(count, sizeof(*reach->kinds));
	reach->reasons = xcalloc(count, sizeof(*reach->reasons));
	reach->heads = xmalloc(count * sizeof(*reach->heads));
	memset(reach->heads, 0xff, count * sizeof(*reach->heads));
	reach->rings = xcalloc(count, sizeof(*reach->rings));
	reach->in_rings = xcalloc(count, sizeof(*reach->in_rings));
	reach->site_count = graph->site_count + 1;
	reach->handles = xcalloc(reach->site_count, sizeof(*reach->handles));
	if (options->heuristics == REACH_HEURISTICS_ALL)
		find_handles(graph, reach);
	mark_reachable(&marking);
	mark_possible(&marking);
	if (options->doubts)
		doubt_all(&marking);
	if (options->doubts_before != NULL)
		doubt_some(&marking, options->doubts_before);
	find_heads(&marking);
	array_release(&marking.waiting);
}

void
reach_release(struct reach *reach)
{
	free(reach->kinds);
	free(reach->reasons);
	free(reach->heads);
	free(reach->rings);
	free(reach->in_rings);
	free(reach->handles);
	memset(reach, 0, sizeof(*reach));
}

static bool
is_same(const struct graph_node *one, const struct graph_node *other)
{
	return one->start == other->start && one->site == other->site &&
	       graph_get_bytes(one) == graph_get_bytes(other);
}

static bool
has_changed(const struct graph *graph, size_t block, const struct graph *earlier, size_t other)
{
	return graph->sums != NULL && earlier->sums != NULL &&
	       graph->sums[block] != earlier->sums[other];
}

uint8_t *
reach_find_doubts(const struct graph *graph, const struct graph *earlier, const struct reach *reach)
{
	uint8_t *doubts = xmalloc(graph->block_count + 1);
	size_t other = 0;

	memset(doubts, REACH_REASON_ONE_LOOK, graph->block_count + 1);
	for (size_t i = 0; i < graph->block_count; i++) {
		while (other < earlier->block_count &&
		       earlier->blocks[other].start < graph->blocks[i].start)
			other++;
		if (other < earlier->block_count &&
		    is_same(&graph->blocks[i], &earlier->blocks[other]) &&
		    reach->kinds[other] <= REACH_INDIRECT)
			doubts[i] = has_changed(graph, i, earlier, other) ? REACH_REASON_CHANGED
									  : REACH_REASONS;
	}
	return doubts;
}
