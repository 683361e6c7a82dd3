/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_module_table.c - every loaded object is a module of its own, as long as there is room
 */
#include <check.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/module_table.h"
#include "recording/recording_map.h"
#include "runtime.h"

enum {
	OBJECTS = 10000,
	ADDRESS = 0x1234
};

/* No ELF image: what is loaded there has no build-id. */
static char image[64];
static char names[OBJECTS][16];
static struct link_map maps[OBJECTS];

static struct recording_frame
find(int number)
{
	struct dl_find_object object = {
		.dlfo_map_start = image,
		.dlfo_map_end = image + sizeof(image),
		.dlfo_link_map = &maps[number],
	};

	snprintf(names[number], sizeof(names[number]), "/%d", number);
	maps[number].l_name = names[number];
	return module_table_frame(&object, ADDRESS);
}

static void
check_module(int number, uint32_t id)
{
	struct recording_frame frame = find(number);

	ck_assert_uint_eq(frame.kind, FRAME_KIND_MODULE);
	ck_assert_uint_eq(frame.module, id);
	ck_assert_str_eq(recording.strings + recording.modules[id].path, names[number]);
}

START_TEST(each_object_is_one_module)
{
	for (int i = 0; i < OBJECTS; i++)
		check_module(i, (uint32_t)i);
	for (int i = 0; i < OBJECTS; i += 77)
		check_module(i, (uint32_t)i);
	ck_assert_uint_eq(recording.header->sections[SECTION_MODULES].count, OBJECTS);
	ck_assert_uint_eq(recording.header->trouble, 0);
}
END_TEST

START_TEST(what_finds_no_room_is_told)
{
	struct recording_frame frame;

	recording.header->sections[SECTION_MODULES].capacity = 5000;
	for (int i = 0; i < 5000; i++)
		check_module(i, (uint32_t)i);
	ck_assert_uint_eq(recording.header->trouble, 0);
	frame = find(5000);
	ck_assert_uint_eq(frame.kind, FRAME_KIND_ADDRESS);
	ck_assert_uint_eq(frame.value, ADDRESS);
	ck_assert_uint_eq(recording.header->trouble, TROUBLE_FULL);
	check_module(0, 0);
}
END_TEST

START_TEST(a_name_that_finds_no_room_is_told)
{
	struct recording_extent *strings = &recording.header->sections[SECTION_STRINGS];

	check_module(0, 0);
	strings->capacity = strings->count;
	ck_assert_uint_eq(find(1).kind, FRAME_KIND_ADDRESS);
	ck_assert_uint_eq(find(1).kind, FRAME_KIND_ADDRESS);
	ck_assert_uint_eq(recording.header->sections[SECTION_MODULES].count, 1);
	ck_assert_uint_eq(recording.header->trouble, TROUBLE_FULL);
	check_module(0, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("module_table");
	TCase *tcase = tcase_create("module_table");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, runtime_start, runtime_stop);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_object_is_one_module);
	tcase_add_test(tcase, what_finds_no_room_is_told);
	tcase_add_test(tcase, a_name_that_finds_no_room_is_told);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
