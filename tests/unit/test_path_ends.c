/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_path_ends.c - files are paired by the ends of their paths, as if all pairs had been compared
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "model/path_ends.h"
#include "scratch.h"
#include "util/xalloc.h"

#define FILES  40
#define ROUNDS 3000

/* The only one with most in common, by looking at all. */
static size_t
find_best(const char *path, const char *const *others, size_t count)
{
	size_t best = PATH_ENDS_NONE, most = 0;
	bool is_only = true;

	for (size_t i = 0; i < count; i++) {
		size_t common = path_ends_get_common(path, others[i]);

		if (common < most || common == 0 || (path[0] == '/') != (others[i][0] == '/'))
			continue;
		is_only = common > most;
		most = common;
		best = i;
	}
	return is_only ? best : PATH_ENDS_NONE;
}

static void
pair_slowly(const char *const *old, size_t old_count, const char *const *new, size_t new_count,
	    size_t *ret_new)
{
	for (size_t i = 0; i < old_count; i++) {
		size_t best = find_best(old[i], new, new_count);

		if (best != PATH_ENDS_NONE && find_best(new[best], old, old_count) != i)
			best = PATH_ENDS_NONE;
		ret_new[i] = best;
	}
}

static bool
has(char *const *paths, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

/* Few names, so that ends agree often; each path once. */
static size_t
make_paths(char **paths, const char *root)
{
	static const char *const words[] = {"a", "b", "ab", "src", "main.c", "b.c", "ab.c"};
	size_t count = 0;

	for (size_t wanted = (size_t)rand() % FILES; wanted > 0; wanted--) {
		char text[256] = "";
		unsigned depth = 1 + (unsigned)rand() % 4;

		if (rand() % 4 != 0)
			strcat(text, root);
		for (unsigned i = 0; i < depth; i++) {
			if (i > 0)
				strcat(text, "/");
			strcat(text, words[rand() % 7]);
		}
		if (!has(paths, count, text))
			paths[count++] = xstrdup(text);
	}
	return count;
}

START_TEST(pairs_are_those_of_all_comparisons)
{
	srand(1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		char *old[FILES], *new[FILES];
		size_t old_count = make_paths(old, "/old/"), new_count = make_paths(new, "/new/x/");
		size_t found[FILES], wanted[FILES];

		path_ends_pair((const char *const *)old, old_count, (const char *const *)new,
			       new_count, found);
		pair_slowly((const char *const *)old, old_count, (const char *const *)new,
			    new_count, wanted);
		for (size_t i = 0; i < old_count; i++)
			ck_assert_msg(found[i] == wanted[i], "round %u: %s: %zd, not %zd", round,
				      old[i], (ssize_t)found[i], (ssize_t)wanted[i]);
		for (size_t i = 0; i < old_count; i++)
			free(old[i]);
		for (size_t i = 0; i < new_count; i++)
			free(new[i]);
	}
}
END_TEST

START_TEST(two_trees_of_many_files)
{
	enum {
		MANY = 50000
	};
	const char **old = xcalloc(MANY, sizeof(*old)), **new = xcalloc(MANY, sizeof(*new));
	size_t *found = xcalloc(MANY, sizeof(*found));

	for (size_t i = 0; i < MANY; i++) {
		old[i] = xasprintf("/build/main/part%zu/file%zu.c", i % 100, i / 100);
		new[i] = xasprintf("/build/pr/part%zu/file%zu.c", i % 100, i / 100);
	}
	path_ends_pair(old, MANY, new, MANY, found);
	for (size_t i = 0; i < MANY; i++) {
		ck_assert_uint_eq(found[i], i);
		free((char *)old[i]);
		free((char *)new[i]);
	}
	free(old);
	free(new);
	free(found);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path_ends");
	TCase *cases = tcase_create("path_ends");

	tcase_add_test(cases, pairs_are_those_of_all_comparisons);
	tcase_add_test(cases, two_trees_of_many_files);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
