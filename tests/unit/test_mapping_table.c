/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_mapping_table.c - ranges against a list of pages, at random; what is half done is mended
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/mapping_table.h"
#include "recording/recording_map.h"
#include "runtime.h"

enum {
	PAGES = 400,
	STEPS = 20000,
	SITES = 4,
};

#define START UINT64_C(0x7f0000000000)

static uint32_t pages[PAGES]; /* whose each is */

static uint64_t
get_count(void)
{
	return recording.header->sections[SECTION_MAPPINGS].count;
}

static void *
address_of(size_t page)
{
	return (void *)(START + page * PAGE_BYTES);
}

static void
insert(size_t first, size_t count, uint32_t site)
{
	mapping_table_insert(address_of(first), count * PAGE_BYTES, site);
	for (size_t i = first; i < first + count; i++)
		pages[i] = site;
}

static void
compare(void)
{
	static uint32_t got[PAGES];
	uint64_t before = UINT64_MAX;

	memset(got, 0, sizeof(got));
	for (uint64_t i = 0; i < get_count(); i++) {
		const struct recording_mapping *entry = &recording.mappings[i];

		ck_assert_uint_lt(entry->start, entry->end);
		ck_assert_uint_le(entry->end, before);
		ck_assert_uint_ne(entry->site, SITE_NONE);
		before = entry->start;
		for (uint64_t at = entry->start; at < entry->end; at += PAGE_BYTES)
			got[(at - START) / PAGE_BYTES] = entry->site;
	}
	ck_assert_mem_eq(got, pages, sizeof(got));
	ck_assert_uint_eq(recording.header->mapping_changes % 2, 0);
}

START_TEST(any_calls_leave_the_pages_to_whom_they_belong)
{
	struct mapping_removal removal;

	srand(1);
	for (int i = 0; i < STEPS; i++) {
		size_t first = (size_t)rand() % PAGES, most = PAGES - first;
		size_t count = 1 + (size_t)rand() % (most < 40 ? most : 40);
		int what = rand() % 4;

		if (what < 2) {
			insert(first, count, 1 + (uint32_t)rand() % SITES);
			continue;
		}
		mapping_table_remove(address_of(first), count * PAGE_BYTES, &removal);
		if (what == 2 || removal.count == MAPPING_PIECES)
			memset(&pages[first], 0, count * sizeof(*pages));
		else
			mapping_table_restore(&removal);
		compare();
	}
	ck_assert_uint_eq(recording.header->lost_mappings, 0);
	ck_assert_uint_eq(recording.header->trouble, 0);
}
END_TEST

START_TEST(neighbours_of_one_site_are_one_range)
{
	/* From above to below, as the kernel gives them. */
	for (size_t i = PAGES; i > 0; i--)
		insert(i - 1, 1, 3);
	ck_assert_uint_eq(get_count(), 1);
	insert(100, 1, 2);
	ck_assert_uint_eq(get_count(), 3);
	insert(100, 1, 3);
	compare();
	ck_assert_uint_eq(get_count(), 1);
	insert(50, 300, 3);
	insert(70, 2, 3);
	ck_assert_uint_eq(get_count(), 1);
}
END_TEST

START_TEST(what_is_no_range_is_passed_over)
{
	struct mapping_removal removal;

	insert(10, 10, 1);
	mapping_table_remove((char *)address_of(12) + 1, PAGE_BYTES, &removal);
	ck_assert_uint_eq(removal.count, 0);
	mapping_table_remove(address_of(12), 0, &removal);
	ck_assert_uint_eq(removal.count, 0);
	mapping_table_remove(address_of(12), SIZE_MAX - 5, &removal);
	ck_assert_uint_eq(removal.count, 0);
	compare();
	/* Part of a page is the whole. */
	mapping_table_remove(address_of(12), PAGE_BYTES + 1, &removal);
	ck_assert_uint_eq(removal.count, 1);
	ck_assert_uint_eq(removal.pieces[0].end - removal.pieces[0].start, 2 * PAGE_BYTES);
	pages[12] = pages[13] = 0;
	compare();
}
END_TEST

/* A handler left by siglongjmp: the number is odd, an entry is there twice, one is half written. */
START_TEST(a_change_that_was_left_is_mended)
{
	struct recording_extent *extent = &recording.header->sections[SECTION_MAPPINGS];

	insert(300, 10, 1);
	insert(200, 10, 2);
	insert(100, 10, 3);
	recording.mappings[3] = recording.mappings[2];
	recording.mappings[2] = recording.mappings[1];
	recording.mappings[4] = (struct recording_mapping){.start = START, .site = 1};
	extent->count = 5;
	recording.header->mapping_changes++;
	insert(0, 1, 4);
	compare();
	ck_assert_uint_eq(get_count(), 4);
}
END_TEST

START_TEST(a_copy_knows_what_has_changed_since)
{
	static struct recording_mapping copy[PAGES];
	struct mapping_changes changes;
	struct mapping_removal removal;
	uint64_t count;

	ck_assert(!mapping_table_is_copied());
	insert(10, 10, 1);
	insert(40, 10, 2);
	insert(70, 10, 3);
	ck_assert(!mapping_table_copy(copy, 2, &count));
	ck_assert_uint_eq(count, 3);
	ck_assert(!mapping_table_is_copied());
	ck_assert(mapping_table_copy(copy, PAGES, &count));
	ck_assert(mapping_table_is_copied());
	ck_assert_mem_eq(copy, recording.mappings, 3 * sizeof(*copy));
	/* Nothing is there. */
	mapping_table_remove(address_of(100), PAGE_BYTES, &removal);
	mapping_table_insert(address_of(100), PAGE_BYTES, SITE_NONE);
	ck_assert(mapping_table_is_copied());
	insert(15, 1, SITE_NONE);
	mapping_table_remove(address_of(41), PAGE_BYTES, &removal);
	ck_assert(!mapping_table_is_copied());
	mapping_table_get_changes(&changes);
	ck_assert_uint_eq(changes.count, 2);
	ck_assert(!changes.more);
	ck_assert_uint_eq(changes.ranges[0].start, (uintptr_t)address_of(15));
	ck_assert_uint_eq(changes.ranges[1].end, (uintptr_t)address_of(42));
	for (int i = 0; i < MAPPING_CHANGES; i++)
		insert(200 + (size_t)i % 2, 1, 1 + (uint32_t)i % 3);
	mapping_table_get_changes(&changes);
	ck_assert_uint_eq(changes.count, 3);
	ck_assert_uint_eq(changes.ranges[2].start, (uintptr_t)address_of(200));
	ck_assert_uint_eq(changes.ranges[2].end, (uintptr_t)address_of(202));
	for (size_t i = 0; i < MAPPING_CHANGES; i++)
		insert(210 + 2 * i, 1, 1);
	mapping_table_get_changes(&changes);
	ck_assert(changes.more);
	ck_assert(mapping_table_copy(copy, PAGES, &count));
	ck_assert(mapping_table_is_copied());
}
END_TEST

START_TEST(without_the_option_there_is_no_table)
{
	struct mapping_removal removal;

	ck_assert(!mapping_table_exists());
	mapping_table_insert(address_of(0), PAGE_BYTES, 1);
	mapping_table_remove(address_of(0), PAGE_BYTES, &removal);
	ck_assert_uint_eq(removal.count, 0);
	ck_assert_uint_eq(get_count(), 0);
}
END_TEST

static void
start(void)
{
	runtime_start_with(":mmap");
}

int
main(void)
{
	Suite *suite = suite_create("mapping_table");
	TCase *on = tcase_create("on"), *off = tcase_create("off");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(on, start, runtime_stop);
	tcase_add_test(on, any_calls_leave_the_pages_to_whom_they_belong);
	tcase_add_test(on, neighbours_of_one_site_are_one_range);
	tcase_add_test(on, what_is_no_range_is_passed_over);
	tcase_add_test(on, a_change_that_was_left_is_mended);
	tcase_add_test(on, a_copy_knows_what_has_changed_since);
	tcase_add_checked_fixture(off, runtime_start, runtime_stop);
	tcase_add_test(off, without_the_option_there_is_no_table);
	suite_add_tcase(suite, on);
	suite_add_tcase(suite, off);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
