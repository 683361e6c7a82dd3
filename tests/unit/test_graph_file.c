/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_graph_file.c - graphs as files: whole, of another version, and damaged anywhere
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph.h"
#include "graph_generator.h"
#include "read/graph_file.h"
#include "scratch.h"

static int
read_back(const void *bytes, size_t length, struct graph *ret_graph)
{
	scratch_write("x.graph", bytes, length);
	return graph_file_read("x.graph", GENERATED_GRAPH_SITES, ret_graph);
}

START_TEST(a_whole_graph)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;
	uint64_t word, offset;

	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), 0);
	ck_assert_uint_eq(graph.block_count, 2);
	ck_assert_uint_eq(graph_get_bytes(&graph.blocks[1]), 0x100000005);
	ck_assert_uint_eq(graph.arcs[0].how, GRAPH_BASE);
	ck_assert(graph_get_places(&graph, 0, &word, &offset));
	ck_assert_uint_eq(offset, 0x1234);
	ck_assert(graph_get_places(&graph, 1, &word, &offset));
	ck_assert_uint_eq(offset, 0);
	ck_assert_uint_eq(graph.thread_count, 2);
	ck_assert_uint_eq(graph.threads[0].id, 7);
	ck_assert_uint_eq(graph.arcs[0].word, 3);
	ck_assert_uint_eq(graph.roots[0].kind, GRAPH_AREA_MAPPING);
	ck_assert_str_eq(graph.strings + graph.roots[0].name, "[heap]");
	ck_assert_int_eq(graph.quality.taken, GRAPH_TAKEN_BY_TWIN);
	ck_assert_uint_eq(graph.serial, 7);
	ck_assert_uint_eq(graph.instance_count, 1);
	ck_assert_uint_eq(graph.instances[0].block, 1);
	ck_assert(graph.instances[0].is_array);
	ck_assert_uint_eq(graph.tables[graph.instances[0].table], 0x7f0000001010);
	ck_assert_uint_eq(graph.share_count, 2);
	ck_assert_ptr_eq(graph_find_share(&graph, 0x881f), &graph.shares[0]);
	ck_assert_ptr_eq(graph_find_share(&graph, 0x8840), &graph.shares[1]);
	ck_assert_ptr_null(graph_find_share(&graph, 0x8820));
	ck_assert_ptr_null(graph_find_share(&graph, 0x8848));
	ck_assert_ptr_null(graph_find_share(&graph, 0x1000));
	ck_assert_uint_eq(graph.shares[0].bias, 0x7f0000000000);
	ck_assert_str_eq(graph.strings + graph.shares[1].name, "[heap]");
	graph_release(&graph);
}
END_TEST

/* Before there were threads and far places, zeros stood where they are. */
START_TEST(of_an_older_runtime)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;
	uint64_t word, offset;

	whole.header.thread_table = whole.header.far_table = (struct graph_extent){0};
	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), 0);
	ck_assert_uint_eq(graph.thread_count, 0);
	ck_assert(!graph_get_places(&graph, 0, &word, &offset));
	ck_assert_uint_eq(offset, GRAPH_OFFSET_MAX);
	graph_release(&graph);
}
END_TEST

/* With a header of so many bytes: the first table begins where the rest of it would be. */
static void
read_shorter(size_t least, struct graph *ret_graph)
{
	struct generated_graph whole = generated_graph_make();
	size_t less = sizeof(whole.header) - least;
	char *bytes = (char *)&whole;

	for (size_t i = 0; i < GRAPH_SECTIONS; i++)
		whole.header.sections[i].offset -= less;
	whole.header.thread_table.offset -= less;
	whole.header.far_table.offset -= less;
	whole.header.file_bytes -= less;
	whole.header.object_table.offset -= less;
	whole.header.class_table.offset -= less;
	whole.header.local_table.offset -= less;
	memmove(bytes + least, bytes + sizeof(whole.header), sizeof(whole) - sizeof(whole.header));
	ck_assert_int_eq(read_back(&whole, sizeof(whole) - less, ret_graph), 0);
	ck_assert_uint_eq(ret_graph->arcs[0].how, GRAPH_BASE);
	ck_assert_uint_eq(ret_graph->share_count,
			  least > offsetof(struct graph_header, local_table) ? 2 : 0);
	ck_assert_ptr_null(ret_graph->sums);
}

/* Of one that could not be made there is nothing but that header. */
static void
read_shorter_error(size_t least)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;

	whole.header.error = -ENOMEM;
	whole.header.file_bytes = least;
	ck_assert_int_eq(read_back(&whole, least, &graph), 0);
	ck_assert_int_eq(graph.error, -ENOMEM);
	graph_release(&graph);
}

/* Before it had classes of blocks, before it had thread-local variables, and before sums. */
START_TEST(with_a_shorter_header)
{
	size_t middle = offsetof(struct graph_header, local_table);
	size_t last = offsetof(struct graph_header, sum_table);
	struct graph graph;

	read_shorter(GRAPH_HEADER_LEAST, &graph);
	ck_assert_uint_eq(graph.instance_count, 0);
	ck_assert_uint_eq(graph.table_count, 0);
	graph_release(&graph);
	read_shorter(middle, &graph);
	ck_assert_uint_eq(graph.instance_count, 1);
	ck_assert_uint_eq(graph.table_count, 1);
	graph_release(&graph);
	read_shorter(last, &graph);
	graph_release(&graph);
	read_shorter_error(GRAPH_HEADER_LEAST);
	read_shorter_error(middle);
	read_shorter_error(last);
}
END_TEST

START_TEST(written_and_read)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph, again;
	int fd;

	whole.header.gaps = GRAPH_GAP_REGISTERS | GRAPH_GAP_UNREADABLE;
	whole.header.taken_ns = 12;
	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), 0);
	fd = open("y.graph", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(graph_file_write(&graph, fd), 0);
	close(fd);
	ck_assert_int_eq(graph_file_read("y.graph", GENERATED_GRAPH_SITES, &again), 0);
	ck_assert_uint_eq(again.arc_count, graph.arc_count);
	ck_assert_mem_eq(again.arcs, graph.arcs, graph.arc_count * sizeof(*graph.arcs));
	ck_assert_mem_eq(again.blocks, graph.blocks, graph.block_count * sizeof(*graph.blocks));
	ck_assert_mem_eq(again.roots, graph.roots, graph.root_count * sizeof(*graph.roots));
	ck_assert_mem_eq(again.far, graph.far, sizeof(*graph.far));
	ck_assert_mem_eq(again.instances, graph.instances, sizeof(*graph.instances));
	ck_assert_mem_eq(again.tables, graph.tables, sizeof(*graph.tables));
	ck_assert_mem_eq(again.threads, graph.threads, 2 * sizeof(*graph.threads));
	ck_assert_mem_eq(again.shares, graph.shares, 2 * sizeof(*graph.shares));
	ck_assert_mem_eq(again.strings, graph.strings, graph.string_bytes);
	ck_assert_mem_eq(&again.quality, &graph.quality, sizeof(graph.quality));
	ck_assert_uint_eq(again.serial, 7);
	graph_release(&graph);
	graph_release(&again);
}
END_TEST

/* There is one of each block, or there are none. */
START_TEST(sums_of_blocks)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;

	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), 0);
	ck_assert_uint_eq(graph.sums[0], 0x1234);
	ck_assert_uint_eq(graph.sums[1], 0x5678);
	graph_release(&graph);
	whole.header.sum_table.count = 1;
	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), -EBADMSG);
	whole.header.sum_table.count = 0;
	ck_assert_int_eq(read_back(&whole, sizeof(whole), &graph), 0);
	ck_assert_ptr_null(graph.sums);
	graph_release(&graph);
}
END_TEST

START_TEST(none_could_be_made)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;

	whole.header.error = -ENOMEM;
	whole.header.file_bytes = sizeof(whole.header);
	ck_assert_int_eq(read_back(&whole, sizeof(whole.header), &graph), 0);
	ck_assert_int_eq(graph.error, -ENOMEM);
	graph_release(&graph);
}
END_TEST

/* What each line does to a whole one, and what the reader says. */
#define DAMAGES(DAMAGE)                                                           \
	DAMAGE(whole.header.magic[0] = 'x', -EBADMSG)                             \
	DAMAGE(whole.header.version++, -EPROTO)                                   \
	DAMAGE(whole.header.byte_order = 0x04030201, -EPROTO)                     \
	DAMAGE(whole.header.file_bytes++, -EBADMSG)                               \
	DAMAGE(whole.header.mode = GRAPH_MODES, -EBADMSG)                         \
	DAMAGE(whole.header.error = 5, -EBADMSG)                                  \
	DAMAGE(whole.header.sections[GRAPH_EDGES].count = 3, -EBADMSG)            \
	DAMAGE(whole.header.sections[GRAPH_EDGES].count = UINT64_MAX, -EBADMSG)   \
	DAMAGE(whole.header.sections[GRAPH_BLOCKS].offset = UINT64_MAX, -EBADMSG) \
	DAMAGE(whole.header.sections[GRAPH_FIRST].count = 3, -EBADMSG)            \
	DAMAGE(whole.header.sections[GRAPH_STRINGS].count = 0, -EBADMSG)          \
	DAMAGE(whole.strings[7] = 'x', -EBADMSG)                                  \
	DAMAGE(whole.edges[0].target = 2, -EBADMSG)                               \
	DAMAGE(whole.edges[0].pointer = 7, -EBADMSG)                              \
	DAMAGE(whole.first[0] = 1, -EBADMSG)                                      \
	DAMAGE(whole.first[1] = 3, -EBADMSG)                                      \
	DAMAGE(whole.first[3] = 1, -EBADMSG)                                      \
	DAMAGE(whole.blocks[1].start = 0x100f, -EBADMSG)                          \
	DAMAGE(whole.blocks[0].site = 3, -EBADMSG)                                \
	DAMAGE(whole.blocks[0].site = 0, -EBADMSG)                                \
	DAMAGE(whole.header.thread_table.count = 99, -EBADMSG)                    \
	DAMAGE(whole.header.far_table.offset = UINT64_MAX, -EBADMSG)              \
	DAMAGE(whole.far[0].edge = 2, -EBADMSG)                                   \
	DAMAGE(whole.header.object_table.count = UINT64_MAX, -EBADMSG)            \
	DAMAGE(whole.header.class_table.count = 0, -EBADMSG)                      \
	DAMAGE(whole.objects[0].block = 2, -EBADMSG)                              \
	DAMAGE(whole.objects[0].table = 1, -EBADMSG)                              \
	DAMAGE(whole.header.local_table.count = UINT64_MAX, -EBADMSG)             \
	DAMAGE(whole.locals[0].end = 0x8841, -EBADMSG)                            \
	DAMAGE(whole.locals[1].start = 0x8848, -EBADMSG)                          \
	DAMAGE(whole.locals[1].name = 8, -EBADMSG)                                \
	DAMAGE(whole.roots[0].end = 0x7fff, -EBADMSG)                             \
	DAMAGE(whole.roots[0].kind = 99, -EBADMSG)                                \
	DAMAGE(whole.roots[0].name = 8, -EBADMSG)

START_TEST(damages)
{
	struct graph graph;

#define CHECK_DAMAGE(change, expected)                                                \
	{                                                                             \
		struct generated_graph whole = generated_graph_make();                \
                                                                                      \
		change;                                                               \
		ck_assert_msg(read_back(&whole, sizeof(whole), &graph) == (expected), \
			      "%s is not refused", #change);                          \
	}
	DAMAGES(CHECK_DAMAGE)
}
END_TEST

START_TEST(cut_anywhere)
{
	struct generated_graph whole = generated_graph_make();
	struct graph graph;

	for (size_t length = 0; length < sizeof(whole); length += 7)
		ck_assert_int_eq(read_back(&whole, length, &graph), -EBADMSG);
	ck_assert_int_eq(graph_file_read("none", 2, &graph), -ENOENT);
	ck_assert_int_eq(graph_file_read(".", 2, &graph), -EBADMSG);
}
END_TEST

START_TEST(names)
{
	char *path = graph_file_make_path("/a/b.1.recording"), *other = graph_file_make_path("c");

	ck_assert_str_eq(path, "/a/b.1.graph");
	ck_assert_str_eq(other, "c.graph");
	ck_assert(graph_file_is_name("b.graph"));
	ck_assert(!graph_file_is_name(".graph"));
	ck_assert(!graph_file_is_name("b.graph.partial"));
	free(path);
	free(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("graph_file");
	TCase *tcase = tcase_create("graph_file");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_add_test(tcase, a_whole_graph);
	tcase_add_test(tcase, of_an_older_runtime);
	tcase_add_test(tcase, with_a_shorter_header);
	tcase_add_test(tcase, written_and_read);
	tcase_add_test(tcase, sums_of_blocks);
	tcase_add_test(tcase, none_could_be_made);
	tcase_add_test(tcase, damages);
	tcase_add_test(tcase, cut_anywhere);
	tcase_add_test(tcase, names);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
