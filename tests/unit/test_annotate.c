/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_annotate.c - which file a name means, and what its lines add up to
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/annotate.h"
#include "fixture.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct profile *profile;
static struct place_table *table;
static struct group_set set;

static void
group(const struct fixture_site *sites, size_t count)
{
	const struct group_options options = {.by = GROUP_BY_LINE};
	const struct place_options places = {.exact = false};
	struct profile_at at;

	profile = fixture_profile(sites, count);
	at = fixture_at(profile, false);
	table = place_table_new(&places);
	group_profile(profile, &at, &options, table, NULL, &set);
}

static void
ungroup(void)
{
	group_set_release(&set);
	place_table_free(table);
	profile_free(profile);
}

/* Annotate the file called name, and compare with "LINE:BYTES/BLOCKS ...". */
static char *
resolve(const char *path)
{
	return realpath(path, NULL);
}

static void
check_lines(const char *name, const char *file, const char *expected)
{
	struct annotation annotation;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	ck_assert_int_eq(annotate_groups(profile, &set, table, name, resolve, &annotation), 0);
	ck_assert_str_eq(annotation.file, file);
	for (size_t i = 0; i < annotation.count; i++)
		fprintf(stream, "%s%u:%ld/%ld", i ? " " : "", annotation.lines[i].line,
			(long)annotation.lines[i].values.live_bytes,
			(long)annotation.lines[i].values.live_blocks);
	fclose(stream);
	ck_assert_str_eq(text, expected);
	free(text);
	annotation_release(&annotation);
}

static int
try_name(const char *name)
{
	struct annotation annotation;
	int result = annotate_groups(profile, &set, table, name, resolve, &annotation);

	if (result == -ENOTUNIQ)
		ck_assert_str_ne(annotation.file, annotation.other);
	annotation_release(&annotation);
	return result;
}

static const struct fixture_site sites[] = {
	{"f@/build/src/json.c:20", 5, 1, NULL}, {"f@/build/src/json.c:3", 7, 2, NULL},
	{"g@/build/src/json.c:20", 4, 3, NULL}, {"h@/build/lib/json.c:9", 1, 1, NULL},
	{"h@/build/lib/xjson.c:9", 2, 1, NULL}, {"i@only.c:2", 8, 4, NULL},
};

START_TEST(lines_are_sorted_and_each_is_there_once)
{
	group(sites, COUNT(sites));
	check_lines("/build/src/json.c", "/build/src/json.c", "3:7/2 20:9/4");
	check_lines("src/json.c", "/build/src/json.c", "3:7/2 20:9/4");
	check_lines("./lib/json.c", "/build/lib/json.c", "9:1/1");
	check_lines("only.c", "only.c", "2:8/4");
	ungroup();
}
END_TEST

START_TEST(a_name_has_to_fit_whole_components)
{
	group(sites, COUNT(sites));
	ck_assert_int_eq(try_name("json.c"), -ENOTUNIQ);
	ck_assert_int_eq(try_name("son.c"), -ENOENT);
	ck_assert_int_eq(try_name("c/json.c"), -ENOENT);
	ck_assert_int_eq(try_name("other/json.c"), -ENOENT);
	ck_assert_int_eq(try_name(""), -ENOENT);
	ck_assert_int_eq(try_name("/"), -ENOENT);
	check_lines("xjson.c", "/build/lib/xjson.c", "9:2/1");
	ungroup();
}
END_TEST

/* The file is there, but it was built elsewhere: the longest common end wins. */
START_TEST(a_source_tree_may_have_moved)
{
	ck_assert_int_eq(mkdir("moved", 0700), 0);
	ck_assert_int_eq(mkdir("moved/lib", 0700), 0);
	scratch_write_text("moved/lib/json.c", "");
	scratch_write_text("moved/json.c", "");
	group(sites, COUNT(sites));
	check_lines("moved/lib/json.c", "/build/lib/json.c", "9:1/1");
	ck_assert_int_eq(try_name("moved/json.c"), -ENOTUNIQ);
	ungroup();
}
END_TEST

/* Compilers write the path of a header in several ways. */
START_TEST(names_of_one_file_are_one_file)
{
	char *here = realpath(".", NULL);
	char first[4200], second[4300];
	struct fixture_site two[] = {{first, 5, 1, NULL}, {second, 6, 1, NULL}};

	ck_assert_int_eq(mkdir("src", 0700), 0);
	scratch_write_text("src/a.h", "");
	snprintf(first, sizeof(first), "f@%s/src/a.h:4", here);
	snprintf(second, sizeof(second), "f@%s/src/../src/a.h:4", here);
	group(two, 2);
	first[strlen(first) - 2] = '\0';
	check_lines("src/a.h", first + 2, "4:11/2");
	ungroup();
	free(here);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("annotate");
	TCase *cases = tcase_create("annotate");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, lines_are_sorted_and_each_is_there_once);
	tcase_add_test(cases, a_name_has_to_fit_whole_components);
	tcase_add_test(cases, a_source_tree_may_have_moved);
	tcase_add_test(cases, names_of_one_file_are_one_file);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
