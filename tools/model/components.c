/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/components.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "util/array.h"
#include "util/xalloc.h"

/* A block whose arcs are being followed. */
struct visit {
	uint32_t block;
	uint64_t next; /* arc */
};

struct search {
	const struct graph *graph;
	const uint8_t *marks;
	uint8_t mark;
	struct components *result;
	uint32_t *orders, *lows; /* by block; an order of 0 is "not met yet" */
	uint32_t met;
	ARRAY(struct visit) visits;
	ARRAY(uint32_t) open; /* met, and of no component yet */
	ARRAY(struct component) found;
};

static void
enter(struct search *search, uint32_t block)
{
	search->orders[block] = search->lows[block] = ++search->met;
	*array_push(&search->visits) = (struct visit){block, search->graph->first[block]};
	*array_push(&search->open) = block;
}

static void
lower(struct search *search, uint32_t block, uint32_t order)
{
	if (order < search->lows[block])
		search->lows[block] = order;
}

/* All that was met since this block, and has found no component, is of its own. */
static void
close_component(struct search *search, uint32_t block)
{
	struct component component = {.head = block};
	uint32_t number = (uint32_t)search->found.count, member;

	do {
		member = search->open.items[--search->open.count];
		search->result->of[member] = number;
		component.blocks++;
		if (member < component.head)
			component.head = member;
	} while (member != block);
	*array_push(&search->found) = component;
}

/* One arc further, or back to where this block was met from. */
static void
step(struct search *search)
{
	struct visit *visit = &search->visits.items[search->visits.count - 1];
	uint32_t block = visit->block, target;

	if (visit->next < search->graph->first[block + 1]) {
		target = search->graph->arcs[visit->next++].target;
		if (search->marks[target] != search->mark)
			return;
		if (search->orders[target] == 0)
			enter(search, target);
		else if (search->result->of[target] == COMPONENT_NONE)
			lower(search, block, search->orders[target]);
		return;
	}
	if (search->lows[block] == search->orders[block])
		close_component(search, block);
	search->visits.count--;
	if (search->visits.count > 0)
		lower(search, search->visits.items[search->visits.count - 1].block,
		      search->lows[block]);
}

static void
find_entered(const struct search *search)
{
	const struct graph *graph = search->graph;
	const uint32_t *of = search->result->of;

	for (size_t i = 0; i < graph->block_count; i++) {
		if (of[i] == COMPONENT_NONE)
			continue;
		for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++) {
			uint32_t other = of[graph->arcs[a].target];

			if (other != COMPONENT_NONE && other != of[i])
				search->found.items[other].is_entered = true;
		}
	}
}

void
components_init(struct components *components, const struct graph *graph, const uint8_t *marks,
		uint8_t mark)
{
	struct search search = {.graph = graph, .marks = marks, .mark = mark, .result = components};

	components->of = xmalloc(graph->block_count * sizeof(*components->of) + 1);
	memset(components->of, 0xff, graph->block_count * sizeof(*components->of));
	search.orders = xcalloc(graph->block_count + 1, sizeof(*search.orders));
	search.lows = xcalloc(graph->block_count + 1, sizeof(*search.lows));
	for (size_t i = 0; i < graph->block_count; i++) {
		if (marks[i] != mark || search.orders[i] != 0)
			continue;
		enter(&search, (uint32_t)i);
		while (search.visits.count > 0)
			step(&search);
	}
	find_entered(&search);
	components->components = search.found.items;
	components->count = (uint32_t)search.found.count;
	free(search.orders);
	free(search.lows);
	array_release(&search.visits);
	array_release(&search.open);
}

void
components_release(struct components *components)
{
	free(components->of);
	free(components->components);
	memset(components, 0, sizeof(*components));
}
