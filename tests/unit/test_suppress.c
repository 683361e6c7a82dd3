/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_suppress.c - the rules of LeakSanitizer, and what they take out of a set of groups
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "model/group.h"
#include "scratch.h"
#include "model/suppress.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

START_TEST(patterns_match_anywhere_unless_tied)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"cache", "my_cache_insert", true},
		{"cache", "my_cach", false},
		{"^cache", "cache_insert", true},
		{"^cache", "my_cache", false},
		{"cache$", "my_cache", true},
		{"cache$", "cache_cache_x", false},
		{"cache$", "cachecache", true},
		{"^cache$", "cache", true},
		{"^cache$", "caches", false},
		{"^cache$", "xcache", false},
		{"a*c", "xxabbcx", true},
		{"a*c", "c a", false},
		{"^a*c$", "abcbc", true},
		{"^a*c$", "abcb", false},
		{"^*c$", "abc", true},
		{"a*a$", "a", false},
		{"*", "", true},
		{"a*", "ba", true},
		{"lib.so", "/usr/lib/lib.so.1", true},
		{"lib.so", "libxso", false}, /* a point is a point */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(suppress_match(rows[i].pattern, rows[i].text) == rows[i].matches,
			      "%s against %s", rows[i].pattern, rows[i].text);
}
END_TEST

START_TEST(lines_are_rules_comments_or_mistakes)
{
	static const char *const good[] = {"", "\n", "  \t\r\n", "# leak:x\n", "leak:x"};
	static const char *const bad[] = {"x", "race:x\n", "leak:\n", "leak x", "leak"};
	struct suppress_list list = {NULL};
	char *why;

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_int_eq(suppress_list_insert(&list, good[i], &why), 0);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(suppress_list_insert(&list, " leak:operator new \r\n", &why), 0);
	ck_assert_str_eq(list.patterns[1], "operator new");
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_int_eq(suppress_list_insert(&list, bad[i], &why), -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, "leak:"));
		free(why);
	}
	ck_assert_uint_eq(list.count, 2);
	suppress_list_release(&list);
}
END_TEST

/* Powers of two: the sum says which sites are in it. */
static const struct fixture_site sites[] = {
	{"f@src/a.c:1 < main@src/main.c:3", 1, 1, NULL},
	{"g@src/b.c:1 < cache_insert@src/cache.c:3 < main@src/main.c:3", 2, 1, NULL},
	{"h@src/b.c:9 < main@src/main.c:4", 4, 1, NULL},
	{"libz.so.1+0x100 < main@src/main.c:5", 8, 1, NULL},
};

static void
check(const char *rules, int64_t kept, const int64_t *wanted)
{
	struct profile *profile = fixture_profile(sites, COUNT(sites));
	struct profile_at at = fixture_at(profile, false);
	struct group_options options = {.by = GROUP_BY_LINE};
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	char *text = strdup(rules), *rest = text, *line, *why;
	int64_t sum = 0;
	struct group_set set;

	while ((line = strsep(&rest, ";")) != NULL)
		ck_assert_int_eq(suppress_list_insert(&options.selection.suppressions, line, &why),
				 0);
	group_profile(profile, &at, &options, table, NULL, &set);
	for (size_t i = 0; i < set.count; i++)
		sum += set.groups[i].values.live_bytes;
	ck_assert_int_eq(sum, kept);
	ck_assert_int_eq(set.sum.live_bytes, kept);
	for (size_t i = 0; i < options.selection.suppressions.count; i++) {
		ck_assert_int_eq(set.suppressed[i].values.live_bytes, wanted[i]);
		ck_assert_int_eq(set.suppressed[i].values.live_blocks,
				 (int64_t)set.suppressed[i].sites);
	}
	group_set_release(&set);
	suppress_list_release(&options.selection.suppressions);
	place_table_free(table);
	profile_free(profile);
	free(text);
}

START_TEST(any_frame_of_a_stack_may_match)
{
	check("", 15, NULL);
	check("leak:^cache_", 13, (int64_t[]){2});
	check("leak:src/b.c", 9, (int64_t[]){6});
	check("leak:libz.so", 7, (int64_t[]){8});
	check("leak:^main$", 0, (int64_t[]){15});
	check("leak:nothing", 15, (int64_t[]){0});
	check("leak:^malloc$", 15, (int64_t[]){0}); /* the allocator is no frame */
}
END_TEST

START_TEST(the_first_rule_of_the_file_counts)
{
	check("leak:cache;leak:src/b.c", 9, (int64_t[]){2, 4});
	check("leak:src/b.c;leak:cache", 9, (int64_t[]){6, 0});
	check("leak:main;leak:f", 0, (int64_t[]){15, 0});
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("suppress");
	TCase *cases = tcase_create("suppress");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, patterns_match_anywhere_unless_tied);
	tcase_add_test(cases, lines_are_rules_comments_or_mistakes);
	tcase_add_test(cases, any_frame_of_a_stack_may_match);
	tcase_add_test(cases, the_first_rule_of_the_file_counts);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
