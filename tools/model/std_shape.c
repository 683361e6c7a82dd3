/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * std_shape.c - containers of the C++ library, found by how their nodes point at each other
 *
 * Every word that points at a block which may be a node may be the first of an object. Nearly all
 * are not, which the next words or the node show. What is followed in vain is bounded, as nothing
 * is known of the graph.
 */
#include "config.h"
#include "model/std_shape.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "util/array.h"
#include "util/xalloc.h"

#define WORD        8u
#define NONE        UINT32_MAX
#define TREE_BYTES  33 /* of a node: colour, three pointers, and something */
#define LIST_BYTES  17
#define STEPS_TIMES 8 /* as many blocks as there are may be followed */

struct finding {
	const struct graph *graph;
	const enum std_node *sites;
	uint32_t site_count;
	uint8_t *taken;        /* by block */
	ARRAY(uint32_t) nodes; /* of what is followed now */
	uint64_t steps;        /* left */

	/* What is followed. */
	size_t source;
	uint64_t place;     /* word of the source at which the object begins */
	uint64_t bytes;     /* of each node */
	enum std_node node; /* of the sites, or STD_NODE_UNKNOWN */
};

/*** words ***/

static enum std_node
get_hint(const struct finding *finding, uint32_t block)
{
	uint32_t site = finding->graph->blocks[block].site;

	return site < finding->site_count ? finding->sites[site] : STD_NODE_NONE;
}

/* The arc of one of the first words of a block, or UINT64_MAX. */
static uint64_t
find_arc(const struct graph *graph, size_t source, uint64_t word)
{
	uint64_t first = graph->first[source], end = graph->first[source + 1];

	for (uint64_t i = first; i < end && i <= first + word; i++)
		if (graph->arcs[i].word == word)
			return i;
	return UINT64_MAX;
}

static bool
is_empty(const struct finding *finding, uint32_t block, uint64_t word)
{
	return find_arc(finding->graph, block, word) == UINT64_MAX;
}

/* The block at whose start a word of a block points; NONE. */
static uint32_t
get_target(const struct finding *finding, uint32_t block, uint64_t word)
{
	uint64_t arc = find_arc(finding->graph, block, word);

	if (arc == UINT64_MAX || finding->graph->arcs[arc].how != GRAPH_START)
		return NONE;
	return finding->graph->arcs[arc].target;
}

/* The same of a word behind the first one of the object. */
static uint32_t
get_next(const struct finding *finding, uint64_t arc, uint64_t words)
{
	const struct graph *graph = finding->graph;
	uint64_t place, offset;

	for (uint64_t i = arc + 1; i < graph->first[finding->source + 1] && i <= arc + words; i++) {
		if (!graph_get_places(graph, i, &place, &offset) || place > finding->place + words)
			return NONE;
		if (place == finding->place + words)
			return graph->arcs[i].how == GRAPH_START ? graph->arcs[i].target : NONE;
	}
	return NONE;
}

static bool
is_source_block(const struct finding *finding)
{
	return finding->source < finding->graph->block_count;
}

/* Whether a word points at the object, `before` words in front of its first pointer. One that is in
 * no block is not seen: nothing must be there. */
static bool
points_back(const struct finding *finding, uint32_t block, uint64_t word, uint64_t before)
{
	uint64_t arc = find_arc(finding->graph, block, word), place, offset;

	if (!is_source_block(finding))
		return arc == UINT64_MAX;
	return arc != UINT64_MAX && finding->graph->arcs[arc].target == finding->source &&
	       graph_get_places(finding->graph, arc, &place, &offset) &&
	       offset == (finding->place - before) * WORD;
}

/*** nodes ***/

static bool
is_of(enum std_node hint, enum std_node one, enum std_node other)
{
	return hint == STD_NODE_UNKNOWN || hint == one || hint == other;
}

/* Take a block for the next node. False if it is none, or has been taken. */
static bool
take(struct finding *finding, uint32_t block, enum std_node one, enum std_node other)
{
	enum std_node hint;

	if (block == NONE || block == finding->source || finding->taken[block] ||
	    finding->steps == 0)
		return false;
	finding->steps--;
	hint = get_hint(finding, block);
	if (!is_of(hint, one, other) ||
	    graph_get_bytes(&finding->graph->blocks[block]) != finding->bytes)
		return false;
	if (std_node_is_known(hint))
		finding->node = hint;
	finding->taken[block] = true;
	*array_push(&finding->nodes) = block;
	return true;
}

static void
begin(struct finding *finding, uint32_t first)
{
	finding->nodes.count = 0;
	finding->node = STD_NODE_UNKNOWN;
	finding->bytes = graph_get_bytes(&finding->graph->blocks[first]);
}

static void
give_back(struct finding *finding)
{
	array_each (&finding->nodes, node)
		finding->taken[*node] = false;
	finding->nodes.count = 0;
}

/*** lists ***/

/* Of those that nobody knows by name, all of the ring must be seen. */
static bool
is_list(struct finding *finding, uint64_t arc, uint32_t first)
{
	uint32_t last = get_next(finding, arc, 1), node = first, next;

	if (last == NONE || finding->bytes < LIST_BYTES || !points_back(finding, first, 1, 0) ||
	    !points_back(finding, last, 0, 0))
		return false;
	if (!std_node_is_known(get_hint(finding, first)) &&
	    (!is_source_block(finding) ||
	     finding->graph->blocks[finding->source].site == finding->graph->blocks[first].site))
		return false;
	while (take(finding, node, STD_NODE_LIST, STD_NODE_LIST)) {
		if (node == last)
			return true;
		next = get_target(finding, node, 0);
		if (next == NONE || get_target(finding, next, 1) != node)
			return false;
		node = next;
	}
	return false;
}

/*** trees ***/

/* The node itself; its children are looked at in turn. */
static bool
take_tree_node(struct finding *finding, uint32_t node)
{
	return take(finding, node, STD_NODE_MAP, STD_NODE_SET) && is_empty(finding, node, 0);
}

static bool
take_children(struct finding *finding, uint32_t node)
{
	for (unsigned word = 2; word <= 3; word++) {
		uint32_t child;

		if (is_empty(finding, node, word))
			continue;
		child = get_target(finding, node, word);
		if (child == NONE || get_target(finding, child, 1) != node ||
		    !take_tree_node(finding, child))
			return false;
	}
	return true;
}

/* The last one in a direction. */
static uint32_t
find_end(const struct finding *finding, uint32_t node, uint64_t word)
{
	size_t left = finding->nodes.count;

	while (left-- > 0 && !is_empty(finding, node, word))
		node = get_target(finding, node, word);
	return node;
}

static bool
is_tree(struct finding *finding, uint64_t arc, uint32_t root)
{
	uint32_t first = get_next(finding, arc, 1), last = get_next(finding, arc, 2);
	bool is_known = std_node_is_known(get_hint(finding, root));

	if (first == NONE || last == NONE || finding->bytes < TREE_BYTES ||
	    (is_source_block(finding) && finding->place == 0) ||
	    !points_back(finding, root, 1, 1) || !is_empty(finding, first, 2) ||
	    !is_empty(finding, last, 3) || !take_tree_node(finding, root))
		return false;
	for (size_t i = 0; i < finding->nodes.count; i++)
		if (!take_children(finding, finding->nodes.items[i]))
			return false;
	/* One node in a variable is three equal pointers, and no more. */
	if (!is_known && !is_source_block(finding) && finding->nodes.count == 1)
		return false;
	return find_end(finding, root, 2) == first && find_end(finding, root, 3) == last;
}

/*** tables ***/

/* All that buckets point at are nodes, and the object itself, where the first of them hangs. */
static bool
are_buckets(const struct finding *finding, uint32_t buckets)
{
	const struct graph *graph = finding->graph;
	size_t nodes = 0;

	if (buckets == NONE || buckets == finding->source || finding->taken[buckets])
		return false;
	for (uint64_t i = graph->first[buckets]; i < graph->first[buckets + 1]; i++) {
		const struct graph_arc *arc = &graph->arcs[i];

		if (arc->target == finding->source)
			continue;
		if (arc->how != GRAPH_START || !finding->taken[arc->target])
			return false;
		nodes++;
	}
	return (nodes != 0 || std_node_is_known(finding->node)) && nodes < finding->nodes.count &&
	       nodes == graph->first[buckets + 1] - graph->first[buckets] -
				(is_source_block(finding) ? 1 : 0);
}

/* `arc` is that of the buckets. */
static bool
is_table(struct finding *finding, uint64_t arc, uint32_t buckets)
{
	uint32_t first = get_next(finding, arc, 2), node = first;

	if (first == NONE || get_next(finding, arc, 1) != NONE)
		return false;
	begin(finding, first);
	/* One node tells nothing. */
	while (take(finding, node, STD_NODE_UNORDERED_MAP, STD_NODE_UNORDERED_SET)) {
		if (is_empty(finding, node, 0))
			break;
		node = get_target(finding, node, 0);
	}
	if (finding->nodes.count == 0 || node == NONE ||
	    finding->nodes.items[finding->nodes.count - 1] != node ||
	    (finding->nodes.count == 1 && !std_node_is_known(finding->node)))
		return false;
	return are_buckets(finding, buckets);
}

/*** all ***/

/* What the object is that begins with this arc. */
static enum std_node
judge(struct finding *finding, uint64_t arc)
{
	uint32_t first = finding->graph->arcs[arc].target;
	enum std_node hint = get_hint(finding, first);

	begin(finding, first);
	if (is_of(hint, STD_NODE_LIST, STD_NODE_LIST) && is_list(finding, arc, first))
		return STD_NODE_LIST;
	give_back(finding);
	if (is_of(hint, STD_NODE_MAP, STD_NODE_SET) && is_tree(finding, arc, first))
		return STD_NODE_MAP;
	give_back(finding);
	if (is_table(finding, arc, first))
		return STD_NODE_UNORDERED_MAP;
	give_back(finding);
	return STD_NODE_NONE;
}

static void
look(struct finding *finding, uint64_t arc,
     void (*found)(void *context, const struct std_shape *shape), void *context)
{
	const struct graph_arc *first = &finding->graph->arcs[arc];
	enum std_node node;
	uint64_t offset;

	if (first->how != GRAPH_START || finding->taken[first->target] || finding->steps == 0 ||
	    !graph_get_places(finding->graph, arc, &finding->place, &offset))
		return;
	node = judge(finding, arc);
	if (node == STD_NODE_NONE)
		return;
	if (std_node_is_known(finding->node))
		node = finding->node;
	found(context, &(struct std_shape){
			       .node = node,
			       .source = finding->source,
			       .arc = arc,
			       .nodes = finding->nodes.items,
			       .count = finding->nodes.count,
		       });
}

/* What a node holds begins behind its own pointers. */
static uint32_t
count_own_words(const struct finding *finding, size_t source)
{
	static const uint32_t words[STD_NODES] = {
		[STD_NODE_LIST] = 2, [STD_NODE_FORWARD_LIST] = 1,  [STD_NODE_MAP] = 4,
		[STD_NODE_SET] = 4,  [STD_NODE_UNORDERED_MAP] = 1, [STD_NODE_UNORDERED_SET] = 1,
	};

	return source < finding->graph->block_count ? words[get_hint(finding, (uint32_t)source)]
						    : 0;
}

void
std_shape_each(const struct graph *graph, const enum std_node *sites, uint32_t site_count,
	       void (*found)(void *context, const struct std_shape *shape), void *context)
{
	struct finding finding = {.graph = graph, .sites = sites, .site_count = site_count};
	size_t sources = graph->block_count + graph->root_count;

	finding.taken = xcalloc(graph->block_count + 1, 1);
	finding.steps = ((uint64_t)graph->block_count + 1) * STEPS_TIMES;
	/* Variables first: what is in a block may hang on one. */
	for (size_t i = sources; i-- > 0;) {
		uint32_t own = count_own_words(&finding, i);

		finding.source = i;
		for (uint64_t arc = graph->first[i]; arc < graph->first[i + 1]; arc++)
			if (graph->arcs[arc].word >= own)
				look(&finding, arc, found, context);
	}
	array_release(&finding.nodes);
	free(finding.taken);
}
