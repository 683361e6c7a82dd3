/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.c - whole stacks as a tree
 *
 * Each stack becomes a path, and each step of a path a node, found by (node before, key): the table
 * of places gives such pairs numbers already, as stacks of keys. Then the nodes are put in
 * preorder, without those that are cut.
 */
#include "config.h"

#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

#include "model/place_order.h"
#include "model/system_library.h"
#include "util/array.h"
#include "util/glob.h"
#include "util/xalloc.h"

struct step {
	uint32_t key;        /* a place */
	uint32_t place;      /* the first one that it stands for */
	uint32_t frames;     /* how many */
	const char *library; /* of a run */
};

/* While the tree grows, `stack` is the first place of a node. */
struct building {
	const struct tree_options *options;
	struct place_table *table;
	ARRAY(uint32_t) places; /* of one stack, outermost first */
	ARRAY(struct step) path;
	ARRAY(struct tree_node) nodes;
	ARRAY(uint32_t) node_of_key; /* by stack of keys */
};

/*** paths ***/

static void
copy_places(struct building *building, uint32_t stack)
{
	size_t count = 0;

	for (uint32_t at = stack; at != 0; at = place_table_get_outer(building->table, at))
		count++;
	building->places.count = 0;
	array_reserve(&building->places, count + 1);
	building->places.count = count;
	for (uint32_t at = stack; at != 0; at = place_table_get_outer(building->table, at))
		building->places.items[--count] = place_table_get_place(building->table, at);
}

static const char *
find_library(const struct building *building, size_t index)
{
	const struct place *place = place_table_get(building->table, building->places.items[index]);

	return building->options->whole ? NULL : system_library_find(place);
}

/* What a stack begins with and is no frame: the thread, or that it could not be followed. */
static size_t
count_ends(const struct building *building)
{
	size_t count = 0;

	while (count < building->places.count) {
		enum place_kind kind =
			place_table_get(building->table, building->places.items[count])->kind;

		if (kind != PLACE_THREAD && kind != PLACE_TRUNCATED && kind != PLACE_CUT)
			break;
		count++;
	}
	return count;
}

/* The first frame of the program's own, or the innermost one. */
static size_t
find_entry(const struct building *building, size_t ends)
{
	size_t index = ends;

	while (index + 1 < building->places.count && find_library(building, index) != NULL)
		index++;
	return index;
}

/* One frame by its function or as it is. */
static void
push_place(struct building *building, size_t index, bool by_function)
{
	uint32_t place = building->places.items[index];
	uint32_t key = by_function
			       ? place_table_insert_key(building->table, place, PLACE_KEY_FUNCTION)
			       : place;

	*array_push(&building->path) = (struct step){key, place, 1, NULL};
}

/* One frame on the way, or one more of the run before it. */
static void
push_frame(struct building *building, size_t index, bool by_function)
{
	const char *library = find_library(building, index);
	struct step *last =
		building->path.count > 0 ? &building->path.items[building->path.count - 1] : NULL;

	if (library == NULL) {
		push_place(building, index, by_function);
	} else if (last != NULL && last->library == library) {
		last->frames++;
	} else {
		*array_push(&building->path) = (struct step){
			.key = place_table_insert_name(building->table, PLACE_LIBRARY, library),
			.place = building->places.items[index],
			.frames = 1,
			.library = library,
		};
	}
}

/* From the entry down to the site, which is its function and its line. */
static void
make_path(struct building *building)
{
	size_t count = building->places.count;
	size_t ends = count_ends(building), entry = find_entry(building, ends);

	for (size_t i = 0; i < ends; i++)
		push_place(building, i, false);
	for (size_t i = entry; i + 1 < count; i++)
		push_frame(building, i, true);
	if (ends == count)
		return;
	push_place(building, count - 1, true);
	push_place(building, count - 1, false);
}

static bool
is_called(const struct building *building, size_t index)
{
	const struct place *place = place_table_get(building->table, building->places.items[index]);

	return place->function != NULL &&
	       glob_match(building->options->callers_of, place->function);
}

/*
 * From the function out to the entry. The innermost one that fits counts, so that every block
 * counts once; of a recursion its outermost call, which is the one that others made.
 */
static void
make_callers_path(struct building *building)
{
	size_t ends = count_ends(building), entry = find_entry(building, ends);
	size_t at = building->places.count, called;
	const char *function;

	while (at > 0 && !is_called(building, at - 1))
		at--;
	if (at == 0)
		return;
	called = at - 1;
	function = place_table_get(building->table, building->places.items[called])->function;
	for (size_t i = called; i-- > 0;)
		if (place_table_get(building->table, building->places.items[i])->function ==
		    function)
			called = i;
	if (called < entry)
		entry = ends;
	push_place(building, called, true);
	for (size_t i = called; i-- > entry;)
		push_frame(building, i, false);
	for (size_t i = ends < called ? ends : called; i-- > 0;)
		push_place(building, i, false);
}

/*** nodes ***/

static uint32_t
find_node(struct building *building, uint32_t key, uint32_t parent, const struct step *step)
{
	while (building->node_of_key.count <= key)
		*array_push(&building->node_of_key) = TREE_NONE;
	if (building->node_of_key.items[key] == TREE_NONE) {
		building->node_of_key.items[key] = (uint32_t)building->nodes.count;
		*array_push(&building->nodes) = (struct tree_node){
			.parent = parent,
			.stack = step->place,
			.library = step->library,
			.frames_least = step->frames,
			.frames_most = step->frames,
		};
	}
	return building->node_of_key.items[key];
}

static void
add_path(struct building *building, const struct profile_values *values)
{
	uint32_t key = 0, node = TREE_NONE;

	array_each (&building->path, step) {
		struct tree_node *found;

		key = place_table_insert_stack(building->table, key, step->key);
		node = find_node(building, key, node, step);
		found = &building->nodes.items[node];
		profile_values_add(&found->values, values);
		found->several |= step->place != found->stack || step->frames > 1;
		if (step->frames < found->frames_least)
			found->frames_least = step->frames;
		if (step->frames > found->frames_most)
			found->frames_most = step->frames;
	}
	if (node == TREE_NONE)
		return;
	profile_values_add(&building->nodes.items[node].own, values);
	building->nodes.items[node].is_site = true;
}

/*** order ***/

/* Children of one node stand together; those of the roots last. */
struct ordering {
	const struct building *building;
	const struct column *column;
	uint32_t *ranks;    /* of places */
	uint32_t *children; /* nodes, by parent */
	size_t *first;      /* in `children`, by parent; roots are those of the last one */
};

static int
compare_nodes(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	const struct tree_node *nodes = ordering->building->nodes.items;
	const struct tree_node *left = &nodes[*(const uint32_t *)a];
	const struct tree_node *right = &nodes[*(const uint32_t *)b];
	int64_t values[2] = {column_get(ordering->column, &left->values),
			     column_get(ordering->column, &right->values)};
	int64_t blocks[2] = {column_get_blocks(ordering->column, &left->values),
			     column_get_blocks(ordering->column, &right->values)};

	if (left->parent != right->parent)
		return left->parent < right->parent ? -1 : 1;
	if (values[0] != values[1])
		return values[0] > values[1] ? -1 : 1;
	if (blocks[0] != blocks[1])
		return blocks[0] > blocks[1] ? -1 : 1;
	if (left->stack != right->stack)
		return ordering->ranks[left->stack] < ordering->ranks[right->stack] ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static void
init_ordering(struct ordering *ordering, const struct building *building)
{
	size_t count = building->nodes.count;

	ordering->building = building;
	ordering->column = building->options->column;
	ordering->ranks = place_order_rank(building->table);
	ordering->children = xmalloc((count + 1) * sizeof(*ordering->children));
	ordering->first = xcalloc(count + 2, sizeof(*ordering->first));
	for (uint32_t i = 0; i < count; i++)
		ordering->children[i] = i;
	if (count > 1)
		qsort_r(ordering->children, count, sizeof(*ordering->children), compare_nodes,
			ordering);
	for (size_t i = 0, parent = 0; parent <= count; parent++) {
		uint32_t number = parent < count ? (uint32_t)parent : TREE_NONE;

		ordering->first[parent] = i;
		while (i < count && building->nodes.items[ordering->children[i]].parent == number)
			i++;
	}
	ordering->first[count + 1] = count;
}

static void
release_ordering(struct ordering *ordering)
{
	free(ordering->ranks);
	free(ordering->children);
	free(ordering->first);
}

/* A function of which one line allocates, and that calls nothing that does, is that line. */
static bool
is_its_site(const struct ordering *ordering, uint32_t node)
{
	const struct tree_node *nodes = ordering->building->nodes.items;
	size_t first = ordering->first[node];

	return !ordering->building->options->callers_of && !nodes[node].library &&
	       !nodes[node].several && ordering->first[node + 1] == first + 1 &&
	       nodes[ordering->children[first]].stack == nodes[node].stack &&
	       ordering->first[ordering->children[first] + 1] ==
		       ordering->first[ordering->children[first]];
}

static bool
is_cut(const struct building *building, const struct tree *tree, const struct tree_node *node,
       size_t before)
{
	const struct tree_options *options = building->options;
	double value = (double)column_get(options->column, &node->values);

	if (options->most > 0 && before >= options->most)
		return true;
	return options->least > 0 &&
	       value < options->least * (double)column_get(options->column, &tree->sum);
}

struct pending {
	uint32_t node;   /* that is built */
	uint32_t parent; /* in the tree */
};

struct emission {
	struct tree *tree;
	ARRAY(struct tree_node) nodes;
	ARRAY(struct pending) pending;
};

/* Note which children of a node are kept, the last one first, and add up the others. */
static void
choose_children(const struct ordering *ordering, struct emission *emission, size_t of,
		uint32_t parent)
{
	const struct building *building = ordering->building;
	size_t first = ordering->first[of], last = ordering->first[of + 1], kept = first;
	struct tree_node none = {.parent = TREE_NONE}, *node = &none;

	if (parent != TREE_NONE)
		node = &emission->nodes.items[parent];
	for (; kept < last; kept++)
		if (is_cut(building, emission->tree,
			   &building->nodes.items[ordering->children[kept]], kept - first))
			break;
	for (size_t i = kept; i < last; i++)
		profile_values_add(&node->cut,
				   &building->nodes.items[ordering->children[i]].values);
	node->cut_count = (uint32_t)(last - kept);
	node->children = (uint32_t)(kept - first);
	if (parent == TREE_NONE) {
		emission->tree->cut = node->cut;
		emission->tree->cut_count = node->cut_count;
		emission->tree->roots = node->children;
	}
	while (kept-- > first)
		*array_push(&emission->pending) =
			(struct pending){ordering->children[kept], parent};
}

static void
emit_node(const struct ordering *ordering, struct emission *emission, struct pending pending)
{
	const struct building *building = ordering->building;
	const struct tree_node *built = &building->nodes.items[pending.node];
	uint32_t index = (uint32_t)emission->nodes.count;
	bool is_site = is_its_site(ordering, pending.node);
	struct tree_node *node = array_push(&emission->nodes);

	*node = *built;
	node->parent = pending.parent;
	node->depth =
		pending.parent == TREE_NONE ? 0 : emission->nodes.items[pending.parent].depth + 1;
	node->stack = place_table_insert_stack(building->table, 0, built->stack);
	if (!node->several)
		node->library = NULL;
	if (is_site) {
		node->is_site = true;
		node->own = built->values;
		return;
	}
	choose_children(ordering, emission, pending.node, index);
}

static void
emit(const struct building *building, struct tree *tree)
{
	struct emission emission = {.tree = tree};
	struct ordering ordering;

	init_ordering(&ordering, building);
	choose_children(&ordering, &emission, building->nodes.count, TREE_NONE);
	while (emission.pending.count > 0)
		emit_node(&ordering, &emission, emission.pending.items[--emission.pending.count]);
	tree->nodes = emission.nodes.items;
	tree->count = emission.nodes.count;
	array_release(&emission.pending);
	release_ordering(&ordering);
}

void
tree_init(struct tree *tree, const struct group_set *set, struct place_table *table,
	  const struct tree_options *options)
{
	struct building building = {.options = options, .table = table};

	memset(tree, 0, sizeof(*tree));
	for (size_t i = 0; i < set->count; i++) {
		building.path.count = 0;
		copy_places(&building, set->groups[i].key);
		if (options->callers_of != NULL)
			make_callers_path(&building);
		else
			make_path(&building);
		add_path(&building, &set->groups[i].values);
	}
	for (size_t i = 0; i < building.nodes.count; i++)
		if (building.nodes.items[i].parent == TREE_NONE)
			profile_values_add(&tree->sum, &building.nodes.items[i].values);
	emit(&building, tree);
	array_release(&building.places);
	array_release(&building.path);
	array_release(&building.nodes);
	array_release(&building.node_of_key);
}

void
tree_release(struct tree *tree)
{
	free(tree->nodes);
	memset(tree, 0, sizeof(*tree));
}
