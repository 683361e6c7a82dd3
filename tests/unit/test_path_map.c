/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_path_map.c - files of another checkout are the same files, and no others are
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "model/path_map.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fixture_site old_sites[] = {
	{"f@/old/app/src/a.c:1", 1, 1, NULL}, {"f@/old/app/src/a.c:2", 1, 1, NULL},
	{"g@/old/app/lib/b.c:1", 1, 1, NULL}, {"h@/old/appendix/c.c:1", 1, 1, NULL},
	{"i@/usr/include/d.h:1", 1, 1, NULL}, {"j@gen/e.c:1", 1, 1, NULL},
};

/* The file of a site, as the profile has it by now. */
static const char *
get_file(const struct profile *profile, size_t site)
{
	uint32_t node = profile->nodes[profile->sites[site]].parent;
	const struct profile_frame *frame = &profile->frames[profile->nodes[node].frame];

	return profile->locations[frame->location].file;
}

static void
check_files(const struct profile *profile, const char *const *files)
{
	for (size_t i = 0; i < COUNT(old_sites); i++)
		ck_assert_str_eq(get_file(profile, i), files[i]);
}

START_TEST(the_longest_folder_wins_and_folders_are_whole)
{
	static const char *const files[] = {
		"/new/source/a.c",   "/new/source/a.c",  "/new/lib/b.c",
		"/old/appendix/c.c", "/usr/include/d.h", "gen/e.c",
	};
	struct profile *profile = fixture_profile(old_sites, COUNT(old_sites));
	struct path_map map = {0};

	ck_assert_int_eq(path_map_insert(&map, "/old/app/=/new"), 0);
	ck_assert_int_eq(path_map_insert(&map, "/old/app/src=/new/source/"), 0);
	ck_assert_uint_eq(path_map_apply(&map, profile), 2);
	check_files(profile, files);
	ck_assert_uint_eq(map.rules[0].files, 1);
	ck_assert_uint_eq(map.rules[1].files, 1);
	path_map_release(&map);
	ck_assert_uint_eq(map.count, 0);
	profile_free(profile);
}
END_TEST

START_TEST(a_rule_has_two_sides)
{
	static const char *const bad[] = {"", "=", "/old", "/old=", "=/new"};
	struct path_map map = {0};

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(path_map_insert(&map, bad[i]), -EINVAL);
	ck_assert_uint_eq(map.count, 0);
	ck_assert_int_eq(path_map_insert(&map, "/=/root"), 0);
	ck_assert_str_eq(map.rules[0].from, "/");
	ck_assert_int_eq(path_map_insert(&map, "/=/root/"), 0);
	ck_assert_uint_eq(map.count, 1);
	path_map_release(&map);
}
END_TEST

START_TEST(files_tell_where_they_are_now)
{
	static const struct fixture_site new_sites[] = {
		{"f@/new/app/src/a.c:1", 1, 1, NULL},
		{"g@/new/app/lib/b.c:1", 1, 1, NULL},
		{"i@/usr/include/d.h:1", 1, 1, NULL},
	};
	static const char *const files[] = {
		"/new/app/src/a.c",  "/new/app/src/a.c", "/new/app/lib/b.c",
		"/old/appendix/c.c", "/usr/include/d.h", "gen/e.c",
	};
	struct profile *old = fixture_profile(old_sites, COUNT(old_sites));
	struct profile *new = fixture_profile(new_sites, COUNT(new_sites));
	struct path_map map = {0};

	path_map_match(&map, old, new);
	check_files(old, files);
	ck_assert_uint_eq(map.count, 1);
	ck_assert_str_eq(map.rules[0].from, "/old");
	ck_assert_str_eq(map.rules[0].to, "/new");
	ck_assert_uint_eq(map.rules[0].files, 2);
	path_map_release(&map);
	profile_free(old);
	profile_free(new);
}
END_TEST

/* Two files end in the same way: neither is meant, but for what the others of their folder say. */
START_TEST(what_is_not_told_apart_stays_or_follows_its_folder)
{
	static const struct fixture_site before[] = {
		{"f@/old/one/main.c:1", 1, 1, NULL},
		{"g@/old/two/main.c:1", 1, 1, NULL},
		{"h@/old/one/only.c:1", 1, 1, NULL},
	};
	static const struct fixture_site after[] = {
		{"f@/new/1/main.c:1", 1, 1, NULL},
		{"g@/new/2/main.c:1", 1, 1, NULL},
		{"h@/new/1/only.c:1", 1, 1, NULL},
	};
	struct profile *old = fixture_profile(before, COUNT(before));
	struct profile *new = fixture_profile(after, COUNT(after));
	struct path_map map = {0};

	path_map_match(&map, old, new);
	ck_assert_str_eq(get_file(old, 0), "/new/1/main.c");
	ck_assert_str_eq(get_file(old, 1), "/old/two/main.c");
	ck_assert_str_eq(get_file(old, 2), "/new/1/only.c");
	path_map_release(&map);
	profile_free(old);
	profile_free(new);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path_map");
	TCase *cases = tcase_create("path_map");

	tcase_add_test(cases, the_longest_folder_wins_and_folders_are_whole);
	tcase_add_test(cases, a_rule_has_two_sides);
	tcase_add_test(cases, files_tell_where_they_are_now);
	tcase_add_test(cases, what_is_not_told_apart_stays_or_follows_its_folder);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
