/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_trace_table.c - equal stacks have equal nodes, different ones different
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/os_memory.h"
#include "recording/recording_space.h"
#include "runtime.h"
#include "data/trace_table.h"

enum {
	STACKS = 50000,
	DEPTH = 12,
	THREADS = 4,
	FRAMES = 40
};

/* The frames of stack number `stack`: like those of real programs, near in the tree to others. */
static uint32_t
frame_of(int stack, int depth)
{
	return FRAME_FIRST + (uint32_t)((stack >> (depth * 2 / 3)) * 31 + depth) % FRAMES;
}

static uint32_t
insert_stack(int stack)
{
	uint32_t node = NODE_ROOT;

	for (int depth = DEPTH - 1; depth >= 0; depth--)
		node = trace_table_child(node, frame_of(stack, depth));
	return node;
}

static void
check_path(int stack, uint32_t node)
{
	for (int depth = 0; depth < DEPTH; depth++) {
		ck_assert_uint_eq(recording.nodes[node].frame, frame_of(stack, depth));
		ck_assert_uint_lt(recording.nodes[node].parent, node);
		node = recording.nodes[node].parent;
	}
	ck_assert_uint_eq(node, NODE_ROOT);
}

START_TEST(paths_lead_back_to_their_frames)
{
	static uint32_t nodes[STACKS];
	uint64_t count;

	for (int i = 0; i < STACKS; i++)
		nodes[i] = insert_stack(i);
	count = recording.header->sections[SECTION_NODES].count;
	for (int i = STACKS - 1; i >= 0; i--) {
		ck_assert_uint_eq(insert_stack(i), nodes[i]);
		check_path(i, nodes[i]);
	}
	ck_assert_uint_eq(recording.header->sections[SECTION_NODES].count, count);
}
END_TEST

START_TEST(sites_belong_to_stack_and_kind)
{
	uint32_t node = insert_stack(1), other = insert_stack(2);
	uint32_t site = trace_table_site(node, FRAME_MALLOC);

	ck_assert_uint_ge(site, (SITE_BASE_FIRST + FIXED_SITES));
	ck_assert_uint_eq(trace_table_site(node, FRAME_MALLOC), site);
	ck_assert_uint_ne(trace_table_site(node, FRAME_CALLOC), site);
	ck_assert_uint_ne(trace_table_site(other, FRAME_MALLOC), site);
	ck_assert_uint_eq(recording.nodes[recording.sites[site]].parent, node);
	ck_assert_uint_eq(recording.nodes[recording.sites[site]].frame, FRAME_MALLOC);
}
END_TEST

static uint32_t found[THREADS][STACKS];

static void *
insert_all(void *argument)
{
	int thread = (int)(intptr_t)argument;

	for (int i = 0; i < STACKS; i++) {
		int stack = (i * 7919 + thread * 1000) % STACKS;

		found[thread][stack] = insert_stack(stack);
	}
	return NULL;
}

START_TEST(threads_agree)
{
	pthread_t threads[THREADS];

	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, insert_all, (void *)(intptr_t)t),
				 0);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (int i = 0; i < STACKS; i++) {
		check_path(i, found[0][i]);
		for (int t = 1; t < THREADS; t++)
			ck_assert_uint_eq(found[t][i], found[0][i]);
	}
}
END_TEST

/* As after a growth that a handler left before it was noted. */
START_TEST(growing_twice_is_harmless)
{
	size_t bytes = 2 * PAGE_BYTES;
	char *memory = os_map_growable(&bytes, 64 * PAGE_BYTES);

	ck_assert(os_grow(memory, 2 * PAGE_BYTES, 4 * PAGE_BYTES));
	memory[4 * PAGE_BYTES - 1] = 1;
	ck_assert(os_grow(memory, 2 * PAGE_BYTES, 4 * PAGE_BYTES));
	ck_assert_int_eq(memory[4 * PAGE_BYTES - 1], 1);
	ck_assert(os_grow(memory, 4 * PAGE_BYTES, 8 * PAGE_BYTES));
	memory[8 * PAGE_BYTES - 1] = 1;
	os_unmap(memory, 8 * PAGE_BYTES);
}
END_TEST

START_TEST(growing_takes_nothing_of_others)
{
	size_t bytes = 2 * PAGE_BYTES;
	char *memory = os_map_growable(&bytes, 64 * PAGE_BYTES);

	/* ThreadSanitizer keeps all places where it could grow: it is mapped at once then. */
	if (bytes != 2 * PAGE_BYTES)
		return;
	ck_assert_int_eq(os_map_at(memory + 2 * PAGE_BYTES, 4 * PAGE_BYTES), 0);
	ck_assert(!os_grow(memory, 2 * PAGE_BYTES, 4 * PAGE_BYTES));
	os_unmap(memory, 6 * PAGE_BYTES);
}
END_TEST

START_TEST(a_section_is_mapped_as_far_as_was_asked)
{
	for (uint64_t bytes = 1 << 20; bytes <= (uint64_t)200 << 20; bytes *= 2) {
		ck_assert(recording_space_extend(SECTION_NODES, bytes));
		ck_assert_int_eq(
			os_populate((char *)recording.nodes + bytes - PAGE_BYTES, PAGE_BYTES), 0);
	}
	ck_assert(!recording_space_extend(SECTION_NODES, UINT64_MAX / 2));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trace_table");
	TCase *tcase = tcase_create("trace_table");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, runtime_start, runtime_stop);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, paths_lead_back_to_their_frames);
	tcase_add_test(tcase, sites_belong_to_stack_and_kind);
	tcase_add_test(tcase, threads_agree);
	tcase_add_test(tcase, growing_twice_is_harmless);
	tcase_add_test(tcase, growing_takes_nothing_of_others);
	tcase_add_test(tcase, a_section_is_mapped_as_far_as_was_asked);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
