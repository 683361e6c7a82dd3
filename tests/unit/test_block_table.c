/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_block_table.c - blocks by address: neighbours in one slot, large roundings, a long random
 * run, and that churn takes no memory
 *
 * Each test runs with the narrow slots for glibc and with the wide ones for other allocators.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "memory/arena.h"
#include "data/block_table.h"
#include "runtime.h"

enum {
	USABLE = 1 << 20,
	ADDRESSES = 4096,
	STEPS = 1000000,
	LIVING = 500
};

/* Blocks of glibc are 16 bytes apart at least, those of others 8. */
static const int gaps[] = {16, 8};

static const char *const base = (const char *)0x7e0000000000;

static void
insert_new(const void *address, uint64_t rounding, uint32_t site)
{
	bool stored = false;
	struct block old = block_table_insert(block_table_prepare(address), address,
					      (struct block){rounding, site, 0}, USABLE, &stored);

	ck_assert(stored);
	ck_assert_uint_eq(old.site, 0);
}

static void
expect(struct block block, uint64_t rounding, uint32_t site)
{
	ck_assert_uint_eq(block.site, site);
	if (site != 0)
		ck_assert_uint_eq(block.rounding, rounding);
}

START_TEST(one_block)
{
	ck_assert(block_table_init(_i == 0));
	expect(block_table_find(base), 0, 0);
	expect(block_table_remove(base), 0, 0);
	insert_new(base, 0, 5);
	expect(block_table_find(base), 0, 5);
	expect(block_table_remove(base), 0, 5);
	expect(block_table_remove(base), 0, 0);
}
END_TEST

/* In a slot, beside it because of the rounding, and because of the size. */
START_TEST(sizes_are_known)
{
	static const struct {
		uint64_t rounding;
		size_t usable;
	} cases[] = {{0, 0}, {16, 16}, {3, 100}, {20000, 20100}, {5, ((size_t)1 << 24) + 77}};

	ck_assert(block_table_init(_i == 0));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = cases[i].usable - cases[i].rounding;
		bool stored = false;

		block_table_insert(block_table_prepare(base), base,
				   (struct block){cases[i].rounding, 7, 0}, cases[i].usable,
				   &stored);
		ck_assert(stored);
		expect(block_table_find(base), cases[i].rounding, 7);
		/* What glibc's chunk says is not kept. */
		ck_assert_uint_eq(block_table_remove(base).size, _i == 0 ? 0 : bytes + 1);
	}
}
END_TEST

START_TEST(neighbours_in_one_slot)
{
	ck_assert(block_table_init(_i == 0));
	for (int i = 0; i < 4; i++)
		insert_new(base + i * gaps[_i], 100 + i, 10 + i);
	for (int i = 3; i >= 0; i--)
		expect(block_table_find(base + i * gaps[_i]), 100 + i, 10 + i);
	expect(block_table_remove(base + gaps[_i]), 101, 11);
	expect(block_table_find(base + gaps[_i]), 0, 0);
	expect(block_table_find(base), 100, 10);
	expect(block_table_find(base + 2 * gaps[_i]), 102, 12);
}
END_TEST

START_TEST(large_roundings_and_sites)
{
	uint64_t roundings[] = {63, 64, (1ull << 37) - 1, 1ull << 37, 1ull << 46};
	uint32_t sites[] = {1, (1u << 25) - 1, (1u << 26) - 1};

	ck_assert(block_table_init(_i == 0));
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 3; k++) {
			const char *address = base + (i * 3 + k) * 4096;

			insert_new(address, roundings[i], sites[k]);
			expect(block_table_find(address), roundings[i], sites[k]);
			expect(block_table_remove(address), roundings[i], sites[k]);
			expect(block_table_find(address), 0, 0);
		}
	}
}
END_TEST

START_TEST(overwritten_block_is_returned)
{
	bool stored;
	struct block old;

	ck_assert(block_table_init(_i == 0));
	insert_new(base, 24, 3);
	old = block_table_insert(block_table_prepare(base), base, (struct block){48, 4, 0}, USABLE,
				 &stored);
	ck_assert(stored);
	expect(old, 24, 3);
	expect(block_table_find(base), 48, 4);
}
END_TEST

/* As near as can be, and at far ends of the address space. */
static const char *
address_of(int i, int gap)
{
	return (i % 2 == 0 ? base : (const char *)0x10000) + (size_t)(i / 2 * gap) +
	       (i % 7 == 0 ? 1ull << 40 : 0);
}

/* Against a plain array. */
START_TEST(random_steps)
{
	static struct block model[ADDRESSES];
	unsigned seed = 1;

	ck_assert(block_table_init(_i == 0));
	for (int step = 0; step < STEPS; step++) {
		int i = rand_r(&seed) % ADDRESSES;
		const char *address = address_of(i, gaps[_i]);

		if (model[i].site != 0) {
			expect(block_table_remove(address), model[i].rounding, model[i].site);
			model[i].site = 0;
		} else {
			model[i].rounding =
				(uint64_t)rand_r(&seed) % (step % 40 == 0 ? 1000000 : 24);
			model[i].site = 1 + (uint32_t)rand_r(&seed) % 1000;
			insert_new(address, model[i].rounding, model[i].site);
		}
	}
	for (int i = 0; i < ADDRESSES; i++) {
		const char *address = address_of(i, gaps[_i]);

		expect(block_table_find(address), model[i].rounding, model[i].site);
	}
}
END_TEST

/* Blocks that do not fit a slot, ever new ones, a few at a time. */
START_TEST(churn_beside_the_slots_takes_no_memory)
{
	uint64_t before = 0;

	ck_assert(block_table_init(_i == 0));
	for (int step = 0; step < STEPS; step++) {
		const char *address = base + (size_t)(step % ADDRESSES) * 4096;

		if (step == ADDRESSES)
			before = arena_bytes();
		if (step >= LIVING)
			expect(block_table_remove(base +
						  (size_t)((step - LIVING) % ADDRESSES) * 4096),
			       1ull << 40, 7);
		insert_new(address, 1ull << 40, 7);
		/* Asked now and then: what the arena has taken it keeps. */
		if (step >= ADDRESSES && (step % ADDRESSES == 0 || step == STEPS - 1))
			ck_assert_uint_eq(arena_bytes(), before);
	}
}
END_TEST

/* What a reader outside makes of a table: a block in its slot, one beside it. */
START_TEST(described_for_others)
{
	const struct recording_side *side;
	const struct recording_side_entry *entries;
	struct recording_table shape;
	const char *leaf;
	uint64_t slot = 0;

	ck_assert(block_table_init(_i == 0));
	insert_new(base, 8, 5);
	insert_new(base + 4096, 1 << 19, 6);
	block_table_describe(&shape);
	leaf = ((char ***)shape.top)[(uintptr_t)base >> shape.top_shift]
				    [(uintptr_t)base >> shape.leaf_shift &
				     ((1u << (shape.top_shift - shape.leaf_shift)) - 1)];
	ck_assert_ptr_nonnull(leaf);
	memcpy(&slot, leaf, shape.slot_bytes);
	ck_assert_uint_eq(slot >> shape.site_shift, 5);
	ck_assert_uint_eq(slot & ((1u << shape.rounding_bits) - 1), 8);
	ck_assert_uint_eq(shape.size_bits, _i == 0 ? 0 : 24);
	if (_i != 0)
		ck_assert_uint_eq(slot >> shape.size_shift & ((1u << shape.size_bits) - 1),
				  USABLE - 8);
	side = (const void *)shape.side;
	entries = (const void *)side->entries;
	ck_assert_uint_eq(side->live, 1);
	for (uint32_t i = 0; i < side->capacity; i++) {
		if (entries[i].address == 0)
			continue;
		ck_assert_uint_eq(entries[i].address, (uintptr_t)base + 4096);
		ck_assert_uint_eq(entries[i].rounding, 1 << 19);
		ck_assert_uint_eq(entries[i].bytes, USABLE - (1 << 19));
		ck_assert_uint_eq(entries[i].site, 6);
	}
}
END_TEST

/* An address in or above the only block, which starts at `base`. */
START_TEST(around_an_address)
{
	const char *far = base + ((uintptr_t)1 << 38);
	struct block none = BLOCK_NONE;
	void *start = NULL;

	ck_assert(block_table_init(_i == 0));
	insert_new(base, 8, 5);
	insert_new(base + ((size_t)3 << 20), 8, 7);
	expect(block_table_find_around(base, 1, &start), 8, 5);
	ck_assert_ptr_eq(start, base);
	for (size_t distance = 1; distance < (size_t)3 << 20; distance = distance * 3 + 1) {
		start = NULL;
		expect(block_table_find_around(base + distance, SIZE_MAX, &start), 8, 5);
		ck_assert_ptr_eq(start, base);
	}
	expect(block_table_find_around(base - 1, SIZE_MAX, &start), none.rounding, none.site);
	expect(block_table_find_around(base + 4096, 4096, &start), none.rounding, none.site);
	expect(block_table_find_around(far, SIZE_MAX, &start), 8, 7);
	ck_assert_ptr_eq(start, base + ((size_t)3 << 20));
	expect(block_table_find_around((void *)1000, SIZE_MAX, &start), 0, 0);
	expect(block_table_find_around((void *)UINTPTR_MAX, SIZE_MAX, &start), 0, 0);
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
	tcase_add_loop_test(tcase, one_block, 0, 2);
	tcase_add_loop_test(tcase, sizes_are_known, 0, 2);
	tcase_add_loop_test(tcase, neighbours_in_one_slot, 0, 2);
	tcase_add_loop_test(tcase, large_roundings_and_sites, 0, 2);
	tcase_add_loop_test(tcase, overwritten_block_is_returned, 0, 2);
	tcase_add_loop_test(tcase, random_steps, 0, 2);
	tcase_add_loop_test(tcase, churn_beside_the_slots_takes_no_memory, 0, 2);
	tcase_add_loop_test(tcase, described_for_others, 0, 2);
	tcase_add_loop_test(tcase, around_an_address, 0, 2);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
