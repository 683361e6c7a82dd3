/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_options.c - the words of HEAPTALLY
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

static struct options
read_value(const char *value)
{
	char *environment[] = {(char *)"HOME=/root", (char *)value, NULL};
	struct options options;

	options_read(environment, &options);
	return options;
}

START_TEST(defaults)
{
	struct options o = read_value("OTHER=1");

	ck_assert_uint_eq(o.frames, 0);
	ck_assert(!o.bad && !o.ignore_children && !o.realloc_origin);
	ck_assert_str_eq(o.out, "");
}
END_TEST

START_TEST(every_word)
{
	struct options o = read_value(
		"HEAPTALLY=out=/a/%p:frames=12:children=ignore:realloc=origin:crosscheck=3:dir=/d");

	ck_assert_str_eq(o.out, "/a/%p");
	ck_assert_str_eq(o.directory, "/d");
	ck_assert_uint_eq(o.frames, 12);
	ck_assert_uint_eq(o.crosscheck, 3);
	ck_assert(o.ignore_children && o.realloc_origin && !o.bad);
}
END_TEST

START_TEST(leaks_alone)
{
	ck_assert(read_value("HEAPTALLY=leaks").leaks);
	ck_assert(read_value("HEAPTALLY=frames=2:leaks=on:threads=on").leaks);
	ck_assert(!read_value("HEAPTALLY=leaks=off").leaks);
	ck_assert(!read_value("HEAPTALLY=leaks").bad);
	ck_assert(read_value("HEAPTALLY=leaks=").bad && read_value("HEAPTALLY=leak").bad);
}
END_TEST

START_TEST(escapes)
{
	struct options o = read_value("HEAPTALLY=out=/a\\:b\\\\c:frames=2");

	ck_assert_str_eq(o.out, "/a:b\\c");
	ck_assert_uint_eq(o.frames, 2);
	ck_assert(!o.bad);
}
END_TEST

static const char *const bad_values[] = {
	"HEAPTALLY=colour=red",
	"HEAPTALLY=frames=-1",
	"HEAPTALLY=frames=65536",
	"HEAPTALLY=frames=",
	"HEAPTALLY=frames=4294967297",
	"HEAPTALLY=frames=1x",
	"HEAPTALLY=children=some",
	"HEAPTALLY=realloc=",
	"HEAPTALLY=out=",
	"HEAPTALLY=children=@12",
	"HEAPTALLY=children=@1234A",
	"HEAPTALLY=out",
	"HEAPTALLY=frames=2:children=",
};

START_TEST(bad_words)
{
	struct options o = read_value(bad_values[_i]);

	ck_assert_msg(o.bad, "%s", bad_values[_i]);
}
END_TEST

START_TEST(good_words_beside_bad_ones)
{
	struct options o = read_value("HEAPTALLY=colour=red:frames=7");

	ck_assert(o.bad);
	ck_assert_uint_eq(o.frames, 7);
}
END_TEST

START_TEST(too_long)
{
	static char value[8192] = "HEAPTALLY=frames=5:out=/";
	struct options o;

	memset(value + strlen(value), 'x', sizeof(value) - strlen(value) - 1);
	o = read_value(value);
	ck_assert(o.bad);
	ck_assert_uint_eq(o.frames, 5);
	ck_assert_str_eq(o.out, "");
}
END_TEST

START_TEST(children_are_marked)
{
	char value[] = "HEAPTALLY=frames=3:children=ignore:out=/children=ignore";
	char *environment[] = {value, NULL};
	struct options o;

	options_mark_process(environment, 4194303);
	options_read(environment, &o);
	ck_assert(!o.bad && o.ignore_children);
	ck_assert_uint_eq(o.only_process, 4194303);
	ck_assert_uint_eq(o.frames, 3);
	ck_assert_str_eq(o.out, "/children=ignore");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, defaults);
	tcase_add_test(tcase, every_word);
	tcase_add_test(tcase, leaks_alone);
	tcase_add_test(tcase, escapes);
	tcase_add_loop_test(tcase, bad_words, 0, sizeof(bad_values) / sizeof(bad_values[0]));
	tcase_add_test(tcase, good_words_beside_bad_ones);
	tcase_add_test(tcase, too_long);
	tcase_add_test(tcase, children_are_marked);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
