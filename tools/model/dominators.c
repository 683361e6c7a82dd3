/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dominators.c - semi-NCA (Georgiadis and Tarjan), without recursion
 *
 *     1. number what is reached in the order of a walk into depth; each has a parent in that walk
 *     2. from the last to the first: the semidominator, the smallest number from which a path
 *        leads here through larger ones only; paths are shortened as they are followed
 *     3. from the first to the last: the dominator is the nearest common ancestor, in the tree made
 *        so far, of the parent and the semidominator
 *
 * From the second step on nodes are their numbers, which lie closer together than the nodes.
 */
#include "config.h"
#include "model/dominators.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/xalloc.h"

#define NOT_REACHED   UINT32_MAX
#define PROGRESS_STEP 0xffffu

/* A node whose arcs are being followed. */
struct visit {
	uint32_t node;
	uint64_t next; /* arc */
};

struct search {
	const struct flow *flow;
	const struct dominators_progress *progress;
	uint32_t *numbers; /* by node */
	uint32_t *nodes;   /* by number, as all below */
	uint32_t count;
	uint32_t *parents;
	uint32_t *ups; /* parents, until paths are shortened */
	uint32_t *labels, *semis;
	uint64_t *first; /* of `sources` */
	uint32_t *sources;
	ARRAY(struct visit) visits;
	ARRAY(uint32_t) path;
};

static void
note_progress(const struct search *search, uint64_t done)
{
	if ((done & PROGRESS_STEP) == 0 && search->progress != NULL &&
	    search->progress->report != NULL)
		search->progress->report(search->progress->context, done,
					 (uint64_t)2 * search->flow->count);
}

static void
enter(struct search *search, uint32_t node, uint32_t parent)
{
	search->numbers[node] = search->count;
	search->nodes[search->count] = node;
	search->parents[search->count++] = parent;
	*array_push(&search->visits) = (struct visit){node, search->flow->first[node]};
	note_progress(search, search->count);
}

static void
number_nodes(struct search *search, uint32_t root)
{
	const struct flow *flow = search->flow;

	memset(search->numbers, 0xff, (size_t)flow->count * sizeof(*search->numbers));
	enter(search, root, 0);
	while (search->visits.count > 0) {
		struct visit *visit = &search->visits.items[search->visits.count - 1];
		uint32_t node = visit->node, target;

		if (visit->next == flow->first[node + 1]) {
			search->visits.count--;
			continue;
		}
		target = flow->targets[visit->next++];
		if (search->numbers[target] == NOT_REACHED)
			enter(search, target, search->numbers[node]);
	}
}

/* Arcs the other way. */
static void
turn_round(struct search *search)
{
	const struct flow *flow = search->flow;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < search->count; i++) {
		uint32_t node = search->nodes[i];

		for (uint64_t a = flow->first[node]; a < flow->first[node + 1]; a++)
			search->first[search->numbers[flow->targets[a]] + 1]++;
	}
	for (uint32_t i = 0; i <= search->count; i++) {
		sum += search->first[i];
		search->first[i] = sum;
	}
	search->first[search->count + 1] = sum;
	search->sources = xmalloc(sum * sizeof(*search->sources) + 1);
	/* Backwards, so that `first` ends where it began. */
	for (uint32_t i = search->count; i-- > 0;) {
		uint32_t node = search->nodes[i];

		for (uint64_t a = flow->first[node]; a < flow->first[node + 1]; a++)
			search->sources[--search->first[search->numbers[flow->targets[a]] + 1]] = i;
	}
}

/* Of the ancestors of `number` that are numbered `least` or more, and itself: the label with the
 * smallest semidominator. */
static uint32_t
evaluate(struct search *search, uint32_t number, uint32_t least)
{
	uint32_t *ups = search->ups, *labels = search->labels, above;

	if (ups[number] < least)
		return labels[number];
	search->path.count = 0;
	do {
		*array_push(&search->path) = number;
		number = ups[number];
	} while (ups[number] >= least);
	above = number;
	while (search->path.count > 0) {
		number = search->path.items[--search->path.count];
		ups[number] = ups[above];
		if (search->semis[labels[above]] < search->semis[labels[number]])
			labels[number] = labels[above];
		above = number;
	}
	return labels[number];
}

static void
find_semidominators(struct search *search)
{
	for (uint32_t i = 0; i < search->count; i++) {
		search->ups[i] = search->parents[i];
		search->labels[i] = search->semis[i] = i;
	}
	for (uint32_t i = search->count; i-- > 1;) {
		uint32_t least = search->parents[i];

		/* What `first` of i + 1 was has been moved to where that of i begins. */
		for (uint64_t a = search->first[i + 1]; a < search->first[i + 2]; a++) {
			uint32_t semi = search->semis[evaluate(search, search->sources[a], i + 1)];

			if (semi < least)
				least = semi;
		}
		search->semis[i] = least;
		note_progress(search, (uint64_t)2 * search->flow->count - i);
	}
}

static void
find_dominators(struct search *search, struct dominators *dominators)
{
	uint32_t *found = search->parents; /* what comes before i has its dominator already */

	for (uint32_t i = 1; i < search->count; i++) {
		uint32_t candidate = found[i];

		while (candidate > search->semis[i])
			candidate = found[candidate];
		found[i] = candidate;
		dominators->of[search->nodes[i]] = search->nodes[candidate];
	}
}

void
dominators_init(struct dominators *dominators, const struct flow *flow, uint32_t root,
		const struct dominators_progress *progress)
{
	struct search search = {.flow = flow, .progress = progress};
	size_t count = flow->count;

	dominators->of = xmalloc(count * sizeof(*dominators->of));
	memset(dominators->of, 0xff, count * sizeof(*dominators->of));
	search.numbers = xmalloc(count * sizeof(*search.numbers));
	search.nodes = xmalloc(count * sizeof(*search.nodes));
	search.parents = xmalloc(count * sizeof(*search.parents));
	number_nodes(&search, root);
	search.first = xcalloc((size_t)search.count + 2, sizeof(*search.first));
	turn_round(&search);
	free(search.numbers);
	search.ups = xmalloc(search.count * sizeof(*search.ups));
	search.labels = xmalloc(search.count * sizeof(*search.labels));
	search.semis = xmalloc(search.count * sizeof(*search.semis));
	find_semidominators(&search);
	find_dominators(&search, dominators);
	dominators->order = search.nodes;
	dominators->reached = search.count;
	free(search.parents);
	free(search.ups);
	free(search.labels);
	free(search.semis);
	free(search.first);
	free(search.sources);
	array_release(&search.visits);
	array_release(&search.path);
}

void
dominators_release(struct dominators *dominators)
{
	free(dominators->of);
	free(dominators->order);
	memset(dominators, 0, sizeof(*dominators));
}
