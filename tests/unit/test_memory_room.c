/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_memory_room.c - what is left is the least of the machine, the group and all above it
 */
#include <check.h>
#include <sys/stat.h>

#include "reach/memory_room.h"
#include "scratch.h"

#define MACHINE "MemTotal:  9000 kB\nMemFree: 10 kB\nMemAvailable:    8000 kB\n"
#define UNIFIED "0::/a/b\n"
#define OLD     "12:cpu:/x\n4:memory:/a/b\n1:name=systemd:/y\n"

static uint64_t
ask(const char *machine, const char *groups)
{
	scratch_write_text("machine", machine);
	scratch_write_text("groups", groups);
	return memory_room_get_of("machine", "groups", "mount");
}

static void
make_folders(void)
{
	static const char *const paths[] = {"mount",        "mount/a",        "mount/a/b",
					    "mount/memory", "mount/memory/a", "mount/memory/a/b"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		ck_assert_int_eq(mkdir(paths[i], 0700), 0);
}

START_TEST(without_groups_it_is_the_machines)
{
	ck_assert_uint_eq(ask(MACHINE, ""), 8000 << 10);
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 8000 << 10);
	ck_assert_uint_eq(ask("", ""), UINT64_MAX);
	ck_assert_uint_eq(memory_room_get_of("no", "such", "file"), UINT64_MAX);
	ck_assert_uint_gt(memory_room_get(), 0);
}
END_TEST

START_TEST(the_least_of_all_groups_counts)
{
	make_folders();
	scratch_write_text("mount/a/b/memory.max", "max\n");
	scratch_write_text("mount/a/b/memory.current", "5000\n");
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 8000 << 10);
	scratch_write_text("mount/a/memory.max", "100000\n");
	scratch_write_text("mount/a/memory.current", "60000\n");
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 40000);
	/* What it caches of files is given up first. */
	scratch_write_text("mount/a/memory.stat",
			   "anon 1\nfile 2\ninactive_anon 3\ninactive_file 9000\n");
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 49000);
	scratch_write_text("mount/a/b/memory.max", "6000\n");
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 1000);
	scratch_write_text("mount/a/b/memory.current", "7000\n");
	ck_assert_uint_eq(ask(MACHINE, UNIFIED), 0);
}
END_TEST

START_TEST(old_groups_are_known)
{
	make_folders();
	scratch_write_text("mount/memory/a/memory.limit_in_bytes", "100000\n");
	scratch_write_text("mount/memory/a/memory.usage_in_bytes", "60000\n");
	scratch_write_text("mount/memory/a/memory.stat", "cache 1\ntotal_inactive_file 10\n");
	scratch_write_text("mount/memory/memory.limit_in_bytes", "9223372036854771712\n");
	scratch_write_text("mount/memory/memory.usage_in_bytes", "60000\n");
	ck_assert_uint_eq(ask(MACHINE, OLD), 40010);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("memory_room");
	TCase *tcase = tcase_create("memory_room");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_add_test(tcase, without_groups_it_is_the_machines);
	tcase_add_test(tcase, the_least_of_all_groups_counts);
	tcase_add_test(tcase, old_groups_are_known);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
