/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_reach.c - kinds of blocks in small graphs, and in random ones against a naive search
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/reach.h"
#include "scratch.h"
#include "util/xalloc.h"

#define BLOCKS_MAX 64
#define ARCS_MAX   512

struct drawn {
	struct graph graph;
	struct graph_node blocks[BLOCKS_MAX];
	struct graph_area roots[2];
	uint64_t first[BLOCKS_MAX + 3];
	struct graph_arc arcs[ARCS_MAX];
	char strings[1];
};

struct drawn_arc {
	size_t from;
	struct graph_arc arc;
};

/* "a>b" by its start, "a~b" inside (with a digit: at so many times 8), "a$b" as a string's
 * characters. `*` is a root, `!` what is dead on a stack. There are as many blocks as the highest
 * letter says. */
static struct drawn_arc
parse_arc(const struct drawn *drawn, const char *word)
{
	struct drawn_arc result = {.from = (size_t)(word[0] - 'a')};

	if (word[0] == '*')
		result.from = drawn->graph.block_count;
	else if (word[0] == '!')
		result.from = drawn->graph.block_count + 1;
	result.arc.target = (uint32_t)(word[2] - 'a');
	result.arc.how = word[1] == '>'   ? GRAPH_START
			 : word[1] == '$' ? GRAPH_STRING
					  : GRAPH_INTERIOR;
	result.arc.offset = word[1] == '>'    ? 0
			    : word[3] != '\0' ? 8 * (uint8_t)(word[3] - '0')
					      : 200;
	return result;
}

static void
insert_arcs(struct drawn *drawn, const struct drawn_arc *arcs, size_t count)
{
	struct graph *graph = &drawn->graph;

	for (size_t source = 0; source < graph->block_count + graph->root_count; source++) {
		graph->first[source] = graph->arc_count;
		for (size_t i = 0; i < count; i++)
			if (arcs[i].from == source)
				graph->arcs[graph->arc_count++] = arcs[i].arc;
	}
	graph->first[graph->block_count + graph->root_count] = graph->arc_count;
}

static struct drawn *
begin_drawing(size_t block_count)
{
	struct drawn *drawn = xcalloc(1, sizeof(*drawn));

	drawn->graph = (struct graph){
		.blocks = drawn->blocks,
		.roots = drawn->roots,
		.first = drawn->first,
		.arcs = drawn->arcs,
		.strings = drawn->strings,
		.block_count = block_count,
		.root_count = 2,
		.string_bytes = 1,
		.site_count = 2,
	};
	for (size_t i = 0; i < block_count; i++)
		drawn->blocks[i] = (struct graph_node){
			.start = 0x1000 + i * 0x100, .bytes_low = 0x80, .site = 1};
	drawn->roots[0].kind = GRAPH_AREA_MODULE;
	drawn->roots[1].kind = GRAPH_AREA_DEAD_STACK;
	return drawn;
}

static struct drawn *
draw(const char *text)
{
	struct drawn_arc arcs[ARCS_MAX];
	struct drawn *drawn;
	size_t count = 0, blocks = 0;
	char *copy = xstrdup(text), *rest;

	for (const char *c = text; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z' && (size_t)(*c - 'a') >= blocks)
			blocks = (size_t)(*c - 'a') + 1;
	drawn = begin_drawing(blocks);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (word[1] != '\0')
			arcs[count++] = parse_arc(drawn, word);
	insert_arcs(drawn, arcs, count);
	free(copy);
	ck_assert(graph_is_valid(&drawn->graph));
	return drawn;
}

/* One letter a block: Definite, Indirect, Possible, Reachable. */
static void
check_kinds_with(const char *text, const char *expected, const struct reach_options *options)
{
	struct drawn *drawn = draw(text);
	char kinds[BLOCKS_MAX + 1] = "";
	struct reach reach;

	reach_init(&reach, &drawn->graph, options);
	for (size_t i = 0; i < drawn->graph.block_count; i++)
		kinds[i] = "DIPR"[reach.kinds[i]];
	ck_assert_msg(strcmp(kinds, expected) == 0, "%s: %s, not %s", text, kinds, expected);
	reach_release(&reach);
	free(drawn);
}

static void
check_kinds(const char *text, const char *expected)
{
	check_kinds_with(text, expected,
			 &(struct reach_options){.heuristics = REACH_HEURISTICS_MEMCHECK});
}

/* The table in memcheck's manual: how the pointers of a chain decide on its last block. */
START_TEST(nine_cases_of_memcheck)
{
	check_kinds("*>a", "R");
	check_kinds("*>a a>b", "RR");
	check_kinds("a", "D");
	check_kinds("a>b", "DI");
	check_kinds("*~a", "P");
	check_kinds("*>a a~b", "RP");
	check_kinds("*~a a>b", "PP");
	check_kinds("*~a a~b", "PP");
	check_kinds("a~b", "DI");
}
END_TEST

START_TEST(the_better_path_counts)
{
	check_kinds("*~a *>a a>b", "RR");
	check_kinds("*~a a>b *>c c>b", "PRR");
	check_kinds("*>a a~b b>c *>c c~d d>b", "RPRP");
	check_kinds("*$a a>b", "RR");
	check_kinds_with("*$a a>b", "PP", &(struct reach_options){0});
}
END_TEST

START_TEST(heads_of_what_is_lost)
{
	/* A ring, two that share what hangs on them, a chain into a ring, a ring into a chain. */
	check_kinds("a>b b>c c>a", "DII");
	check_kinds("b>a a>b b>c", "DII");
	check_kinds("a>c b>c", "DDI");
	check_kinds("c>a a>b b>a", "IID");
	check_kinds("b>c c>b c>a", "IDI");
	check_kinds("a>b b>a c>d d>c b>c", "DIII");
	check_kinds("*>a b>a b>c", "RDI");
}
END_TEST

START_TEST(dead_stacks_and_doubts)
{
	struct drawn *drawn = draw("!>a a>b *~c d>e");
	struct reach reach;

	reach_init(&reach, &drawn->graph, &(struct reach_options){.doubts = true});
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(reach.kinds[i], REACH_POSSIBLE);
	ck_assert_int_eq(reach.reasons[0], REACH_REASON_DEAD_STACK);
	ck_assert_int_eq(reach.reasons[1], REACH_REASON_DEAD_STACK);
	ck_assert_int_eq(reach.reasons[2], REACH_REASON_INTERIOR);
	ck_assert_int_eq(reach.reasons[3], REACH_REASON_NOT_INHERITED);
	ck_assert_int_eq(reach.reasons[4], REACH_REASON_NOT_INHERITED);
	reach_release(&reach);
	free(drawn);
}
END_TEST

START_TEST(heads_and_rings)
{
	struct drawn *drawn = draw("a>b b>a b>c d>e *>f");
	struct reach reach;

	reach_init(&reach, &drawn->graph, &(struct reach_options){0});
	ck_assert_uint_eq(reach.rings[0], 2);
	ck_assert_uint_eq(reach.rings[3], 0);
	ck_assert_uint_eq(reach.heads[1], 0);
	ck_assert_uint_eq(reach.heads[2], 0);
	ck_assert_uint_eq(reach.heads[4], 3);
	ck_assert_uint_eq(reach.heads[5], REACH_NO_HEAD);
	reach_release(&reach);
	free(drawn);
}
END_TEST

/* One offset that nearly all blocks of a site are held by is a start; of few blocks it is not. */
START_TEST(handles)
{
	struct reach_options all = {.heuristics = REACH_HEURISTICS_ALL};

	check_kinds_with("*~a2 *~b2 *~c2 *~d2 *~e2 *~f2 *~g2 *~h2", "RRRRRRRR", &all);
	check_kinds_with("*~a2 *~b2 *~c2 *~d2 *~e2 *~f2 *~g2", "PPPPPPP", &all);
	check_kinds_with("*~a2 *~b2 *~c2 *~d2 *~e2 *~f2 *~g2 *~h1", "PPPPPPPP", &all);
	check_kinds("*~a2 *~b2 *~c2 *~d2 *~e2 *~f2 *~g2 *~h2", "PPPPPPPP");
}
END_TEST

START_TEST(sites_that_are_roots)
{
	const bool roots[] = {false, true};

	check_kinds_with("a>b", "RR",
			 &(struct reach_options){.root_sites = roots, .root_site_count = 2});
}
END_TEST

START_TEST(addresses_of_blocks)
{
	struct drawn *drawn = draw("a b c");

	drawn->blocks[1].bytes_low = 0;
	ck_assert_uint_eq(graph_find(&drawn->graph, 0xfff), SIZE_MAX);
	ck_assert_uint_eq(graph_find(&drawn->graph, 0x1000), 0);
	ck_assert_uint_eq(graph_find(&drawn->graph, 0x107f), 0);
	ck_assert_uint_eq(graph_find(&drawn->graph, 0x1080), SIZE_MAX);
	ck_assert_uint_eq(graph_find(&drawn->graph, 0x1100), 1);
	ck_assert_uint_eq(graph_find(&drawn->graph, 0x1101), SIZE_MAX);
	free(drawn);
}
END_TEST

/* Of two looks: a block that is lost in both, one that is not there before, one of another size,
 * one that was held. */
START_TEST(lost_before)
{
	struct drawn *earlier = draw("a c *>d"), *now = draw("a b c d a>b");
	struct reach_options options = {0};
	struct reach reach;
	uint8_t *doubts;

	/* The second of the earlier ones has another address. */
	earlier->blocks[1].start += 8;
	earlier->blocks[2].bytes_low++;
	reach_init(&reach, &earlier->graph, &options);
	doubts = reach_find_doubts(&now->graph, &earlier->graph, &reach);
	reach_release(&reach);
	options.doubts_before = doubts;
	reach_init(&reach, &now->graph, &options);
	ck_assert_int_eq(reach.kinds[0], REACH_DEFINITE);
	for (int i = 1; i < 4; i++) {
		ck_assert_int_eq(reach.kinds[i], REACH_POSSIBLE);
		ck_assert_int_eq(reach.reasons[i], REACH_REASON_ONE_LOOK);
	}
	reach_release(&reach);
	free(doubts);
	free(earlier);
	free(now);
}
END_TEST

/* Of two looks that have found all lost: what somebody writes to is not, nor what it points at, but
 * what points at it. Where one look has no sums, nothing is known of it. */
START_TEST(changed_since)
{
	struct drawn *earlier = draw("a>b b>c d"), *now = draw("a>b b>c d");
	uint16_t before[] = {1, 2, 3, 4}, after[] = {1, 9, 3, 4};
	struct reach_options options = {0};
	struct reach first, reach;
	uint8_t *doubts;

	reach_init(&first, &earlier->graph, &options);
	for (int i = 0; i < 2; i++) {
		earlier->graph.sums = i == 0 ? before : NULL;
		now->graph.sums = after;
		doubts = reach_find_doubts(&now->graph, &earlier->graph, &first);
		options.doubts_before = doubts;
		reach_init(&reach, &now->graph, &options);
		ck_assert_int_eq(reach.kinds[0], REACH_DEFINITE);
		ck_assert_int_eq(reach.kinds[1], i == 0 ? REACH_POSSIBLE : REACH_INDIRECT);
		ck_assert_int_eq(reach.kinds[2], i == 0 ? REACH_POSSIBLE : REACH_INDIRECT);
		ck_assert_int_eq(reach.reasons[2], i == 0 ? REACH_REASON_CHANGED : 0);
		ck_assert_int_eq(reach.kinds[3], REACH_DEFINITE);
		reach_release(&reach);
		free(doubts);
	}
	reach_release(&first);
	free(earlier);
	free(now);
}
END_TEST

/* --- random graphs --- */

/* can[i][j]: there is a path; found by going on until nothing changes. */
struct closure {
	bool any[BLOCKS_MAX][BLOCKS_MAX];
};

static void
close_naively(const struct graph *graph, struct closure *closure)
{
	bool changed = true;

	memset(closure, 0, sizeof(*closure));
	for (size_t i = 0; i < graph->block_count; i++)
		for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++)
			closure->any[i][graph->arcs[a].target] = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < graph->block_count; i++)
			for (size_t j = 0; j < graph->block_count; j++)
				for (size_t k = 0; k < graph->block_count; k++)
					if (closure->any[i][j] && closure->any[j][k] &&
					    !closure->any[i][k])
						changed = closure->any[i][k] = true;
	}
}

/* What is reached, one step after the other: `kinds` has POSSIBLE and REACHABLE then. */
static void
reach_naively(const struct graph *graph, uint8_t *kinds)
{
	bool changed = true;

	memset(kinds, REACH_DEFINITE, graph->block_count);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < graph->block_count + 1; i++) {
			uint8_t from = i < graph->block_count ? kinds[i] : (uint8_t)REACH_REACHABLE;

			for (uint64_t a = graph->first[i]; a < graph->first[i + 1]; a++) {
				const struct graph_arc *arc = &graph->arcs[a];
				uint8_t to = from;

				if (from == REACH_REACHABLE && arc->how != GRAPH_START)
					to = REACH_POSSIBLE;
				if (from < REACH_POSSIBLE || kinds[arc->target] >= to)
					continue;
				kinds[arc->target] = to;
				changed = true;
			}
		}
	}
}

/* The head of an unreached block's component, if no other unreached one leads to it. */
static void
divide_naively(const struct graph *graph, const struct closure *closure, uint8_t *kinds)
{
	uint8_t result[BLOCKS_MAX];

	memcpy(result, kinds, graph->block_count);
	for (size_t i = 0; i < graph->block_count; i++) {
		for (size_t j = 0; kinds[i] == REACH_DEFINITE && j < graph->block_count; j++) {
			bool back = closure->any[i][j];

			if (j == i || kinds[j] != REACH_DEFINITE || !closure->any[j][i])
				continue;
			if (!back || j < i)
				result[i] = REACH_INDIRECT;
		}
	}
	memcpy(kinds, result, graph->block_count);
}

START_TEST(random_graphs)
{
	static struct closure closure;

	srand(14);
	for (int round = 0; round < 400; round++) {
		size_t blocks = 1 + (size_t)rand() % 24, count = (size_t)rand() % (2 * blocks);
		struct drawn *drawn = begin_drawing(blocks);
		struct drawn_arc arcs[ARCS_MAX] = {0};
		uint8_t kinds[BLOCKS_MAX];
		struct reach reach;

		for (size_t i = 0; i < count; i++) {
			arcs[i].from = (size_t)rand() % (blocks + 1);
			arcs[i].arc.target = (uint32_t)rand() % (uint32_t)blocks;
			arcs[i].arc.how = rand() % 3 == 0 ? GRAPH_INTERIOR : GRAPH_START;
		}
		insert_arcs(drawn, arcs, count);
		reach_init(&reach, &drawn->graph, &(struct reach_options){0});
		close_naively(&drawn->graph, &closure);
		reach_naively(&drawn->graph, kinds);
		divide_naively(&drawn->graph, &closure, kinds);
		ck_assert_mem_eq(reach.kinds, kinds, blocks);
		for (size_t i = 0; i < blocks; i++)
			ck_assert(kinds[i] != REACH_INDIRECT || closure.any[reach.heads[i]][i]);
		reach_release(&reach);
		free(drawn);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reach");
	TCase *tcase = tcase_create("reach");

	tcase_add_test(tcase, nine_cases_of_memcheck);
	tcase_add_test(tcase, the_better_path_counts);
	tcase_add_test(tcase, heads_of_what_is_lost);
	tcase_add_test(tcase, dead_stacks_and_doubts);
	tcase_add_test(tcase, heads_and_rings);
	tcase_add_test(tcase, handles);
	tcase_add_test(tcase, sites_that_are_roots);
	tcase_add_test(tcase, addresses_of_blocks);
	tcase_add_test(tcase, lost_before);
	tcase_add_test(tcase, changed_since);
	tcase_add_test(tcase, random_graphs);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
