/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_graph_beside.c - a graph goes with the recording or the tally of the same run, and with none
 * else
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "graph_generator.h"
#include "model/graph.h"
#include "model/profile.h"
#include "read/graph_beside.h"
#include "read/source.h"
#include "recording_generator.h"
#include "scratch.h"

#define START 5000000000u /* of the recording that is made */

/* Of a process that began then, whose last block is of the last site. */
static void
write_graph(uint64_t start_ns, uint64_t taken_ns)
{
	struct generated_graph whole = generated_graph_make();

	whole.header.start_monotonic_ns = start_ns;
	whole.header.taken_ns = taken_ns;
	scratch_write("x.graph", &whole, sizeof(whole));
}

static void
write_recording(void)
{
	struct generated *generated = generated_new();

	ck_assert_uint_eq(generated->header.start_monotonic_ns, START);
	generated_write(generated, "x.recording");
	free(generated);
}

START_TEST(of_the_run_of_a_recording)
{
	struct profile profile = {.site_count = 100};
	struct source source = {.path = (char *)"x.recording", .profile = &profile};
	struct graph graph;

	write_recording();
	write_graph(START, 0);
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), 0);
	ck_assert_uint_eq(graph.site_count, 100);
	ck_assert_uint_eq(graph.block_count, 2);
	graph_release(&graph);
	write_graph(START + 1, 0);
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -ENOENT);
}
END_TEST

START_TEST(of_a_recording_that_is_gone_or_knows_less)
{
	struct profile profile = {.site_count = 100};
	struct source source = {.path = (char *)"x.recording", .profile = &profile};
	struct graph graph;

	write_graph(START, 0);
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -ENOENT);
	write_recording();
	profile.site_count = 1;
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -EBADMSG);
}
END_TEST

START_TEST(of_the_look_that_a_tally_has)
{
	struct profile profile = {.site_count = 100};
	struct source source = {.path = (char *)"x.tally", .profile = &profile, .is_tally = true};
	struct graph graph;

	write_graph(START, 1234);
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -ENOENT);
	profile.leaks.is_known = true;
	profile.leaks.quality.taken_ns = 1234;
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), 0);
	graph_release(&graph);
	profile.leaks.quality.taken_ns = 1235;
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -ENOENT);
}
END_TEST

START_TEST(no_graph_and_a_damaged_one)
{
	struct generated_graph whole = generated_graph_make();
	struct profile profile = {.site_count = 100};
	struct source source = {.path = (char *)"x.recording", .profile = &profile};
	struct graph graph;

	write_recording();
	ck_assert_int_eq(graph_beside_read(&source, "missing.graph", &graph), -ENOENT);
	whole.header.start_monotonic_ns = START;
	scratch_write("x.graph", &whole, sizeof(whole) / 2);
	ck_assert_int_eq(graph_beside_read(&source, "x.graph", &graph), -EBADMSG);
}
END_TEST

static void
check_names(const char *graph, const char *wanted)
{
	char *found = graph_beside_find_names(graph);

	if (wanted == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, wanted);
	free(found);
}

START_TEST(names_come_from_what_is_most_alike)
{
	static const char *const files[] = {"run.tally", "run.recording", "run.4711.tally",
					    "run.4711.recording"};

	check_names("run.4711.graph", NULL);
	/* Each is better than those before it. */
	for (size_t i = 0; i < 4; i++) {
		scratch_write(files[i], "", 0);
		check_names("run.4711.graph", files[i]);
	}
	check_names("run.graph", "run.recording");
	check_names("./run.4712.graph", "./run.recording");
	check_names("run.4711x.graph", NULL);
}
END_TEST

/* What is a number alone is the name. */
START_TEST(a_number_is_no_end_of_nothing)
{
	scratch_write_text(".tally", "");
	scratch_write_text("4711.tally", "");
	check_names("4711.graph", "4711.tally");
	check_names("4712.graph", NULL);
	check_names(".4712.graph", NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("graph_beside");
	TCase *cases = tcase_create("graph_beside");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, of_the_run_of_a_recording);
	tcase_add_test(cases, of_a_recording_that_is_gone_or_knows_less);
	tcase_add_test(cases, of_the_look_that_a_tally_has);
	tcase_add_test(cases, no_graph_and_a_damaged_one);
	tcase_add_test(cases, names_come_from_what_is_most_alike);
	tcase_add_test(cases, a_number_is_no_end_of_nothing);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
