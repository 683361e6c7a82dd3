/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_filter.c - globs, and the algebra of include and exclude
 *
 * The table of kept traces was checked with Snapshot.filter_traces of CPython 3.11. Its domains 0
 * and 7 are here memory of malloc and memory that the program registered itself.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/filter.h"
#include "fixture.h"
#include "model/group.h"
#include "scratch.h"
#include "util/glob.h"

START_TEST(globs_are_those_of_python)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"", "", true},
		{"*", "", true},
		{"*", "a/.b", true},
		{"*.c", "src/.x.c", true},
		{"a", "ab", false},
		{"?", "\xc3\xa9", true}, /* one character, not one byte */
		{"?", "\xff", true},
		{"??", "\xc3\xa9", false},
		{"[^a]", "b", false}, /* `^` is a literal */
		{"[^a]", "^", true},
		{"[!a]", "b", true},
		{"[!a]", "a", false},
		{"[[:alpha:]]", "x", false}, /* no classes: a set, then a bracket */
		{"[[:alpha:]]", "a]", true},
		{"a\\*", "a\\b", true}, /* the backslash is a literal */
		{"a\\*", "a*", false},
		{"[a-c]", "b", true},
		{"[c-a]", "b", false},
		{"[]]", "]", true},
		{"[!]]", "]", false},
		{"[a", "[a", true}, /* never closed */
		{"*a*b*c", "xxaxxbxxc", true},
		{"*a*b*c", "xxaxxbxx", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(glob_match(rows[i].pattern, rows[i].text) == rows[i].matches,
			      "%s against %s", rows[i].pattern, rows[i].text);
}
END_TEST

/* Traces 1, 2, 4 and 8 of the specification: the sum of their bytes says which were kept. */
static const struct fixture_site traces[] = {
	{"a.py:1", 1, 1, NULL},
	{"a.py:2 < b.py:9", 2, 1, NULL},
	{"b.py:1", 4, 1, "tracked"},
	{"c.py:1 < a.py:1", 8, 1, "tracked"},
};

struct rule {
	const char *text;
	bool exclude, any_frame;
};

static int64_t
keep(const struct rule *rules, size_t count)
{
	struct profile *profile = fixture_profile(traces, 4);
	struct profile_at at = fixture_at(profile, false);
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_options options = {.by = GROUP_BY_LINE};
	struct group_set set;
	int64_t kept;
	char *why;

	for (size_t i = 0; i < count && rules[i].text; i++)
		ck_assert_int_eq(filter_list_insert(&options.selection.filters, rules[i].text,
						    !rules[i].exclude, rules[i].any_frame, &why),
				 0);
	group_profile(profile, &at, &options, table, NULL, &set);
	kept = set.sum.live_bytes;
	group_set_release(&set);
	filter_list_release(&options.selection.filters);
	place_table_free(table);
	profile_free(profile);
	return kept;
}

START_TEST(filters_keep_what_tracemalloc_keeps)
{
	static const struct {
		struct rule rules[3];
		int64_t kept;
	} rows[] = {
		{{{NULL, false, false}}, 1 + 2 + 4 + 8},
		{{{"a.py", false, false}}, 1 + 2},
		{{{"a.py:1", false, false}}, 1},
		{{{"a.py", false, true}}, 1 + 2 + 8},
		{{{"a.py", true, false}}, 4 + 8},
		{{{"a.py", true, true}}, 4},
		{{{"a.py", false, false}, {"b.py", false, false}}, 1 + 2 + 4},
		{{{"a.py", false, false}, {"b.py", false, false}, {"a.py:2", true, false}}, 1 + 4},
		{{{"*,domain=tracked", false, false}}, 4 + 8},
		{{{"*,domain=tracked", true, false}}, 1 + 2},
		{{{"a.py,domain=tracked", true, true}}, 1 + 2 + 4},
		{{{"domain=tracked", false, false}}, 4 + 8},
		{{{"domain=tracked", true, false}}, 1 + 2},
		{{{"domain=tracked", false, false}, {"a.py", false, false}}, 1 + 2 + 4 + 8},
		/* A line must be that of the same frame as the file. */
		{{{"a.py:9", false, true}}, 0},
		{{{"b.py:9", false, true}}, 2},
		{{{"allocator=mall*", false, false}}, 1 + 2},
		{{{"module=app", false, false}}, 1 + 2 + 4 + 8},
		{{{"function=*", false, false}}, 0},
		{{{"file=a.py,line=2", false, false}}, 2},
		{{{"[ab].py", false, false}}, 1 + 2 + 4},
		{{{"[,a].py", false, false}}, 1 + 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(keep(rows[i].rules, 3) == rows[i].kept, "row %zu keeps %ld", i,
			      (long)keep(rows[i].rules, 3));
}
END_TEST

START_TEST(bad_filters_are_refused_with_a_reason)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{"colour=red", "colour"},
		{"a.c,", "empty"},
		{"", "empty"},
		{"line=many", "many"},
	};
	struct filter_list list = {NULL, 0};
	char *why = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_int_eq(filter_list_insert(&list, rows[i].text, true, false, &why),
				 -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, rows[i].reason));
		free(why);
	}
	ck_assert_uint_eq(list.count, 0);
	for (size_t i = 0; i < FILTERS_MAX; i++)
		ck_assert_int_eq(filter_list_insert(&list, "a", true, false, &why), 0);
	ck_assert_int_eq(filter_list_insert(&list, "a", true, false, &why), -E2BIG);
	free(why);
	filter_list_release(&list);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	tcase_add_test(tcase, globs_are_those_of_python);
	tcase_add_test(tcase, filters_keep_what_tracemalloc_keeps);
	tcase_add_test(tcase, bad_filters_are_refused_with_a_reason);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
