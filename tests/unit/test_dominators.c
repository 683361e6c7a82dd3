/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_dominators.c - dominators, and what is retained and reachable, against the removal of nodes
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "model/dominators.h"
#include "model/graph.h"
#include "model/owner.h"
#include "model/owner_path.h"
#include "model/retained.h"
#include "scratch.h"
#include "util/xalloc.h"

#define NODES_MAX 64
#define ARCS_MAX  256

/* --- dominators alone --- */

struct drawn_flow {
	struct flow flow;
	uint64_t first[NODES_MAX + 1];
	uint32_t targets[ARCS_MAX];
};

/* What node 0 reaches without going through `without`. */
static void
reach_without(const struct flow *flow, uint32_t without, bool *reached)
{
	bool changed = true;

	memset(reached, 0, flow->count * sizeof(*reached));
	reached[0] = without != 0;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < flow->count; i++) {
			for (uint64_t a = flow->first[i]; a < flow->first[i + 1]; a++) {
				uint32_t target = flow->targets[a];

				if (reached[i] && !reached[target] && target != without)
					changed = reached[target] = true;
			}
		}
	}
}

static void
draw_flow(struct drawn_flow *drawn)
{
	uint32_t count = 1 + (uint32_t)rand() % 24, arcs = 0;

	for (uint32_t i = 0; i < count; i++) {
		drawn->first[i] = arcs;
		for (int j = rand() % 4; j > 0; j--)
			drawn->targets[arcs++] = (uint32_t)rand() % count;
	}
	drawn->first[count] = arcs;
	drawn->flow = (struct flow){count, drawn->first, drawn->targets};
}

/* Whether `above` is among the dominators of node. */
static bool
is_above(const struct dominators *dominators, uint32_t above, uint32_t node)
{
	for (node = dominators->of[node]; node != DOMINATOR_NONE; node = dominators->of[node])
		if (node == above)
			return true;
	return false;
}

START_TEST(random_flows)
{
	static bool all[NODES_MAX], rest[NODES_MAX];
	struct drawn_flow drawn;
	struct dominators dominators;

	srand(14);
	for (int round = 0; round < 1000; round++) {
		draw_flow(&drawn);
		dominators_init(&dominators, &drawn.flow, 0, NULL);
		reach_without(&drawn.flow, UINT32_MAX, all);
		for (uint32_t i = 1; i < drawn.flow.count; i++)
			ck_assert_int_eq(dominators.of[i] != DOMINATOR_NONE, all[i]);
		for (uint32_t i = 0; i < drawn.flow.count; i++) {
			reach_without(&drawn.flow, i, rest);
			for (uint32_t j = 0; j < drawn.flow.count; j++)
				if (j != i)
					ck_assert_int_eq(is_above(&dominators, i, j),
							 all[j] && !rest[j]);
		}
		dominators_release(&dominators);
	}
}
END_TEST

/* Each dominator comes before what it dominates. */
START_TEST(order)
{
	struct drawn_flow drawn;
	struct dominators dominators;
	uint32_t places[NODES_MAX];

	srand(15);
	for (int round = 0; round < 200; round++) {
		draw_flow(&drawn);
		dominators_init(&dominators, &drawn.flow, 0, NULL);
		ck_assert_uint_eq(dominators.order[0], 0);
		for (uint32_t i = 0; i < dominators.reached; i++)
			places[dominators.order[i]] = i;
		for (uint32_t i = 1; i < dominators.reached; i++) {
			uint32_t node = dominators.order[i];

			ck_assert_uint_lt(places[dominators.of[node]], i);
		}
		dominators_release(&dominators);
	}
}
END_TEST

/* A list is as good as anything: no recursion, and no time squared. */
START_TEST(a_million_in_a_row)
{
	const uint32_t count = 1000000;
	uint64_t *first = xcalloc(count + 1, sizeof(*first));
	uint32_t *targets = xcalloc(2 * (size_t)count, sizeof(*targets));
	struct flow flow = {count, first, targets};
	struct dominators dominators;
	uint64_t arcs = 0;

	/* There and back. */
	for (uint32_t i = 0; i < count; i++) {
		first[i] = arcs;
		if (i + 1 < count)
			targets[arcs++] = i + 1;
		if (i > 0)
			targets[arcs++] = i - 1;
	}
	first[count] = arcs;
	dominators_init(&dominators, &flow, 0, NULL);
	ck_assert_uint_eq(dominators.reached, count);
	for (uint32_t i = 1; i < count; i++)
		ck_assert_uint_eq(dominators.of[i], i - 1);
	dominators_release(&dominators);
	free(first);
	free(targets);
}
END_TEST

/* --- a graph with owners --- */

#define VARIABLES  6
#define WORDS_EACH 2 /* of a variable */
#define PASSING    2 /* the first are stacks */

struct drawn_graph {
	struct graph graph;
	struct graph_node blocks[NODES_MAX];
	struct graph_area root;
	uint64_t first[NODES_MAX + 2];
	struct graph_arc arcs[ARCS_MAX];
	char strings[1];
};

static bool
find_variable(void *context, uint64_t address, struct owner *ret_owner)
{
	(void)context;
	*ret_owner = (struct owner){
		.kind = address < 0x8000 + PASSING * 8 * WORDS_EACH ? OWNER_STACK : OWNER_GLOBAL,
		.start = address / (8 * WORDS_EACH) * (8 * WORDS_EACH),
	};
	ret_owner->end = ret_owner->start + 8 * WORDS_EACH;
	return true;
}

static const struct owner_naming naming = {find_variable, NULL};

static void
draw_graph(struct drawn_graph *drawn)
{
	uint32_t blocks = 1 + (uint32_t)rand() % 20, arcs = 0;
	struct graph *graph = &drawn->graph;

	memset(drawn, 0, sizeof(*drawn));
	*graph = (struct graph){.blocks = drawn->blocks,
				.roots = &drawn->root,
				.first = drawn->first,
				.arcs = drawn->arcs,
				.strings = drawn->strings,
				.block_count = blocks,
				.root_count = 1,
				.string_bytes = 1,
				.site_count = 3};
	drawn->root = (struct graph_area){0x8000, 0x9000, GRAPH_AREA_MODULE, 0};
	for (uint32_t i = 0; i < blocks; i++) {
		drawn->blocks[i] = (struct graph_node){
			.start = 0x1000 + 0x100 * i, .bytes_low = 1u << (i % 8), .site = 1 + i % 3};
		drawn->first[i] = arcs;
		for (int j = rand() % 3; j > 0; j--)
			drawn->arcs[arcs++].target = (uint32_t)rand() % blocks;
	}
	drawn->first[blocks] = arcs;
	for (uint32_t i = 0; i < VARIABLES * WORDS_EACH; i++)
		if (rand() % 2 == 0)
			drawn->arcs[arcs++] = (struct graph_arc){
				.target = (uint32_t)rand() % blocks, .word = i & 0xff};
	drawn->first[blocks + 1] = arcs;
	graph->arc_count = arcs;
	ck_assert(graph_is_valid(graph));
}

/* What owners reach, those for which `uses` is true, and not through block `without`; stacks only
 * what is not in `lasting`, if that is given. */
static void
reach_naively(const struct drawn_graph *drawn, const struct owner_set *owners, const bool *uses,
	      size_t without, const bool *lasting, bool *reached)
{
	const struct graph *graph = &drawn->graph;
	size_t blocks = graph->block_count;
	bool changed = true;

	memset(reached, 0, blocks * sizeof(*reached));
	for (uint64_t a = graph->first[blocks]; a < graph->arc_count; a++)
		if (uses[owners->of_arc[a - owners->first]] && graph->arcs[a].target != without &&
		    (lasting == NULL || !lasting[graph->arcs[a].target] ||
		     !owner_is_passing(&owners->owners[owners->of_arc[a - owners->first]])))
			reached[graph->arcs[a].target] = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < blocks; i++)
			for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++) {
				uint32_t target = graph->arcs[a].target;

				if (reached[i] && !reached[target] && target != without)
					changed = reached[target] = true;
			}
	}
}

/* What others than stacks reach. */
static void
find_lasting(const struct drawn_graph *drawn, const struct owner_set *owners, bool *lasting)
{
	bool uses[VARIABLES] = {0};

	for (uint32_t i = 0; i < owners->count; i++)
		uses[i] = !owner_is_passing(&owners->owners[i]);
	reach_naively(drawn, owners, uses, SIZE_MAX, NULL, lasting);
}

static struct retained_amount
sum_of(const struct drawn_graph *drawn, const bool *in, const bool *out)
{
	struct retained_amount sum = {0};

	for (size_t i = 0; i < drawn->graph.block_count; i++)
		if (in[i] && (out == NULL || !out[i])) {
			sum.blocks++;
			sum.bytes += drawn->blocks[i].bytes_low;
		}
	return sum;
}

static void
check_amount(const struct retained_amount *is, struct retained_amount expected)
{
	ck_assert_uint_eq(is->blocks, expected.blocks);
	ck_assert_uint_eq(is->bytes, expected.bytes);
}

static void
check_owners(const struct drawn_graph *drawn, struct retained *retained, const bool *all)
{
	const struct owner_set *owners = retained->owners;
	bool uses[VARIABLES], reached[NODES_MAX], kept[NODES_MAX] = {0};
	struct retained_amount amount;
	bool lasting[NODES_MAX];

	find_lasting(drawn, owners, lasting);
	for (uint32_t i = 0; i < owners->count; i++) {
		memset(uses, 1, sizeof(uses));
		uses[i] = false;
		reach_naively(drawn, owners, uses, SIZE_MAX, lasting, reached);
		check_amount(retained_get_owner(retained, i), sum_of(drawn, all, reached));
		for (size_t j = 0; j < drawn->graph.block_count; j++)
			kept[j] |= all[j] && !reached[j];
		memset(uses, 0, sizeof(uses));
		uses[i] = true;
		reach_naively(drawn, owners, uses, SIZE_MAX, NULL, reached);
		retained_reach_owners(retained, &i, 1, &amount);
		check_amount(&amount, sum_of(drawn, reached, NULL));
	}
	check_amount(&retained->held, sum_of(drawn, all, NULL));
	check_amount(&retained->shared, sum_of(drawn, all, kept));
}

/* Blocks of a group retain what goes without one of them. */
static void
check_group(const struct drawn_graph *drawn, struct retained *retained, const bool *all,
	    const uint32_t *groups, uint32_t group, const struct retained_amount *amount)
{
	const struct graph *graph = &drawn->graph;
	bool uses[VARIABLES], reached[NODES_MAX], gone[NODES_MAX] = {0};
	bool from[NODES_MAX] = {0}, changed = true;
	struct retained_amount reachable;
	bool lasting[NODES_MAX];

	find_lasting(drawn, retained->owners, lasting);
	memset(uses, 1, sizeof(uses));
	for (size_t i = 0; i < graph->block_count; i++) {
		from[i] = all[i] && groups[i] == group;
		if (groups[i] != group || !all[i])
			continue;
		reach_naively(drawn, retained->owners, uses, i, lasting, reached);
		for (size_t j = 0; j < graph->block_count; j++)
			gone[j] |= all[j] && !reached[j];
	}
	check_amount(amount, sum_of(drawn, gone, NULL));
	while (changed) {
		changed = false;
		for (size_t i = 0; i < graph->block_count; i++)
			for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++)
				if (from[i] && !from[graph->arcs[a].target])
					changed = from[graph->arcs[a].target] = true;
	}
	retained_reach_groups(retained, groups, &group, 1, &reachable);
	check_amount(&reachable, sum_of(drawn, from, NULL));
}

static void
check_groups(const struct drawn_graph *drawn, struct retained *retained, const bool *all)
{
	struct retained_amount amounts[3], own[3];
	uint32_t groups[NODES_MAX];

	for (size_t i = 0; i < drawn->graph.block_count; i++)
		groups[i] = drawn->blocks[i].site - 1u;
	retained_sum_groups(retained, groups, 3, amounts, own);
	for (uint32_t i = 0; i < 3; i++)
		check_group(drawn, retained, all, groups, i, &amounts[i]);
}

START_TEST(random_graphs)
{
	struct drawn_graph drawn;
	struct owner_set owners;
	struct retained retained;
	bool uses[VARIABLES], all[NODES_MAX];

	srand(16);
	for (int round = 0; round < 500; round++) {
		draw_graph(&drawn);
		owner_set_init(&owners, &drawn.graph, &naming, NULL, 0);
		ck_assert_uint_le(owners.count, VARIABLES);
		memset(uses, 1, sizeof(uses));
		reach_naively(&drawn, &owners, uses, SIZE_MAX, NULL, all);
		retained_init(&retained, &drawn.graph, &owners, NULL);
		check_owners(&drawn, &retained, all);
		check_groups(&drawn, &retained, all);
		retained_release(&retained);
		owner_set_release(&owners);
	}
}
END_TEST

/* A path goes along arcs, from an owner to the block, and is there if the block can be reached. */
START_TEST(random_paths)
{
	struct drawn_graph drawn;
	struct owner_set owners;
	struct owner_paths paths;
	bool uses[VARIABLES], all[NODES_MAX];

	srand(17);
	memset(uses, 1, sizeof(uses));
	for (int round = 0; round < 200; round++) {
		const struct graph *graph = &drawn.graph;

		draw_graph(&drawn);
		owner_set_init(&owners, graph, &naming, NULL, 0);
		owner_paths_init(&paths, graph, &owners);
		reach_naively(&drawn, &owners, uses, SIZE_MAX, NULL, all);
		for (uint32_t i = 0; i < graph->block_count; i++) {
			uint32_t owner = 0, *blocks = NULL;
			size_t count = owner_paths_get(&paths, i, &owner, &blocks);

			ck_assert_int_eq(count != 0, all[i]);
			ck_assert(count == 0 || blocks[count - 1] == i);
			for (size_t j = 1; j < count; j++) {
				bool found = false;

				for (uint64_t a = graph->first[blocks[j - 1]];
				     a < graph->first[blocks[j - 1] + 1]; a++)
					found |= graph->arcs[a].target == blocks[j];
				ck_assert(found);
			}
			free(blocks);
		}
		owner_paths_release(&paths);
		owner_set_release(&owners);
	}
}
END_TEST

/* Nothing lives, or nothing holds anything. */
START_TEST(nothing)
{
	static uint64_t first[2];
	static char strings[1];
	struct graph graph = {.first = first, .strings = strings, .string_bytes = 1};
	struct owner_set owners;
	struct retained retained;

	owner_set_init(&owners, &graph, &naming, NULL, 0);
	retained_init(&retained, &graph, &owners, NULL);
	ck_assert_uint_eq(retained.held.blocks, 0);
	retained_reach_owners(&retained, NULL, 0, NULL);
	retained_release(&retained);
	owner_set_release(&owners);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dominators");
	TCase *tcase = tcase_create("dominators");

	tcase_add_test(tcase, random_flows);
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, a_million_in_a_row);
	tcase_add_test(tcase, random_graphs);
	tcase_add_test(tcase, random_paths);
	tcase_add_test(tcase, nothing);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
