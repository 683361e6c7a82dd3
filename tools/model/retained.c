/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * retained.c - how much each owner and each site keeps alive
 *
 * Retained amounts are sums over the tree of dominators. Reachable ones are sets, which are not
 * made: a bit mask of 64 starting points flows through the strong components, each of which comes
 * before all that it leads to.
 */
#include "config.h"
#include "model/retained.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/owner.h"
#include "util/array.h"
#include "util/xalloc.h"

static uint32_t
get_block_count(const struct retained *retained)
{
	return (uint32_t)retained->graph->block_count;
}

static uint32_t
get_root(const struct retained *retained)
{
	return get_block_count(retained) + retained->owners->count;
}

static void
add(struct retained_amount *sum, const struct retained_amount *amount)
{
	sum->blocks += amount->blocks;
	sum->bytes += amount->bytes;
}

/* --- one graph of blocks and owners --- */

/* What others than stacks and registers lead to. To free. */
static bool *
find_lasting(const struct retained *retained)
{
	const struct owner_set *owners = retained->owners;
	const struct graph *graph = retained->graph;
	bool *lasting = xcalloc(graph->block_count + 1, sizeof(*lasting));
	ARRAY(uint32_t) waiting = {0};

	for (uint64_t a = owners->first; a < graph->arc_count; a++) {
		uint32_t owner = owners->of_arc[a - owners->first];

		if (owner != OWNER_NONE && !owner_is_passing(&owners->owners[owner]))
			*array_push(&waiting) = graph->arcs[a].target;
	}
	for (uint32_t i = 0; i < graph->block_count && owners->loader != OWNER_NONE; i++)
		if (owner_set_is_loaders(owners, graph, i))
			*array_push(&waiting) = i;
	while (waiting.count > 0) {
		uint32_t block = waiting.items[--waiting.count];

		if (lasting[block])
			continue;
		lasting[block] = true;
		for (uint64_t a = graph->first[block]; a < graph->first[block + 1]; a++)
			if (!lasting[graph->arcs[a].target])
				*array_push(&waiting) = graph->arcs[a].target;
	}
	array_release(&waiting);
	return lasting;
}

/* Calls `put` with every arc of an owner. */
struct owner_arcs {
	struct retained *retained;
	const bool *lasting; /* blocks that a passing owner does not count for; or NULL */
	bool fills;
};

static void
put_owner_arc(const struct owner_arcs *arcs, uint32_t owner, uint32_t block)
{
	struct retained *retained = arcs->retained;
	uint64_t *first = &retained->first[get_block_count(retained) + owner];

	if (arcs->fills)
		retained->targets[--first[1]] = block;
	else
		first[1]++;
}

static bool
counts(const struct owner_arcs *arcs, uint32_t owner, uint32_t block)
{
	return owner != OWNER_NONE &&
	       !(arcs->lasting[block] && owner_is_passing(&arcs->retained->owners->owners[owner]));
}

static void
each_owner_arc(const struct owner_arcs *arcs)
{
	const struct graph *graph = arcs->retained->graph;
	const struct owner_set *owners = arcs->retained->owners;

	for (uint64_t a = owners->first; a < graph->arc_count; a++)
		if (counts(arcs, owners->of_arc[a - owners->first], graph->arcs[a].target))
			put_owner_arc(arcs, owners->of_arc[a - owners->first],
				      graph->arcs[a].target);
	if (owners->loader == OWNER_NONE)
		return;
	for (size_t i = 0; i < graph->block_count; i++)
		if (owner_set_is_loaders(owners, graph, i))
			put_owner_arc(arcs, owners->loader, (uint32_t)i);
}

/* Arcs of owners are counted, added up, and put in from the end on, so that the entry behind each
 * node ends where its arcs begin: `first` of all that follows is read one further. */
static void
make_flow(struct retained *retained)
{
	const struct graph *graph = retained->graph;
	uint32_t blocks = get_block_count(retained), owners = retained->owners->count;
	bool *lasting = find_lasting(retained);
	struct owner_arcs arcs = {.retained = retained, .lasting = lasting};
	uint64_t sum = retained->owners->first;

	retained->first = xcalloc((size_t)blocks + owners + 3, sizeof(*retained->first));
	each_owner_arc(&arcs);
	for (uint32_t i = 1; i <= owners; i++) {
		sum += retained->first[blocks + i];
		retained->first[blocks + i] = sum;
	}
	retained->targets = xmalloc((sum + owners + 1) * sizeof(*retained->targets));
	for (uint64_t a = 0; a < retained->owners->first; a++)
		retained->targets[a] = graph->arcs[a].target;
	arcs.fills = true;
	each_owner_arc(&arcs);
	free(lasting);
	/* Each entry has moved to the beginning of the owner in front of it. */
	memmove(&retained->first[blocks], &retained->first[blocks + 1],
		owners * sizeof(*retained->first));
	if (blocks != 0)
		memcpy(retained->first, graph->first, blocks * sizeof(*retained->first));
	retained->first[blocks + owners] = sum;
	for (uint32_t i = 0; i < owners; i++)
		retained->targets[sum + i] = blocks + i;
	retained->first[blocks + owners + 1] = sum + owners;
	retained->flow = (struct flow){
		.count = blocks + owners + 1,
		.first = retained->first,
		.targets = retained->targets,
	};
}

/* --- retained --- */

static void
sum_up(struct retained *retained)
{
	const struct dominators *dominators = &retained->dominators;
	const struct graph *graph = retained->graph;
	uint32_t blocks = get_block_count(retained), root = get_root(retained);

	retained->nodes = xcalloc((size_t)root + 1, sizeof(*retained->nodes));
	for (uint32_t i = 0; i < blocks; i++)
		add(&retained->live,
		    &(struct retained_amount){1, graph_get_bytes(&graph->blocks[i])});
	for (uint32_t i = dominators->reached; i-- > 1;) {
		uint32_t node = dominators->order[i], above = dominators->of[node];

		if (node < blocks)
			add(&retained->nodes[node],
			    &(struct retained_amount){1, graph_get_bytes(&graph->blocks[node])});
		add(&retained->nodes[above], &retained->nodes[node]);
		if (above == root && node < blocks)
			add(&retained->shared, &retained->nodes[node]);
	}
	retained->held = retained->nodes[root];
}

void
retained_init(struct retained *retained, const struct graph *graph, const struct owner_set *owners,
	      const struct dominators_progress *progress)
{
	*retained = (struct retained){.graph = graph, .owners = owners};
	make_flow(retained);
	dominators_init(&retained->dominators, &retained->flow, get_root(retained), progress);
	sum_up(retained);
}

void
retained_release(struct retained *retained)
{
	free(retained->first);
	free(retained->targets);
	dominators_release(&retained->dominators);
	free(retained->nodes);
	components_release(&retained->components);
	free(retained->component_amounts);
	free(retained->by_component);
	memset(retained, 0, sizeof(*retained));
}

const struct retained_amount *
retained_get_owner(const struct retained *retained, uint32_t owner)
{
	return &retained->nodes[get_block_count(retained) + owner];
}

/* --- groups --- */

/* The tree of dominators from above. */
struct tree {
	uint32_t *first; /* by node, of its children */
	uint32_t *children;
};

static void
tree_init(struct tree *tree, const struct retained *retained)
{
	const struct dominators *dominators = &retained->dominators;
	size_t count = (size_t)get_root(retained) + 1;
	uint32_t sum = 0;

	tree->first = xcalloc(count + 1, sizeof(*tree->first));
	tree->children = xmalloc(dominators->reached * sizeof(*tree->children) + 1);
	for (uint32_t i = 1; i < dominators->reached; i++)
		tree->first[dominators->of[dominators->order[i]]]++;
	for (size_t i = 0; i < count; i++) {
		sum += tree->first[i];
		tree->first[i] = sum;
	}
	tree->first[count] = sum;
	for (uint32_t i = dominators->reached; i-- > 1;) {
		uint32_t node = dominators->order[i];

		tree->children[--tree->first[dominators->of[node]]] = node;
	}
}

static void
tree_release(struct tree *tree)
{
	free(tree->first);
	free(tree->children);
}

struct visit {
	uint32_t node;
	uint32_t next; /* child */
};

void
retained_sum_groups(const struct retained *retained, const uint32_t *groups, uint32_t count,
		    struct retained_amount *ret_amounts, struct retained_amount *ret_own)
{
	const struct graph *graph = retained->graph;
	uint32_t blocks = get_block_count(retained);
	uint32_t *inside = xcalloc((size_t)count + 1, sizeof(*inside)); /* by group */
	ARRAY(struct visit) visits = {0};
	struct tree tree;

	memset(ret_amounts, 0, count * sizeof(*ret_amounts));
	memset(ret_own, 0, count * sizeof(*ret_own));
	tree_init(&tree, retained);
	*array_push(&visits) = (struct visit){get_root(retained), tree.first[get_root(retained)]};
	while (visits.count > 0) {
		struct visit *visit = &visits.items[visits.count - 1];
		uint32_t node = visit->node, group;

		if (visit->next < tree.first[node + 1]) {
			node = tree.children[visit->next++];
			group = node < blocks ? groups[node] : RETAINED_NO_GROUP;
			if (group != RETAINED_NO_GROUP) {
				add(&ret_own[group],
				    &(struct retained_amount){
					    1, graph_get_bytes(&graph->blocks[node])});
				if (inside[group]++ == 0)
					add(&ret_amounts[group], &retained->nodes[node]);
			}
			*array_push(&visits) = (struct visit){node, tree.first[node]};
			continue;
		}
		group = node < blocks ? groups[node] : RETAINED_NO_GROUP;
		if (group != RETAINED_NO_GROUP)
			inside[group]--;
		visits.count--;
	}
	tree_release(&tree);
	array_release(&visits);
	free(inside);
}

struct first_part {
	uint32_t owner, group;
	uint64_t blocks, bytes;
};

static int
compare_parts(const void *a, const void *b)
{
	const struct first_part *left = a, *right = b;

	if (left->owner != right->owner)
		return left->owner > right->owner ? 1 : -1;
	return (left->group > right->group) - (left->group < right->group);
}

static void
take_larger(struct retained_first *first, const struct first_part *part)
{
	if (part->bytes > first->bytes || first->group == RETAINED_NO_GROUP)
		*first = (struct retained_first){part->group, part->blocks, part->bytes};
}

void
retained_find_first(const struct retained *retained, const uint32_t *groups,
		    struct retained_first *ret_firsts)
{
	const struct dominators *dominators = &retained->dominators;
	uint32_t blocks = get_block_count(retained), root = get_root(retained);
	ARRAY(struct first_part) parts = {0};

	for (uint32_t i = 0; i < retained->owners->count; i++)
		ret_firsts[i] = (struct retained_first){.group = RETAINED_NO_GROUP};
	for (uint32_t i = 0; i < blocks; i++) {
		uint32_t above = dominators->of[i];

		if (above == DOMINATOR_NONE || above < blocks || above == root ||
		    groups[i] == RETAINED_NO_GROUP)
			continue;
		*array_push(&parts) =
			(struct first_part){above - blocks, groups[i], 1, retained->nodes[i].bytes};
	}
	if (parts.count != 0)
		qsort(parts.items, parts.count, sizeof(*parts.items), compare_parts);
	for (size_t i = 0; i < parts.count;) {
		struct first_part sum = parts.items[i];

		while (++i < parts.count && compare_parts(&sum, &parts.items[i]) == 0) {
			sum.blocks += parts.items[i].blocks;
			sum.bytes += parts.items[i].bytes;
		}
		take_larger(&ret_firsts[sum.owner], &sum);
	}
	array_release(&parts);
}

/* --- reachable --- */

/* Blocks in the order of their components, the last of which leads to all others it can. */
static void
prepare_reach(struct retained *retained)
{
	const struct graph *graph = retained->graph;
	struct components *components = &retained->components;
	uint32_t blocks = get_block_count(retained), sum = 0, *first;
	uint8_t *marks;

	if (retained->by_component != NULL)
		return;
	marks = xcalloc((size_t)blocks + 1, sizeof(*marks));
	components_init(components, graph, marks, 0);
	free(marks);
	retained->component_amounts =
		xcalloc((size_t)components->count + 1, sizeof(*retained->component_amounts));
	retained->by_component = xmalloc((size_t)(blocks + 1) * sizeof(*retained->by_component));
	first = xcalloc((size_t)components->count + 1, sizeof(*first));
	for (uint32_t i = 0; i < blocks; i++) {
		add(&retained->component_amounts[components->of[i]],
		    &(struct retained_amount){1, graph_get_bytes(&graph->blocks[i])});
		first[components->of[i]]++;
	}
	for (uint32_t i = 0; i < components->count; i++) {
		sum += first[i];
		first[i] = sum;
	}
	for (uint32_t i = 0; i < blocks; i++)
		retained->by_component[--first[components->of[i]]] = i;
	free(first);
}

/* Let the masks flow, and add up what each bit has come to. */
static void
flow_down(const struct retained *retained, uint64_t *masks, struct retained_amount *ret_amounts)
{
	const struct graph *graph = retained->graph;
	const struct components *components = &retained->components;

	for (uint32_t i = get_block_count(retained); i-- > 0;) {
		uint32_t block = retained->by_component[i];
		uint64_t mask = masks[components->of[block]];

		for (uint64_t a = graph->first[block]; mask != 0 && a < graph->first[block + 1];
		     a++)
			masks[components->of[graph->arcs[a].target]] |= mask;
	}
	for (uint32_t i = 0; i < components->count; i++)
		for (uint64_t rest = masks[i]; rest != 0; rest &= rest - 1)
			add(&ret_amounts[__builtin_ctzll(rest)], &retained->component_amounts[i]);
}

/* Also where its arcs do not count for what is retained. */
static void
mark_owners(const struct retained *retained, const uint64_t *bits, uint64_t *masks)
{
	const struct owner_set *owners = retained->owners;
	const struct graph *graph = retained->graph;
	const uint32_t *of = retained->components.of;

	for (uint64_t a = owners->first; a < graph->arc_count; a++)
		if (owners->of_arc[a - owners->first] != OWNER_NONE)
			masks[of[graph->arcs[a].target]] |= bits[owners->of_arc[a - owners->first]];
	for (uint32_t i = 0; i < graph->block_count && owners->loader != OWNER_NONE; i++)
		if (owner_set_is_loaders(owners, graph, i))
			masks[of[i]] |= bits[owners->loader];
}

void
retained_reach_owners(struct retained *retained, const uint32_t *owners, unsigned count,
		      struct retained_amount *ret_amounts)
{
	uint64_t *masks, *bits = xcalloc((size_t)retained->owners->count + 1, sizeof(*bits));

	prepare_reach(retained);
	masks = xcalloc((size_t)retained->components.count + 1, sizeof(*masks));
	for (unsigned i = 0; i < count; i++) {
		ret_amounts[i] = (struct retained_amount){0};
		bits[owners[i]] |= (uint64_t)1 << i;
	}
	mark_owners(retained, bits, masks);
	flow_down(retained, masks, ret_amounts);
	free(masks);
	free(bits);
}

void
retained_reach_groups(struct retained *retained, const uint32_t *groups, const uint32_t *wanted,
		      unsigned count, struct retained_amount *ret_amounts)
{
	uint32_t blocks = get_block_count(retained), most = 0;
	uint64_t *masks, *bits;

	prepare_reach(retained);
	masks = xcalloc((size_t)retained->components.count + 1, sizeof(*masks));
	memset(ret_amounts, 0, count * sizeof(*ret_amounts));
	for (unsigned i = 0; i < count; i++)
		most = wanted[i] > most ? wanted[i] : most;
	bits = xcalloc((size_t)most + 1, sizeof(*bits));
	for (unsigned i = 0; i < count; i++)
		bits[wanted[i]] |= (uint64_t)1 << i;
	for (uint32_t i = 0; i < blocks; i++)
		if (groups[i] != RETAINED_NO_GROUP && groups[i] <= most &&
		    retained->dominators.of[i] != DOMINATOR_NONE)
			masks[retained->components.of[i]] |= bits[groups[i]];
	flow_down(retained, masks, ret_amounts);
	free(bits);
	free(masks);
}
