/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_likeness.c - nodes of containers by the names of functions and by their shape, and graphs of
 * any shape
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/likeness.h"
#include "model/owner.h"
#include "scratch.h"

#define BLOCKS_MAX 40
#define ARCS_MAX   400
#define SITES      4

static const struct {
	const char *function;
	enum std_node node;
} functions[] = {
	{"std::__new_allocator<std::_List_node<int> >::allocate(unsigned long, void const*)",
	 STD_NODE_LIST},
	{"__gnu_cxx::new_allocator<std::_Rb_tree_node<std::pair<int const, long> > >::allocate",
	 STD_NODE_MAP},
	{"new_allocator", STD_NODE_NONE},
	{"std::__new_allocator<std::_Rb_tree_node<std::pair<std::pair<int, long> const, int> > "
	 ">::allocate",
	 STD_NODE_MAP},
	{"std::__new_allocator<std::_Rb_tree_node<std::pair<int, long const> > >::allocate",
	 STD_NODE_SET},
	{"std::allocator_traits<std::allocator<std::_Rb_tree_node<int> > >::allocate",
	 STD_NODE_SET},
	{"std::__new_allocator<std::__detail::_Hash_node<std::pair<const int, A>, false> >::f",
	 STD_NODE_UNORDERED_MAP},
	{"std::__new_allocator<std::__detail::_Hash_node<int, false> >::allocate",
	 STD_NODE_UNORDERED_SET},
	{"std::__new_allocator<std::__detail::_Hash_node_base*>::allocate", STD_NODE_NONE},
	{"std::__new_allocator<std::_Fwd_list_node<int> >::allocate", STD_NODE_FORWARD_LIST},
	{"std::__new_allocator<Session>::allocate(unsigned long)", STD_NODE_NONE},
	{"std::__1::allocator<std::__1::__tree_node<std::__1::__value_type<int, int>, void*> "
	 ">::allocate",
	 STD_NODE_MAP},
	{"std::__1::allocator<std::__1::__list_node<int, void*> >::allocate", STD_NODE_LIST},
	{"std::vector<std::_List_node<int> >::reserve(unsigned long)", STD_NODE_NONE},
	{"my::allocator<std::_List_node<int> >::allocate(unsigned long)", STD_NODE_NONE},
	{"", STD_NODE_NONE},
};

START_TEST(names_of_functions)
{
	enum std_node node;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		ck_assert(std_node_parse(functions[i].function, &node));
		ck_assert_msg(node == functions[i].node, "%s: %d", functions[i].function, node);
	}
	ck_assert(!std_node_parse("operator new(unsigned long)", &node));
}
END_TEST

/* --- graphs --- */

struct drawn {
	struct graph graph;
	struct graph_node blocks[BLOCKS_MAX];
	struct graph_area root;
	uint64_t first[BLOCKS_MAX + 2];
	struct graph_arc arcs[ARCS_MAX];
	char strings[1];
	enum std_node sites[SITES];
};

static void
begin(struct drawn *drawn, uint32_t blocks)
{
	memset(drawn, 0, sizeof(*drawn));
	drawn->graph = (struct graph){.blocks = drawn->blocks,
				      .roots = &drawn->root,
				      .first = drawn->first,
				      .arcs = drawn->arcs,
				      .strings = drawn->strings,
				      .block_count = blocks,
				      .root_count = 1,
				      .string_bytes = 1,
				      .site_count = SITES - 1};
	drawn->root = (struct graph_area){0x8000, 0x9000, GRAPH_AREA_MODULE, 0};
	for (uint32_t i = 0; i < blocks; i++)
		drawn->blocks[i] = (struct graph_node){
			.start = 0x1000 + 0x100 * i, .bytes_low = 40, .site = 1};
	drawn->sites[1] = STD_NODE_UNKNOWN;
}

/* The words of the next source, in ascending order; -1 is none. */
static void
point(struct drawn *drawn, size_t source, const int targets[4])
{
	struct graph *graph = &drawn->graph;

	drawn->first[source] = graph->arc_count;
	for (uint32_t word = 0; word < 4; word++)
		if (targets[word] >= 0)
			drawn->arcs[graph->arc_count++] = (struct graph_arc){
				.target = (uint32_t)targets[word], .word = word & 3};
	drawn->first[source + 1] = graph->arc_count;
}

static const char *
look(const struct drawn *drawn, uint32_t block)
{
	struct likeness_set set;
	const char *name;

	ck_assert(graph_is_valid(&drawn->graph));
	likeness_set_init(&set, &drawn->graph, NULL, NULL, drawn->sites, SITES);
	name = set.items[set.of_block[block]].name;
	likeness_set_release(&set);
	return name;
}

/* Three nodes: the root, and its two children. */
static void
draw_tree(struct drawn *drawn)
{
	begin(drawn, 3);
	point(drawn, 0, (const int[]){-1, -1, 1, 2});
	point(drawn, 1, (const int[]){-1, 0, -1, -1});
	point(drawn, 2, (const int[]){-1, 0, -1, -1});
	point(drawn, 3, (const int[]){-1, 0, 1, 2});
}

START_TEST(a_tree)
{
	struct drawn drawn;

	draw_tree(&drawn);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_str_eq(look(&drawn, i), "std::map");
	drawn.sites[1] = STD_NODE_SET;
	ck_assert_str_eq(look(&drawn, 1), "std::set");
	drawn.sites[1] = STD_NODE_LIST;
	ck_assert_str_eq(look(&drawn, 1), "std::list");
	drawn.sites[1] = STD_NODE_NONE;
	ck_assert_ptr_null(look(&drawn, 1));
}
END_TEST

/* One word of each is different. */
START_TEST(no_trees)
{
	struct drawn drawn;

	draw_tree(&drawn);
	drawn.blocks[2].bytes_low = 48;
	ck_assert_ptr_null(look(&drawn, 1));
	draw_tree(&drawn);
	drawn.arcs[2].word = 0; /* no parent, but a colour that points */
	ck_assert_ptr_null(look(&drawn, 1));
	draw_tree(&drawn);
	drawn.arcs[3].target = 1; /* another parent */
	ck_assert_ptr_null(look(&drawn, 1));
	draw_tree(&drawn);
	drawn.arcs[6].target = 1; /* the last is not the last */
	ck_assert_ptr_null(look(&drawn, 1));
	draw_tree(&drawn);
	drawn.arcs[0].how = GRAPH_INTERIOR;
	ck_assert_ptr_null(look(&drawn, 1));
	draw_tree(&drawn);
	drawn.blocks[0].site = drawn.blocks[1].site = drawn.blocks[2].site = 2;
	ck_assert_ptr_null(look(&drawn, 1));
}
END_TEST

/* Whatever points where: it ends, and every block has one likeness. */
START_TEST(any_graph)
{
	struct likeness_set set;
	struct likeness_sum sum;
	struct drawn drawn;
	uint32_t groups[BLOCKS_MAX];

	srand(1);
	for (int round = 0; round < 3000; round++) {
		uint32_t blocks = 1 + (uint32_t)rand() % BLOCKS_MAX;

		begin(&drawn, blocks);
		for (int i = 0; i < SITES; i++)
			drawn.sites[i] = (enum std_node)(rand() % STD_NODES);
		for (uint32_t i = 0; i <= blocks; i++) {
			int targets[4];

			for (int j = 0; j < 4; j++)
				targets[j] = rand() % (int)(blocks + 3) - 3;
			point(&drawn, i, targets);
			groups[i % blocks] = (uint32_t)rand() % 3;
			drawn.blocks[i % blocks].site = 1 + i % (SITES - 1);
		}
		likeness_set_init(&set, &drawn.graph, NULL, NULL, drawn.sites, SITES);
		likeness_sum_init(&sum, &set, &drawn.graph, groups, 3);
		for (uint32_t i = 0; i < blocks; i++)
			ck_assert_uint_lt(set.of_block[i], set.count);
		for (uint32_t i = 0; i < 3; i++)
			ck_assert_uint_le(sum.first[i], sum.first[i + 1]);
		likeness_sum_release(&sum);
		likeness_set_release(&set);
	}
}
END_TEST

START_TEST(words_for_people)
{
	struct owner owner = {.kind = OWNER_GLOBAL, .name = "g_names[abi:cxx11]"};
	const struct owner_set owners = {.owners = &owner, .count = 1};
	const struct {
		struct likeness likeness;
		const char *text;
	} rows[] = {
		{{.name = "A", .owner = OWNER_NONE}, "A"},
		{{.name = "A", .is_array = true, .owner = OWNER_NONE}, "A[]"},
		{{.name = "std::map", .is_node = true, .owner = 0}, "std::map node of g_names"},
		{{.name = "std::map", .is_node = true, .owner = OWNER_NONE, .holder = "A"},
		 "std::map node of an A"},
		{{.name = "std::map", .is_node = true, .owner = OWNER_NONE}, "std::map node"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = likeness_format(&rows[i].likeness, &owners);

		ck_assert_str_eq(text, rows[i].text);
		free(text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("likeness");
	TCase *tcase = tcase_create("likeness");

	tcase_add_test(tcase, names_of_functions);
	tcase_add_test(tcase, a_tree);
	tcase_add_test(tcase, no_trees);
	tcase_add_test(tcase, any_graph);
	tcase_add_test(tcase, words_for_people);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
