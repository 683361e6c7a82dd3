/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_memory_map.c - what lies where, and whose variables are in the heap's mapping
 */
#include <check.h>
#include <string.h>

#include "reach/memory_map.h"
#include "scratch.h"

#define LINES                                                                                     \
	"10000-20000 r-xp 00000000 fe:00 42                               /bin/program\n"         \
	"20000-21000 rw-p 00010000 fe:00 42                               /bin/program\n"         \
	"21000-40000 rw-p 00000000 00:00 0                                [heap]\n"               \
	"50000-51000 rw-s 00000000 00:01 7                                /memfd:one (deleted)\n" \
	"60000-61000 rw-s 00000000 fe:00 8                                /no/such/file\n"        \
	"70000-71000 rw-p 00000000 00:00 0 \n"

static struct memory_map map;

static void
make(uint64_t heap_start)
{
	scratch_write_text("maps", LINES);
	ck_assert_int_eq(memory_map_init_of(&map, "maps", heap_start), 0);
}

static void
check_mapping(size_t i, uint64_t start, uint64_t end, const char *name, const char *object)
{
	ck_assert_uint_eq(map.mappings[i].start, start);
	ck_assert_uint_eq(map.mappings[i].end, end);
	ck_assert_str_eq(map.text + map.mappings[i].name, name);
	ck_assert_str_eq(map.text + map.mappings[i].object, object);
	ck_assert(map.mappings[i].readable);
}

START_TEST(variables_in_front_of_the_heap_are_the_programs)
{
	make(0x2b000);
	ck_assert_uint_eq(map.count, 7);
	check_mapping(2, 0x21000, 0x2b000, "", "/bin/program");
	check_mapping(3, 0x2b000, 0x40000, "[heap]", "[heap]");
	ck_assert(map.mappings[2].writable && map.mappings[3].writable);
	memory_map_release(&map);
}
END_TEST

START_TEST(a_heap_alone_stays_one)
{
	static const uint64_t starts[] = {0, 0x20800, 0x21000, 0x40000, 0x80000};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		make(starts[i]);
		ck_assert_uint_eq(map.count, 6);
		check_mapping(2, 0x21000, 0x40000, "[heap]", "[heap]");
		memory_map_release(&map);
	}
}
END_TEST

START_TEST(shared_memory_is_told_from_files)
{
	make(0);
	ck_assert(!map.mappings[1].is_memory && !map.mappings[1].is_shared);
	ck_assert(map.mappings[3].is_memory && map.mappings[3].is_shared);
	ck_assert(!map.mappings[4].is_memory && map.mappings[4].is_shared);
	ck_assert(!map.mappings[5].is_memory && !map.mappings[5].is_file);
	memory_map_release(&map);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("memory_map");
	TCase *tcase = tcase_create("memory_map");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_add_test(tcase, variables_in_front_of_the_heap_are_the_programs);
	tcase_add_test(tcase, a_heap_alone_stays_one);
	tcase_add_test(tcase, shared_memory_is_told_from_files);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
