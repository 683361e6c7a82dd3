/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/owner.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "util/array.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

#define WORD sizeof(uint64_t)

const char *const owner_kind_names[OWNER_KINDS] = {
	"global", "thread_local", "thread", "stack", "mapping", "registers", "kernel", "loader",
};

/* Two that begin at one place, and are of one kind, are one. */
struct owner_key {
	uint64_t start;
	uint64_t kind;
};

struct found_owner {
	UT_hash_handle hh;
	struct owner_key key;
	uint32_t number;
};

struct making {
	struct owner_set *set;
	const struct graph *graph;
	const struct owner_naming *naming;
	struct found_owner *found;
	ARRAY(struct owner) owners;
};

uint64_t
owner_get_address(const struct graph *graph, size_t root, uint64_t arc)
{
	uint64_t word, offset;

	graph_get_places(graph, arc, &word, &offset);
	return (graph->roots[root].start + WORD - 1) / WORD * WORD + word * WORD;
}

static uint32_t
insert(struct making *making, const struct owner *owner)
{
	struct owner_key key = {owner->start, owner->kind};
	struct found_owner *found;

	HASH_FIND(hh, making->found, &key, sizeof(key), found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found));
		found->key = key;
		found->number = (uint32_t)making->owners.count;
		HASH_ADD(hh, making->found, key, sizeof(key), found);
		*array_push(&making->owners) = *owner;
	}
	return found->number;
}

/* Libc's data of a thread is at the end of a stack that it has made. */
static uint32_t
find_thread(const struct graph *graph, const struct graph_area *root)
{
	if (strcmp(graph->strings + root->name, "[stack]") == 0)
		return graph->pid;
	for (size_t i = 0; i < graph->thread_count; i++)
		if (graph->threads[i].control >= root->start &&
		    graph->threads[i].control < root->end)
			return graph->threads[i].id;
	return 0;
}

/* What a word of a root is of, when nothing smaller has a name. */
static struct owner
make_whole(const struct graph *graph, const struct graph_area *root, uint64_t address)
{
	static const enum owner_kind kinds[GRAPH_AREA_KINDS] = {
		[GRAPH_AREA_MODULE] = OWNER_GLOBAL,       [GRAPH_AREA_STACK] = OWNER_STACK,
		[GRAPH_AREA_DEAD_STACK] = OWNER_STACK,    [GRAPH_AREA_MAPPING] = OWNER_MAPPING,
		[GRAPH_AREA_REGISTERS] = OWNER_REGISTERS, [GRAPH_AREA_KERNEL] = OWNER_KERNEL,
	};
	struct owner owner = {
		.kind = kinds[root->kind],
		.start = root->start,
		.end = root->end,
	};

	if (owner.kind == OWNER_STACK)
		owner.thread = find_thread(graph, root);
	else if (root->name != 0)
		owner.name = graph->strings + root->name;
	if (owner.kind == OWNER_GLOBAL) {
		owner.module = owner.name;
		owner.name = NULL;
		owner.offset = address - root->start;
		owner.start = address;
		owner.end = address + WORD;
	}
	return owner;
}

static uint32_t
find_owner(struct making *making, const struct graph_area *root, uint64_t address)
{
	const struct owner_naming *naming = making->naming;
	struct owner owner;

	if (root->kind <= GRAPH_AREA_MAPPING && naming != NULL &&
	    naming->find(naming->context, address, &owner))
		return insert(making, &owner);
	owner = make_whole(making->graph, root, address);
	return insert(making, &owner);
}

static void
name_arcs(struct making *making, size_t number)
{
	const struct graph *graph = making->graph;
	const struct graph_area *root = &graph->roots[number];
	size_t source = graph->block_count + number;
	uint32_t last = OWNER_NONE;

	for (uint64_t a = graph->first[source]; a < graph->first[source + 1]; a++) {
		uint64_t address = owner_get_address(graph, number, a);
		/* Words come in ascending order, and many are of one variable. */
		const struct owner *owner = last != OWNER_NONE ? &making->owners.items[last] : NULL;

		if (root->kind == GRAPH_AREA_DEAD_STACK)
			last = OWNER_NONE;
		else if (owner == NULL || owner->kind > OWNER_THREAD || address < owner->start ||
			 address >= owner->end)
			last = find_owner(making, root, address);
		making->set->of_arc[a - making->set->first] = last;
	}
}

bool
owner_is_passing(const struct owner *owner)
{
	return owner->kind == OWNER_STACK || owner->kind == OWNER_REGISTERS;
}

bool
owner_set_is_loaders(const struct owner_set *set, const struct graph *graph, size_t block)
{
	return set->loader != OWNER_NONE && graph->blocks[block].site < set->loader_site_count &&
	       set->loader_sites[graph->blocks[block].site];
}

static void
find_loaders(struct making *making)
{
	struct owner_set *set = making->set;

	set->loader = OWNER_NONE;
	for (size_t i = 0; i < making->graph->block_count && set->loader_sites != NULL; i++) {
		uint32_t site = making->graph->blocks[i].site;

		if (site >= set->loader_site_count || !set->loader_sites[site])
			continue;
		set->loader = insert(making, &(struct owner){.kind = OWNER_LOADER});
		return;
	}
}

void
owner_set_init(struct owner_set *set, const struct graph *graph, const struct owner_naming *naming,
	       const bool *loader_sites, uint32_t loader_site_count)
{
	struct making making = {.set = set, .graph = graph, .naming = naming};
	struct found_owner *found, *next;

	*set = (struct owner_set){
		.first = graph->arc_count,
		.loader_sites = loader_sites,
		.loader_site_count = loader_site_count,
		.loader = OWNER_NONE,
	};
	if (graph->first != NULL)
		set->first = graph->first[graph->block_count];
	set->of_arc = xcalloc(graph->arc_count - set->first + 1, sizeof(*set->of_arc));
	for (size_t i = 0; i < graph->root_count; i++)
		name_arcs(&making, i);
	find_loaders(&making);
	set->owners = making.owners.items;
	set->count = (uint32_t)making.owners.count;
	HASH_ITER (hh, making.found, found, next) {
		HASH_DEL(making.found, found);
		free(found);
	}
}

void
owner_set_release(struct owner_set *set)
{
	free(set->owners);
	free(set->of_arc);
	memset(set, 0, sizeof(*set));
}
