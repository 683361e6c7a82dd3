/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_site_match.c - which places a word means: a filter, a function, or the end of a path
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "model/place.h"
#include "model/site_group.h"
#include "model/site_match.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fixture_site sites[] = {
	{"parse@src/json.c:12", 1, 1, NULL},
	{"ns::load(int, char)@src/deep/load.cpp:7", 1, 1, NULL},
	{"parse_all@src/notjson.c:12", 1, 1, NULL},
	{"libx.so+0x1f0", 1, 1, NULL},
};

struct places {
	struct profile *profile;
	struct place_table *table;
	struct site_group groups[COUNT(sites)];
	struct site_group_set set;
};

/* One group a site, in their order. */
static void
init(struct places *places)
{
	const struct place_options options = {0};

	memset(places, 0, sizeof(*places));
	places->profile = fixture_profile(sites, COUNT(sites));
	places->table = place_table_new(&options);
	for (uint32_t i = 0; i < COUNT(sites); i++) {
		uint32_t node = places->profile->nodes[places->profile->sites[i]].parent;
		const struct profile_frame *frame =
			&places->profile->frames[places->profile->nodes[node].frame];

		places->groups[i].stack = place_table_insert_stack(
			places->table, 0,
			place_table_insert(places->table, places->profile, frame, 0));
	}
	places->set = (struct site_group_set){.groups = places->groups, .count = COUNT(sites)};
}

static void
release(struct places *places)
{
	place_table_free(places->table);
	profile_free(places->profile);
}

/* The groups that a word means, as "0 2". */
static void
check(const struct places *places, const char *word, const char *wanted)
{
	bool matches[COUNT(sites)] = {false};
	uint32_t count = 99, seen = 0;
	char found[2 * COUNT(sites) + 1] = "", *why = NULL;

	ck_assert_msg(site_match(&places->set, places->table, word, matches, &count, &why) == 0,
		      "%s: %s", word, why);
	for (size_t i = 0; i < COUNT(sites); i++) {
		const char one[] = {' ', (char)('0' + i), '\0'};

		if (matches[i])
			strcat(found, seen++ > 0 ? one : one + 1);
	}
	ck_assert_msg(strcmp(found, wanted) == 0, "%s: \"%s\"", word, found);
	ck_assert_uint_eq(count, seen);
}

START_TEST(a_word_is_a_file_a_line_or_a_function)
{
	struct places places;

	init(&places);
	check(&places, "src/json.c", "0");
	check(&places, "json.c", "0");
	check(&places, "json.c:12", "0");
	check(&places, "json.c:13", "");
	check(&places, "deep/load.cpp", "1");
	check(&places, "parse", "0");
	check(&places, "parse*", "0 2");
	check(&places, "son.c", "");
	check(&places, "nobody", "");
	release(&places);
}
END_TEST

START_TEST(a_function_goes_with_and_without_its_arguments)
{
	struct places places;

	init(&places);
	check(&places, "ns::load", "1");
	check(&places, "ns::load(int, char)", "1");
	check(&places, "ns::load(int, int)", "");
	check(&places, "load", "");
	release(&places);
}
END_TEST

START_TEST(a_filter_is_taken_as_it_is)
{
	struct places places;

	init(&places);
	check(&places, "function=parse*", "0 2");
	check(&places, "function=parse*,line=12", "0 2");
	check(&places, "function=parse,file=*json.c", "0");
	check(&places, "module=libx.so", "3");
	check(&places, "function=load", "");
	release(&places);
}
END_TEST

/* A sentence, and what was asked for is as it was. */
static void
check_refused(const struct places *places, const char *word, const char *sentence)
{
	bool matches[COUNT(sites)] = {false};
	uint32_t count = 99;
	char *why = NULL;

	ck_assert_int_eq(site_match(&places->set, places->table, word, matches, &count, &why),
			 -EINVAL);
	ck_assert_uint_eq(count, 99);
	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, sentence) != NULL, "%s", why);
	free(why);
}

START_TEST(what_is_about_no_place_is_refused)
{
	struct places places;

	init(&places);
	check_refused(&places, "thread=main", "file, line, function and module");
	check_refused(&places, "size=1K..", "file, line, function and module");
	check_refused(&places, "allocator=malloc", "file, line, function and module");
	check_refused(&places, "color=red", "color");
	release(&places);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("site_match");
	TCase *cases = tcase_create("site_match");

	tcase_add_test(cases, a_word_is_a_file_a_line_or_a_function);
	tcase_add_test(cases, a_function_goes_with_and_without_its_arguments);
	tcase_add_test(cases, a_filter_is_taken_as_it_is);
	tcase_add_test(cases, what_is_about_no_place_is_refused);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
