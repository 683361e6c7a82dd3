/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_block_table.c - blocks by address: neighbours in one slot, huge sizes, and a long random run
 */
#include <check.h>
#include <stdlib.h>

#include "block_table.h"
#include "runtime.h"

enum {
	ADDRESSES = 4096,
	STEPS = 1000000,
	SMALLEST_GAP = 8
};

static const char *const base = (const char *)0x7e0000000000;

static void
insert_new(const void *address, uint64_t bytes, uint32_t site)
{
	bool stored = false;
	struct block old = block_table_insert(address, (struct block){bytes, site}, &stored);

	ck_assert(stored);
	ck_assert_uint_eq(old.site, 0);
}

static void
expect(struct block block, uint64_t bytes, uint32_t site)
{
	ck_assert_uint_eq(block.site, site);
	if (site != 0)
		ck_assert_uint_eq(block.bytes, bytes);
}

START_TEST(one_block)
{
	expect(block_table_find(base), 0, 0);
	expect(block_table_remove(base), 0, 0);
	insert_new(base, 0, 5);
	expect(block_table_find(base), 0, 5);
	expect(block_table_remove(base), 0, 5);
	expect(block_table_remove(base), 0, 0);
}
END_TEST

START_TEST(neighbours_in_one_slot)
{
	for (int i = 0; i < 4; i++)
		insert_new(base + i * SMALLEST_GAP, 100 + i, 10 + i);
	for (int i = 3; i >= 0; i--)
		expect(block_table_find(base + i * SMALLEST_GAP), 100 + i, 10 + i);
	expect(block_table_remove(base + SMALLEST_GAP), 101, 11);
	expect(block_table_find(base + SMALLEST_GAP), 0, 0);
	expect(block_table_find(base), 100, 10);
	expect(block_table_find(base + 2 * SMALLEST_GAP), 102, 12);
}
END_TEST

START_TEST(huge_sizes_and_sites)
{
	uint64_t sizes[] = {(1ull << 36) - 1, 1ull << 36, (1ull << 36) + 1, 1ull << 46};
	uint32_t last_site = (1u << 26) - 1;

	for (int i = 0; i < 4; i++) {
		insert_new(base + i * 4096, sizes[i], last_site);
		expect(block_table_find(base + i * 4096), sizes[i], last_site);
	}
	for (int i = 0; i < 4; i++)
		expect(block_table_remove(base + i * 4096), sizes[i], last_site);
}
END_TEST

START_TEST(overwritten_block_is_returned)
{
	bool stored;
	struct block old;

	insert_new(base, 24, 3);
	old = block_table_insert(base, (struct block){48, 4}, &stored);
	ck_assert(stored);
	expect(old, 24, 3);
	expect(block_table_find(base), 48, 4);
}
END_TEST

/* 8 bytes apart, and at far ends of the address space. */
static const char *
address_of(int i)
{
	return (i % 2 == 0 ? base : (const char *)0x10000) + (size_t)i / 2 * SMALLEST_GAP +
	       (i % 7 == 0 ? 1ull << 40 : 0);
}

/* Against a plain array. */
START_TEST(random_steps)
{
	static struct block model[ADDRESSES];
	unsigned seed = 1;

	for (int step = 0; step < STEPS; step++) {
		int i = rand_r(&seed) % ADDRESSES;
		const char *address = address_of(i);

		if (model[i].site != 0) {
			expect(block_table_remove(address), model[i].bytes, model[i].site);
			model[i].site = 0;
		} else {
			model[i].bytes = (uint64_t)rand_r(&seed) << (step % 40 == 0 ? 12 : 0);
			model[i].site = 1 + (uint32_t)rand_r(&seed) % 1000;
			insert_new(address, model[i].bytes, model[i].site);
		}
	}
	for (int i = 0; i < ADDRESSES; i++) {
		const char *address = address_of(i);

		expect(block_table_find(address), model[i].bytes, model[i].site);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("block_table");
	TCase *tcase = tcase_create("block_table");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, runtime_start, runtime_stop);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, one_block);
	tcase_add_test(tcase, neighbours_in_one_slot);
	tcase_add_test(tcase, huge_sizes_and_sites);
	tcase_add_test(tcase, overwritten_block_is_returned);
	tcase_add_test(tcase, random_steps);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
