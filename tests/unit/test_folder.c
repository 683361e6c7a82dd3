/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_folder.c - which files of a directory are heaptally's, the newest last
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/folder.h"
#include "scratch.h"

/* An empty file that was last changed so many seconds after 1970. */
static void
make_file(const char *path, time_t seconds)
{
	const struct timespec times[] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	scratch_write_text(path, "");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool
has(const struct folder_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

START_TEST(only_regular_files_of_ours)
{
	struct folder_names names;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	make_file("d/a.tally", 10);
	make_file("d/a.1.0.recording", 10);
	make_file("d/a.tally.txt", 20);
	make_file("d/tally", 20);
	ck_assert_int_eq(mkdir("d/folder.tally", 0700), 0);
	ck_assert_int_eq(symlink("a.tally", "d/link.tally"), 0);
	ck_assert_int_eq(mkfifo("d/pipe.tally", 0600), 0);
	ck_assert_int_eq(folder_list("d", &names), 0);
	ck_assert_uint_eq(names.count, 2);
	ck_assert(has(&names, "a.tally"));
	ck_assert(has(&names, "a.1.0.recording"));
	folder_names_release(&names);
	ck_assert_uint_eq(names.count, 0);
}
END_TEST

/* In whichever order the directory has them. */
START_TEST(the_newest_comes_last)
{
	enum {
		FILES = 7
	};

	for (unsigned newest = 0; newest < FILES; newest++) {
		struct folder_names names;
		char path[32], name[32];

		for (unsigned i = 0; i < FILES; i++) {
			snprintf(path, sizeof(path), "%u.tally", i);
			make_file(path, i == newest ? 1000 : 10 * (long)i);
		}
		ck_assert_int_eq(folder_list(".", &names), 0);
		ck_assert_uint_eq(names.count, FILES);
		snprintf(name, sizeof(name), "%u.tally", newest);
		ck_assert_str_eq(names.items[FILES - 1], name);
		for (unsigned i = 0; i < FILES; i++) {
			snprintf(name, sizeof(name), "%u.tally", i);
			ck_assert(has(&names, name));
		}
		folder_names_release(&names);
	}
}
END_TEST

START_TEST(nothing_and_no_directory)
{
	struct folder_names names;

	ck_assert_int_eq(folder_list(".", &names), 0);
	ck_assert_uint_eq(names.count, 0);
	folder_names_release(&names);
	ck_assert_int_eq(folder_list("missing", &names), -ENOENT);
	ck_assert_ptr_null(names.items);
	make_file("file", 10);
	ck_assert_int_eq(folder_list("file", &names), -ENOTDIR);
	ck_assert_uint_eq(names.count, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("folder");
	TCase *cases = tcase_create("folder");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, only_regular_files_of_ours);
	tcase_add_test(cases, the_newest_comes_last);
	tcase_add_test(cases, nothing_and_no_directory);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
