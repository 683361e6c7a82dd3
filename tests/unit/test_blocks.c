/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_blocks.c - single blocks are read exactly, kept, found, and hostile ones refused
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/block.h"
#include "model/profile.h"
#include "recording_generator.h"
#include "scratch.h"
#include "read/snapshot.h"
#include "read/tally.h"
#include "util/xalloc.h"

#define BLOCK_UNIT ((uint64_t)1 << BLOCK_TIME_SHIFT)

/* A profile with its blocks, or NULL with the error of whoever refused. */
static struct profile *
read_file(const char *path, const uint64_t *freed_at, int *ret_error)
{
	struct snapshot *snapshot;
	struct profile *profile = NULL;

	*ret_error = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);
	if (*ret_error != 0)
		return NULL;
	*ret_error = snapshot_update(snapshot, "");
	if (*ret_error == 0)
		*ret_error = snapshot_update_lifetimes(snapshot);
	if (*ret_error == 0)
		*ret_error = snapshot_update_blocks(snapshot, freed_at);
	if (*ret_error == 0)
		*ret_error = profile_finish(snapshot_get_profile(snapshot));
	if (*ret_error == 0)
		profile = snapshot_take_profile(snapshot);
	snapshot_free(snapshot);
	return profile;
}

static struct profile *
read_generated(const struct generated *generated, const uint64_t *freed_at)
{
	struct profile *profile;
	int error;

	generated_write(generated, "recording");
	profile = read_file("recording", freed_at, &error);
	ck_assert_int_eq(error, 0);
	return profile;
}

static struct generated *
generated_with_blocks(void)
{
	struct generated *generated = generated_new();

	generated_add_blocks(generated);
	return generated;
}

static void
check_blocks(const struct block_set *set)
{
	ck_assert(set->recorded && set->is_read);
	ck_assert_uint_eq(set->count, 3);
	ck_assert_uint_eq(set->blocks[0].address, GENERATED_LEAF + 16);
	ck_assert_uint_eq(set->blocks[0].bytes, 100);
	ck_assert_uint_eq(block_get_usable(&set->blocks[0]), 104);
	ck_assert_uint_eq(set->blocks[0].birth, 1000);
	ck_assert_uint_eq(set->blocks[0].thread, 7);
	ck_assert_uint_eq(set->blocks[0].site, 2);
	ck_assert_uint_eq(set->blocks[1].address, GENERATED_LEAF + 4 * 32);
	ck_assert_uint_eq(set->blocks[1].bytes, 0);
	ck_assert_uint_eq(set->blocks[1].site, 3);
	ck_assert_uint_eq(set->blocks[1].thread, 8);
	ck_assert_uint_eq(set->blocks[2].address, GENERATED_LEAF + 6 * 32 + 16);
	ck_assert_uint_eq(set->blocks[2].bytes, 5000);
	/* Seven live by their counters; two of the others are known to have found no place. */
	ck_assert_uint_eq(set->missing, 4);
}

static void
check_lifetimes(const struct block_set *set)
{
	struct block_histogram histogram = {0};

	block_histogram_add(&histogram, set, 3);
	ck_assert_uint_eq(histogram.blocks, 0);
	ck_assert_uint_eq(block_histogram_mean_ns(&histogram), 0);
	block_histogram_add(&histogram, set, 2);
	ck_assert_uint_eq(histogram.blocks, 3);
	ck_assert_uint_eq(histogram.freed[1], 2);
	ck_assert_uint_eq(histogram.freed[10], 1);
	ck_assert_uint_eq(block_histogram_mean_ns(&histogram), 334 * BLOCK_UNIT);
}

START_TEST(live_blocks_and_lifetimes)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile = read_generated(generated, NULL);

	check_blocks(&profile->blocks);
	check_lifetimes(&profile->blocks);
	ck_assert_uint_eq(profile->blocks.freed_count, 0);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(without_the_option_there_are_none)
{
	struct generated *generated = generated_new();
	struct profile *profile = read_generated(generated, NULL);

	ck_assert(!profile->blocks.recorded && !profile->blocks.is_read);
	ck_assert_uint_eq(profile->blocks.lifetimes_count, 0);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(a_freed_block_is_found_by_any_of_its_addresses)
{
	struct generated *generated = generated_with_blocks();
	const uint64_t start = GENERATED_LEAF + 100 * 32, inside = start + 39, beyond = start + 40;
	struct profile *profile = read_generated(generated, &inside);

	ck_assert_uint_eq(profile->blocks.freed_count, 1);
	ck_assert_uint_eq(profile->blocks.freed[0].block.address, start);
	ck_assert_uint_eq(profile->blocks.freed[0].block.birth, 10);
	ck_assert_uint_eq(profile->blocks.freed[0].death, 20);
	ck_assert_uint_eq(profile->blocks.freed[0].thread, 9);
	profile_free(profile);
	profile = read_generated(generated, &beyond);
	ck_assert_uint_eq(profile->blocks.freed_count, 0);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(the_last_freed_comes_first)
{
	struct generated *generated = generated_with_blocks();
	const uint64_t address = GENERATED_LEAF + 100 * 32 + 8;
	struct profile *profile;

	generated->blocks[99] = generated->blocks[100];
	generated->blocks[99].bytes = 64;
	generated->blocks[99].death = (uint64_t)30 << BLOCK_THREAD_BITS | 9;
	profile = read_generated(generated, &address);
	ck_assert_uint_eq(profile->blocks.freed_count, 2);
	ck_assert_uint_eq(profile->blocks.freed[0].death, 30);
	ck_assert_uint_eq(profile->blocks.freed[1].death, 20);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(the_nearest_block_below)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile = read_generated(generated, NULL);
	const struct block_set *set = &profile->blocks;

	ck_assert_ptr_null(block_find(set, GENERATED_LEAF + 15));
	ck_assert_ptr_eq(block_find(set, GENERATED_LEAF + 16), &set->blocks[0]);
	ck_assert_ptr_eq(block_find(set, GENERATED_LEAF + 127), &set->blocks[0]);
	ck_assert_ptr_eq(block_find(set, UINT64_MAX), &set->blocks[2]);
	ck_assert(block_holds(&set->blocks[0], GENERATED_LEAF + 16 + 103));
	ck_assert(!block_holds(&set->blocks[0], GENERATED_LEAF + 16 + 104));
	ck_assert(!block_holds(&set->blocks[0], GENERATED_LEAF + 15));
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(blocks_of_what_was_cleared_are_no_more)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile;

	generated->header.control.site_base = 4;
	profile = read_generated(generated, NULL);
	ck_assert_uint_eq(profile->blocks.count, 1);
	ck_assert_uint_eq(profile->blocks.blocks[0].site, 3);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(generations)
{
	const uint64_t times[] = {100 * BLOCK_UNIT, 200 * BLOCK_UNIT, 300 * BLOCK_UNIT};
	struct block block = {.birth = 301};

	ck_assert_uint_eq(block_get_generation(&block, times, 0), 0);
	ck_assert_uint_eq(block_get_generation(&block, times, 3), 0);
	block.birth = 300;
	ck_assert_uint_eq(block_get_generation(&block, times, 3), 1);
	block.birth = 200;
	ck_assert_uint_eq(block_get_generation(&block, times, 3), 2);
	block.birth = 1;
	ck_assert_uint_eq(block_get_generation(&block, times, 3), 2);
	ck_assert_uint_eq(block_get_generation(&block, times, 1), 1);
}
END_TEST

START_TEST(ages_and_buckets)
{
	struct block block = {.birth = 1000};

	ck_assert_uint_eq(block_get_age_ns(&block, 1500 * BLOCK_UNIT), 500 * BLOCK_UNIT);
	ck_assert_uint_eq(block_get_age_ns(&block, 5), 0);
	ck_assert_uint_eq(block_bucket_from_ns(0), 0);
	ck_assert_uint_eq(block_bucket_to_ns(0), 1024);
	ck_assert_uint_eq(block_bucket_from_ns(1), 1024);
	ck_assert_uint_eq(block_bucket_from_ns(46), (uint64_t)1 << 55);
	ck_assert_uint_eq(block_bucket_to_ns(46), UINT64_MAX);
}
END_TEST

/* --- tallies --- */

static void
write_tally(const struct profile *profile)
{
	int fd = open("tally", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct tally_writer *writer = tally_writer_new(fd);

	ck_assert_int_eq(tally_writer_insert(writer, profile), 0);
	ck_assert_int_eq(tally_writer_finish(writer), 0);
	tally_writer_free(writer);
	close(fd);
}

static struct profile *
read_tally(bool keep)
{
	struct tally_reader *reader;
	struct profile *profile;
	int fd = open("tally", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(tally_reader_new(fd, &reader), 0);
	if (keep)
		tally_reader_keep_blocks(reader);
	ck_assert_int_eq(tally_reader_next(reader, &profile), 1);
	tally_reader_free(reader);
	close(fd);
	return profile;
}

START_TEST(a_tally_keeps_blocks)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile = read_generated(generated, NULL);

	write_tally(profile);
	profile_free(profile);
	profile = read_tally(true);
	check_blocks(&profile->blocks);
	check_lifetimes(&profile->blocks);
	profile_free(profile);
	profile = read_tally(false);
	ck_assert(profile->blocks.recorded && !profile->blocks.is_read);
	ck_assert_uint_eq(profile->blocks.count, 0);
	check_lifetimes(&profile->blocks);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(a_tally_without_blocks_keeps_lifetimes)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile = read_generated(generated, NULL);

	block_set_drop(&profile->blocks);
	write_tally(profile);
	profile_free(profile);
	profile = read_tally(true);
	ck_assert(!profile->blocks.recorded && !profile->blocks.is_read);
	check_lifetimes(&profile->blocks);
	profile_free(profile);
	free(generated);
}
END_TEST

/* Enough for several chunks, with numbers of all sizes. */
START_TEST(many_blocks_and_sites_in_a_tally)
{
	enum {
		MANY = 100000
	};
	struct generated *generated = generated_with_blocks();
	struct profile *profile = read_generated(generated, NULL), *copy;
	struct block *blocks = xcalloc(MANY, sizeof(*blocks));

	for (uint64_t i = 0; i < MANY; i++)
		blocks[i] = (struct block){
			.address = (i + 1) << 21,
			.bytes = i % 7 == 0 ? (uint64_t)1 << 40 : i % 1000,
			.birth = i * 7919 % 100003 * (i % 2 != 0 ? 1 : 43000000),
			.thread = i % 2 != 0 ? 4194303 : 1,
			.site = i % 4,
			.rounding = i % 5 == 0 ? UINT32_MAX >> 5 : 8,
		};
	free(profile->blocks.blocks);
	profile->blocks.blocks = blocks;
	profile->blocks.count = MANY;
	write_tally(profile);
	copy = read_tally(true);
	ck_assert_uint_eq(copy->blocks.count, MANY);
	ck_assert_int_eq(memcmp(copy->blocks.blocks, blocks, MANY * sizeof(*blocks)), 0);
	profile_free(copy);
	profile_free(profile);
	free(generated);
}
END_TEST

/* --- hostile recordings --- */

START_TEST(what_no_runtime_writes_is_refused)
{
	struct profile *profile;
	int error;

	for (int i = 0; i < 7; i++) {
		struct generated *bad = generated_with_blocks();
		struct recording_extent *extent = &bad->header.sections[SECTION_BLOCKS];

		switch (i) {
		case 0:
			bad->header.block_shift = BLOCK_PLACE_BITS + 1;
			break;
		case 1:
			bad->leaves[0] = 0;
			break;
		case 2:
			bad->leaves[0] = GENERATED_LEAF + 1;
			break;
		case 3:
			extent->record_bytes = 31;
			break;
		case 4:
			extent->count = extent->capacity + 1;
			break;
		case 5:
			extent->offset = UINT64_MAX - 64;
			break;
		case 6:
			bad->header.sections[SECTION_LIFETIMES].record_bytes = 1;
			break;
		}
		generated_write(bad, "recording");
		profile = read_file("recording", NULL, &error);
		ck_assert_ptr_null(profile);
		ck_assert_int_eq(error, -EBADMSG);
		free(bad);
	}
}
END_TEST

START_TEST(records_that_make_no_sense_are_left_out)
{
	struct generated *generated = generated_with_blocks();
	struct profile *profile;

	generated->blocks[0].site = GENERATED_SITES;
	generated->blocks[4].bytes = UINT64_MAX;
	generated->blocks[6].site = UINT32_MAX;
	profile = read_generated(generated, NULL);
	ck_assert_uint_eq(profile->blocks.count, 0);
	ck_assert(profile->blocks.is_read);
	profile_free(profile);
	free(generated);
}
END_TEST

/* A few real bytes that claim a million leaves of a quarter of a megabyte each. */
START_TEST(huge_counts_cost_no_time)
{
	enum {
		LEAVES = 1 << 16
	};
	struct generated *generated = generated_with_blocks();
	struct recording_extent *sections = generated->header.sections;
	const uint64_t place = (uint64_t)1 << 30;
	uint64_t *leaves = xcalloc(LEAVES, sizeof(*leaves));
	struct profile *profile;
	int fd, error;

	for (uint64_t i = 0; i < LEAVES; i++)
		leaves[i] = (i + 1) << (GENERATED_BLOCK_SHIFT + 13);
	sections[SECTION_LEAVES].offset = place;
	sections[SECTION_LEAVES].count = sections[SECTION_LEAVES].capacity = LEAVES;
	sections[SECTION_BLOCKS].offset = 2 * place;
	sections[SECTION_BLOCKS].count = sections[SECTION_BLOCKS].capacity =
		(uint64_t)LEAVES * BLOCKS_PER_LEAF;
	generated_write(generated, "recording");
	fd = open("recording", O_RDWR | O_CLOEXEC);
	ck_assert(pwrite(fd, leaves, LEAVES * sizeof(*leaves), (off_t)place) ==
		  (ssize_t)(LEAVES * sizeof(*leaves)));
	ck_assert_int_eq(ftruncate(fd, (off_t)(2 * place + ((uint64_t)LEAVES << 18))), 0);
	/* One block in the last of them. */
	ck_assert(pwrite(fd, &generated->blocks[0], sizeof(generated->blocks[0]),
			 (off_t)(2 * place + ((uint64_t)(LEAVES - 1) << 18))) ==
		  (ssize_t)sizeof(generated->blocks[0]));
	close(fd);
	profile = read_file("recording", NULL, &error);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(profile->blocks.count, 1);
	ck_assert_uint_eq(profile->blocks.blocks[0].address, leaves[LEAVES - 1] + 16);
	profile_free(profile);
	unlink("recording");
	free(leaves);
	free(generated);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tcase = tcase_create("blocks");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, live_blocks_and_lifetimes);
	tcase_add_test(tcase, without_the_option_there_are_none);
	tcase_add_test(tcase, a_freed_block_is_found_by_any_of_its_addresses);
	tcase_add_test(tcase, the_last_freed_comes_first);
	tcase_add_test(tcase, the_nearest_block_below);
	tcase_add_test(tcase, blocks_of_what_was_cleared_are_no_more);
	tcase_add_test(tcase, generations);
	tcase_add_test(tcase, ages_and_buckets);
	tcase_add_test(tcase, a_tally_keeps_blocks);
	tcase_add_test(tcase, a_tally_without_blocks_keeps_lifetimes);
	tcase_add_test(tcase, many_blocks_and_sites_in_a_tally);
	tcase_add_test(tcase, what_no_runtime_writes_is_refused);
	tcase_add_test(tcase, records_that_make_no_sense_are_left_out);
	tcase_add_test(tcase, huge_counts_cost_no_time);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
