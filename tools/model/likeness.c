/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/likeness.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/owner.h"
#include "model/std_shape.h"
#include "util/array.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

struct key {
	const char *name, *holder;
	uint32_t owner;
	uint32_t kind; /* of array, of node */
};

struct found_item {
	UT_hash_handle hh;
	struct key key;
	uint32_t item;
};

struct making {
	struct likeness_set *set;
	const struct graph *graph;
	const struct owner_set *owners;
	struct found_item *found;
	ARRAY(struct likeness) items;
};

static uint32_t
find_item(struct making *making, const struct likeness *likeness)
{
	struct key key;
	struct found_item *found;

	memset(&key, 0, sizeof(key));
	key.name = likeness->name;
	key.holder = likeness->holder;
	key.owner = likeness->owner;
	key.kind = (uint32_t)likeness->is_array << 1 | likeness->is_node;
	HASH_FIND(hh, making->found, &key, sizeof(key), found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found));
		found->key = key;
		found->item = (uint32_t)making->items.count;
		HASH_ADD(hh, making->found, key, sizeof(key), found);
		*array_push(&making->items) = *likeness;
	}
	return found->item;
}

/*** classes ***/

static void
take_classes(struct making *making, const struct likeness_naming *naming)
{
	const struct graph *graph = making->graph;
	const char **names = xcalloc(graph->table_count + 1, sizeof(*names));

	for (size_t i = 0; i < graph->table_count; i++)
		names[i] = naming->find(naming->context, graph->tables[i]);
	for (size_t i = 0; i < graph->instance_count; i++) {
		const struct graph_instance *instance = &graph->instances[i];

		if (names[instance->table] == NULL)
			continue;
		making->set->of_block[instance->block] =
			find_item(making, &(struct likeness){.name = names[instance->table],
							     .is_array = instance->is_array,
							     .owner = OWNER_NONE});
	}
	free(names);
}

/*** containers ***/

/* The variable that an arc of a root is in. */
static uint32_t
find_variable(const struct making *making, uint64_t arc)
{
	const struct owner_set *owners = making->owners;
	uint32_t owner;

	if (owners == NULL || arc < owners->first)
		return OWNER_NONE;
	owner = owners->of_arc[arc - owners->first];
	if (owner == OWNER_NONE || owners->owners[owner].name == NULL ||
	    owners->owners[owner].kind > OWNER_THREAD_LOCAL)
		return OWNER_NONE;
	return owner;
}

static void
take_shape(void *context, const struct std_shape *shape)
{
	struct making *making = context;
	struct likeness likeness = {
		.name = std_node_names[shape->node],
		.is_node = true,
		.owner = OWNER_NONE,
	};
	uint32_t item;

	if (shape->source >= making->graph->block_count) {
		likeness.owner = find_variable(making, shape->arc);
	} else {
		item = making->set->of_block[shape->source];
		if (item != LIKENESS_NONE && !making->items.items[item].is_node)
			likeness.holder = making->items.items[item].name;
	}
	item = find_item(making, &likeness);
	for (size_t i = 0; i < shape->count; i++)
		making->set->of_block[shape->nodes[i]] = item;
}

/* Nodes that no container was found for, but whose function is known. */
static void
take_others(struct making *making, const enum std_node *sites, uint32_t site_count)
{
	for (size_t i = 0; i < making->graph->block_count; i++) {
		uint32_t site = making->graph->blocks[i].site;

		if (making->set->of_block[i] != LIKENESS_NONE || site >= site_count ||
		    !std_node_is_known(sites[site]))
			continue;
		making->set->of_block[i] =
			find_item(making, &(struct likeness){.name = std_node_names[sites[site]],
							     .is_node = true,
							     .owner = OWNER_NONE});
	}
}

/*** the set ***/

void
likeness_set_init(struct likeness_set *set, const struct graph *graph,
		  const struct likeness_naming *naming, const struct owner_set *owners,
		  const enum std_node *sites, uint32_t site_count)
{
	struct making making = {.set = set, .graph = graph, .owners = owners};
	struct found_item *found, *next;

	*set = (struct likeness_set){0};
	set->of_block = xcalloc(graph->block_count + 1, sizeof(*set->of_block));
	*array_push(&making.items) = (struct likeness){.owner = OWNER_NONE};
	if (naming != NULL)
		take_classes(&making, naming);
	if (sites != NULL && graph->block_count != 0) {
		std_shape_each(graph, sites, site_count, take_shape, &making);
		take_others(&making, sites, site_count);
	}
	set->items = making.items.items;
	set->count = (uint32_t)making.items.count;
	HASH_ITER (hh, making.found, found, next) {
		HASH_DEL(making.found, found);
		free(found);
	}
}

void
likeness_set_release(struct likeness_set *set)
{
	free(set->items);
	free(set->of_block);
	memset(set, 0, sizeof(*set));
}

/*** groups ***/

struct counted {
	uint32_t group, item;
	uint64_t blocks;
};

static int
compare_items(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;

	if (left->group != right->group)
		return left->group > right->group ? 1 : -1;
	return (left->item > right->item) - (left->item < right->item);
}

static int
compare_counts(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;

	if (left->group != right->group)
		return left->group > right->group ? 1 : -1;
	if (left->blocks != right->blocks)
		return left->blocks < right->blocks ? 1 : -1;
	return (left->item > right->item) - (left->item < right->item);
}

/* Equal ones become one. */
static size_t
join(struct counted *counted, size_t count)
{
	size_t kept = 0;

	qsort(counted, count, sizeof(*counted), compare_items);
	for (size_t i = 0; i < count; i++)
		if (kept != 0 && compare_items(&counted[kept - 1], &counted[i]) == 0)
			counted[kept - 1].blocks++;
		else
			counted[kept++] = counted[i];
	qsort(counted, kept, sizeof(*counted), compare_counts);
	return kept;
}

void
likeness_sum_init(struct likeness_sum *sum, const struct likeness_set *set,
		  const struct graph *graph, const uint32_t *groups, uint32_t count)
{
	struct counted *counted = xcalloc(graph->block_count + 1, sizeof(*counted));
	size_t kept = 0;

	for (size_t i = 0; i < graph->block_count; i++)
		if (groups[i] < count && set->of_block[i] != LIKENESS_NONE)
			counted[kept++] = (struct counted){groups[i], set->of_block[i], 1};
	kept = join(counted, kept);
	sum->parts = xcalloc(kept + 1, sizeof(*sum->parts));
	sum->first = xcalloc(count + 2u, sizeof(*sum->first));
	for (size_t i = 0; i < kept; i++) {
		sum->parts[i] = (struct likeness_part){counted[i].item, counted[i].blocks};
		sum->first[counted[i].group + 1] = (uint32_t)i + 1;
	}
	for (uint32_t i = 1; i <= count; i++)
		if (sum->first[i] == 0)
			sum->first[i] = sum->first[i - 1];
	free(counted);
}

void
likeness_sum_release(struct likeness_sum *sum)
{
	free(sum->parts);
	free(sum->first);
	memset(sum, 0, sizeof(*sum));
}

char *
likeness_format(const struct likeness *likeness, const struct owner_set *owners)
{
	if (!likeness->is_node)
		return xasprintf("%s%s", likeness->name, likeness->is_array ? "[]" : "");
	if (likeness->owner != OWNER_NONE) {
		const char *variable = owners->owners[likeness->owner].name;

		/* Without what a compiler adds to the name: "g_names[abi:cxx11]". */
		return xasprintf("%s node of %.*s", likeness->name,
				 (int)(strstr(variable, "[abi:") != NULL
					       ? strstr(variable, "[abi:") - variable
					       : (ptrdiff_t)strlen(variable)),
				 variable);
	}
	if (likeness->holder != NULL)
		return xasprintf("%s node of %s %s", likeness->name,
				 strchr("AEIOU", likeness->holder[0]) != NULL ? "an" : "a",
				 likeness->holder);
	return xasprintf("%s node", likeness->name);
}
