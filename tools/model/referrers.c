/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/referrers.h"

#include <stdlib.h>
#include <string.h>

#include "model/owner.h"
#include "util/array.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

#define WORD 8u

/* Padding is zero: the key is hashed as bytes. */
struct way_key {
	uint64_t offset;
	uint32_t who;
	uint8_t is_owner, how, is_least, reserved;
};

/* A way whose places in the source are not known yet. */
struct way {
	UT_hash_handle hh;
	struct way_key key;
	uint64_t places[REFERRER_PLACES];
	uint32_t place_count;
	bool any_place;
	uint32_t first; /* row, when all are known: one for each place, or one */
};

struct held {
	uint32_t way, target;
};

struct making {
	struct referrer_set *set;
	const struct graph *graph;
	const struct owner_set *owners;
	const uint32_t *groups;
	const bool *targets;
	size_t block;
	struct way *ways;
	ARRAY(struct referrer) rows;
	ARRAY(struct held) held;
	ARRAY(struct referrer_pointer) list;
};

/* An arc with all that is to be known of it. */
struct pointer {
	uint64_t arc, source, place;
	struct way_key key;
};

/* In a variable, the place from its start; of other owners places mean nothing. */
static bool
is_variable(const struct making *making, const struct way_key *key)
{
	return key->is_owner && key->who != OWNER_NONE &&
	       making->owners->owners[key->who].kind <= OWNER_THREAD;
}

static void
describe(const struct making *making, uint64_t source, uint64_t arc, struct pointer *ret_pointer)
{
	const struct graph *graph = making->graph;
	const struct owner_set *owners = making->owners;
	uint64_t word, offset;
	bool is_exact = graph_get_places(graph, arc, &word, &offset);

	*ret_pointer = (struct pointer){
		.arc = arc,
		.source = source,
		.place = word * WORD,
		.key = {.offset = offset, .how = graph->arcs[arc].how, .is_least = !is_exact},
	};
	if (source < graph->block_count) {
		ret_pointer->key.who = making->groups[source];
		return;
	}
	ret_pointer->key.is_owner = true;
	ret_pointer->key.who = owners->of_arc[arc - owners->first];
	if (is_variable(making, &ret_pointer->key))
		ret_pointer->place = owner_get_address(graph, source - graph->block_count, arc) -
				     owners->owners[ret_pointer->key.who].start;
}

/* Call back with every word that points at one of the blocks. */
static void
each_pointer(struct making *making, void (*call)(struct making *, const struct pointer *))
{
	const struct graph *graph = making->graph;
	size_t sources = graph->block_count + graph->root_count;
	struct pointer pointer;

	for (size_t i = 0; i < sources; i++) {
		for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++) {
			if (!making->targets[graph->arcs[a].target])
				continue;
			describe(making, i, a, &pointer);
			call(making, &pointer);
		}
	}
}

static struct way *
find_way(const struct making *making, const struct way_key *key)
{
	struct way *way;

	HASH_FIND(hh, making->ways, key, sizeof(*key), way);
	return way;
}

/* Its place among those of the way, or `place_count`. */
static uint32_t
find_place(const struct way *way, uint64_t place)
{
	uint32_t i = 0;

	while (i < way->place_count && way->places[i] != place)
		i++;
	return i;
}

static void
note_way(struct making *making, const struct pointer *pointer)
{
	struct way *way = find_way(making, &pointer->key);
	uint32_t place;

	if (way == NULL) {
		way = xcalloc(1, sizeof(*way));
		way->key = pointer->key;
		way->any_place = way->key.is_owner && !is_variable(making, &way->key);
		HASH_ADD(hh, making->ways, key, sizeof(way->key), way);
	}
	if (way->any_place)
		return;
	place = find_place(way, pointer->place);
	if (place < way->place_count)
		return;
	if (place == REFERRER_PLACES)
		way->any_place = true;
	else
		way->places[way->place_count++] = pointer->place;
}

static void
make_rows(struct making *making)
{
	struct way *way, *next;

	HASH_ITER (hh, making->ways, way, next) {
		uint32_t count = way->any_place ? 1 : way->place_count;

		way->first = (uint32_t)making->rows.count;
		for (uint32_t i = 0; i < count; i++)
			*array_push(&making->rows) = (struct referrer){
				.is_owner = way->key.is_owner,
				.who = way->key.who,
				.how = (enum graph_how)way->key.how,
				.offset = way->key.offset,
				.place = way->any_place ? 0 : way->places[i],
				.any_place = way->any_place,
				.is_least = way->key.is_least,
			};
	}
}

static void
count_pointer(struct making *making, const struct pointer *pointer)
{
	const struct way *way = find_way(making, &pointer->key);
	uint32_t row = way->first + (way->any_place ? 0 : find_place(way, pointer->place));
	struct referrer *referrer = &making->rows.items[row];
	uint32_t target = making->graph->arcs[pointer->arc].target;
	uint64_t bytes = 0;

	if (pointer->source < making->graph->block_count)
		bytes = graph_get_bytes(&making->graph->blocks[pointer->source]);
	if (referrer->pointers++ == 0)
		referrer->source_bytes = bytes;
	else if (referrer->source_bytes != bytes)
		referrer->source_bytes = 0;
	*array_push(&making->held) = (struct held){row, target};
	if (target == making->block)
		*array_push(&making->list) =
			(struct referrer_pointer){pointer->arc, pointer->source, row};
	making->set->pointers++;
}

static int
compare_held(const void *a, const void *b)
{
	const struct held *left = a, *right = b;

	if (left->way != right->way)
		return left->way > right->way ? 1 : -1;
	return (left->target > right->target) - (left->target < right->target);
}

/* Each block once for each way. */
static void
count_blocks(struct making *making)
{
	struct held *held = making->held.items;
	const struct graph *graph = making->graph;
	bool *is_held = xcalloc(graph->block_count + 1, sizeof(*is_held));

	if (making->held.count != 0)
		qsort(held, making->held.count, sizeof(*held), compare_held);
	for (size_t i = 0; i < making->held.count; i++) {
		is_held[held[i].target] = true;
		if (i == 0 || compare_held(&held[i - 1], &held[i]) != 0)
			making->rows.items[held[i].way].blocks++;
	}
	for (size_t i = 0; i < graph->block_count; i++) {
		if (!making->targets[i])
			continue;
		making->set->blocks++;
		making->set->bytes += graph_get_bytes(&graph->blocks[i]);
		making->set->unheld += !is_held[i];
	}
	free(is_held);
}

/* --- order --- */

struct order {
	struct referrer referrer;
	uint32_t number;
};

static int
compare_orders(const void *a, const void *b)
{
	const struct order *left = a, *right = b;
	const struct referrer *one = &left->referrer, *other = &right->referrer;

	if (one->blocks != other->blocks)
		return one->blocks < other->blocks ? 1 : -1;
	if (one->pointers != other->pointers)
		return one->pointers < other->pointers ? 1 : -1;
	return (left->number > right->number) - (left->number < right->number);
}

static void
sort_rows(struct making *making)
{
	size_t count = making->rows.count;
	struct order *orders = xcalloc(count + 1, sizeof(*orders));
	uint32_t *where = xcalloc(count + 1, sizeof(*where));

	for (size_t i = 0; i < count; i++)
		orders[i] = (struct order){making->rows.items[i], (uint32_t)i};
	qsort(orders, count, sizeof(*orders), compare_orders);
	for (size_t i = 0; i < count; i++) {
		making->rows.items[i] = orders[i].referrer;
		where[orders[i].number] = (uint32_t)i;
	}
	for (size_t i = 0; i < making->list.count; i++)
		making->list.items[i].way = where[making->list.items[i].way];
	free(orders);
	free(where);
}

void
referrer_set_init(struct referrer_set *set, const struct graph *graph,
		  const struct owner_set *owners, const uint32_t *groups, const bool *targets,
		  size_t block)
{
	struct making making = {.set = set,
				.graph = graph,
				.owners = owners,
				.groups = groups,
				.targets = targets,
				.block = block};
	struct way *way, *next;

	*set = (struct referrer_set){0};
	each_pointer(&making, note_way);
	make_rows(&making);
	each_pointer(&making, count_pointer);
	count_blocks(&making);
	sort_rows(&making);
	set->ways = making.rows.items;
	set->count = making.rows.count;
	set->list = making.list.items;
	set->list_count = making.list.count;
	HASH_ITER (hh, making.ways, way, next) {
		HASH_DEL(making.ways, way);
		free(way);
	}
	array_release(&making.held);
}

void
referrer_set_release(struct referrer_set *set)
{
	free(set->ways);
	free(set->list);
	memset(set, 0, sizeof(*set));
}
