/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/owner_growth.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/leak.h"
#include "model/owner.h"
#include "model/owner_path.h"
#include "util/array.h"
#include "util/xalloc.h"

#define AT_WORK (UINT32_MAX - 1) /* held by a stack only */

/* A block that has come. */
struct arrival {
	uint32_t row_group; /* of the block that it hangs on, perhaps itself */
	uint32_t group;     /* its own */
	uint64_t holder;    /* owner, or group of the block that it hangs on; of the first only */
	uint32_t block;
	bool is_first; /* hangs on nothing that has come */
};

struct making {
	struct owner_growth *growth;
	const struct graph *graph;
	const struct owner_set *owners;
	const struct owner_paths *paths;
	const uint32_t *groups;
	bool *came;
	bool *holds;      /* by block: it has come, and what has come with it hangs on it */
	uint32_t *firsts; /* by block: the first that has come on the way to it */
	ARRAY(uint32_t) way;
	ARRAY(struct arrival) arrivals;
	ARRAY(struct owner_growth_row) rows;
	ARRAY(struct owner_growth_part) parts;
};

/* Both are in the order of addresses. */
static bool *
find_came(const struct graph *graph, const struct graph *earlier)
{
	bool *came = xcalloc(graph->block_count + 1, sizeof(*came));

	for (size_t i = 0; i < graph->block_count; i++)
		came[i] = !graph_has(earlier, &graph->blocks[i]);
	return came;
}

/* Both may know of sites that the other has no blocks of. */
static void
count_went(struct owner_growth *growth, const struct graph *earlier, const struct graph *graph)
{
	growth->site_count = 1 + (earlier->site_count > graph->site_count ? earlier->site_count
									  : graph->site_count);
	growth->came = xcalloc(growth->site_count, sizeof(*growth->came));
	growth->went = xcalloc(growth->site_count, sizeof(*growth->went));
	for (size_t i = 0; i < earlier->block_count; i++)
		growth->went[earlier->blocks[i].site] += !graph_has(graph, &earlier->blocks[i]);
}

/* An array that was made larger is another block in the place of one that has gone, and one new
 * object is no growth: what is in them has come by itself, and hangs on nothing that has. */
static bool *
find_holding(const struct making *making)
{
	const struct graph *graph = making->graph;
	uint64_t *counts = xcalloc(making->growth->site_count, sizeof(*counts));
	bool *holds = xcalloc(graph->block_count + 1, sizeof(*holds));

	for (size_t i = 0; i < graph->block_count; i++)
		counts[graph->blocks[i].site] += making->came[i];
	for (size_t i = 0; i < graph->block_count; i++) {
		uint32_t site = graph->blocks[i].site;
		const struct leak_change change = {counts[site], making->growth->went[site]};

		holds[i] = making->came[i] && leak_change_is_growth(&change);
	}
	free(counts);
	return holds;
}

/* --- what it hangs on --- */

static bool
is_at_work(const struct making *making, uint32_t from)
{
	return from >= making->paths->block_count &&
	       owner_is_passing(&making->owners->owners[from - making->paths->block_count]);
}

/* Also for all on the way, so that each is looked at once. */
static void
find_first(struct making *making, uint32_t block)
{
	const uint32_t *from = making->paths->from;
	uint32_t first;

	making->way.count = 0;
	while (making->firsts[block] == OWNER_GROWTH_NONE) {
		*array_push(&making->way) = block;
		if (from[block] >= making->paths->block_count || !making->holds[from[block]])
			break;
		block = from[block];
	}
	first = making->firsts[block];
	if (first == OWNER_GROWTH_NONE)
		first = is_at_work(making, from[block]) ? AT_WORK : block;
	for (size_t i = 0; i < making->way.count; i++)
		making->firsts[making->way.items[i]] = first;
}

/* Owners after all groups. */
static uint64_t
get_holder(const struct making *making, uint32_t block)
{
	uint32_t from = making->paths->from[block], blocks = making->paths->block_count;

	return from < blocks ? making->groups[from] : (uint64_t)1 << 32 | (from - blocks);
}

static void
list_arrivals(struct making *making)
{
	const struct graph *graph = making->graph;

	making->firsts = xmalloc((graph->block_count + 1) * sizeof(*making->firsts));
	memset(making->firsts, 0xff, graph->block_count * sizeof(*making->firsts));
	for (uint32_t i = 0; i < graph->block_count; i++) {
		uint32_t first;

		if (!making->came[i] || making->paths->from[i] == OWNER_PATH_NONE)
			continue;
		find_first(making, i);
		first = making->firsts[i];
		if (first != AT_WORK)
			making->growth->came[graph->blocks[i].site]++;
		if (first == AT_WORK || making->groups[first] == OWNER_GROWTH_NONE ||
		    making->groups[i] == OWNER_GROWTH_NONE)
			continue;
		*array_push(&making->arrivals) = (struct arrival){
			.row_group = making->groups[first],
			.group = making->groups[i],
			.holder = first == i ? get_holder(making, i) : 0,
			.block = i,
			.is_first = first == i,
		};
	}
}

/* --- rows --- */

static int
compare_arrivals(const void *a, const void *b)
{
	const struct arrival *left = a, *right = b;

	if (left->row_group != right->row_group)
		return left->row_group > right->row_group ? 1 : -1;
	if (left->is_first != right->is_first)
		return left->is_first ? -1 : 1;
	if (left->holder != right->holder)
		return left->holder > right->holder ? 1 : -1;
	if (left->group != right->group)
		return left->group > right->group ? 1 : -1;
	return (left->block > right->block) - (left->block < right->block);
}

static int
compare_parts(const void *a, const void *b)
{
	const struct owner_growth_part *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->group > right->group) - (left->group < right->group);
}

static uint64_t
get_bytes(const struct making *making, const struct arrival *arrival)
{
	return graph_get_bytes(&making->graph->blocks[arrival->block]);
}

/* Those that are held alike, from i on; the number of the next. */
static size_t
add_held(const struct making *making, size_t i, struct owner_growth_row *row, uint64_t *most)
{
	const struct arrival *arrivals = making->arrivals.items, *first = &arrivals[i];
	uint64_t count = 0;

	for (; i < making->arrivals.count && arrivals[i].is_first &&
	       arrivals[i].row_group == first->row_group && arrivals[i].holder == first->holder;
	     i++) {
		row->blocks++;
		row->bytes += get_bytes(making, &arrivals[i]);
		count++;
	}
	row->holders++;
	if (count > *most) {
		*most = count;
		row->example = first->block;
	}
	return i;
}

/* What hangs on it, of one group. */
static size_t
add_part(struct making *making, size_t i, struct owner_growth_row *row)
{
	const struct arrival *arrivals = making->arrivals.items, *first = &arrivals[i];
	struct owner_growth_part part = {.group = first->group};

	for (; i < making->arrivals.count && arrivals[i].row_group == first->row_group &&
	       arrivals[i].group == first->group;
	     i++) {
		part.blocks++;
		part.bytes += get_bytes(making, &arrivals[i]);
	}
	row->hung_blocks += part.blocks;
	row->hung_bytes += part.bytes;
	row->part_count++;
	*array_push(&making->parts) = part;
	return i;
}

static void
make_rows(struct making *making)
{
	const struct arrival *arrivals = making->arrivals.items;
	size_t count = making->arrivals.count;

	if (count != 0)
		qsort(making->arrivals.items, count, sizeof(*arrivals), compare_arrivals);
	for (size_t i = 0; i < count;) {
		struct owner_growth_row row = {.group = arrivals[i].row_group,
					       .part = (uint32_t)making->parts.count};
		uint64_t most = 0;

		while (i < count && arrivals[i].row_group == row.group && arrivals[i].is_first)
			i = add_held(making, i, &row, &most);
		while (i < count && arrivals[i].row_group == row.group)
			i = add_part(making, i, &row);
		if (row.part_count != 0)
			qsort(&making->parts.items[row.part], row.part_count,
			      sizeof(*making->parts.items), compare_parts);
		making->growth->of_group[row.group] = (uint32_t)making->rows.count;
		*array_push(&making->rows) = row;
	}
}

void
owner_growth_init(struct owner_growth *growth, const struct graph *earlier,
		  const struct graph *graph, const struct owner_set *owners,
		  const struct owner_paths *paths, const uint32_t *groups, uint32_t group_count)
{
	struct making making = {.growth = growth,
				.graph = graph,
				.owners = owners,
				.paths = paths,
				.groups = groups,
				.came = find_came(graph, earlier)};

	*growth = (struct owner_growth){0};
	growth->of_group = xmalloc(((size_t)group_count + 1) * sizeof(*growth->of_group));
	memset(growth->of_group, 0xff, group_count * sizeof(*growth->of_group));
	count_went(growth, earlier, graph);
	making.holds = find_holding(&making);
	list_arrivals(&making);
	make_rows(&making);
	growth->rows = making.rows.items;
	growth->row_count = making.rows.count;
	growth->parts = making.parts.items;
	growth->part_count = making.parts.count;
	free(making.came);
	free(making.holds);
	free(making.firsts);
	array_release(&making.way);
	array_release(&making.arrivals);
}

void
owner_growth_release(struct owner_growth *growth)
{
	free(growth->rows);
	free(growth->parts);
	free(growth->of_group);
	free(growth->came);
	free(growth->went);
	memset(growth, 0, sizeof(*growth));
}
