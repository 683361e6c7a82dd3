/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_races.c - the data structures of the runtime with several threads at once
 *
 * `scripts/check --sanitize` runs it under ThreadSanitizer, too.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "data/block_table.h"
#include "data/counters.h"
#include "base/lock.h"
#include "runtime.h"
#include "data/trace_table.h"

enum {
	THREADS = 4,
	ROUNDS = 200,
	BLOCKS = 256,
	SITES = 600, /* more than a chunk */
	STEPS = 20000
};

static const char *const base = (const char *)0x7e0000000000;

struct worker {
	pthread_t thread;
	uint32_t index;
	struct counting counting;
	uint64_t done, refused;
};

static int gap;
static struct lock mutex;
static uint64_t guarded;
static uint32_t sites[SITES];

static void
run_workers(void *(*work)(void *), struct worker *workers)
{
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i].index = i;
		workers[i].done = workers[i].refused = 0;
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Threads own blocks in turn, so that neighbours are always another thread's. */
static const char *
address_of(const struct worker *worker, uint32_t block)
{
	return base + (size_t)(block * THREADS + worker->index) * (size_t)gap;
}

static uint64_t
rounding_of(uint32_t block, uint32_t round)
{
	return (block + round) % 5 == 0 ? 100000 + block : block % 24;
}

static void *
use_blocks(void *argument)
{
	struct worker *worker = argument;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < BLOCKS; i++) {
			const char *address = address_of(worker, i);
			struct block block = {rounding_of(i, round), 1 + worker->index, 0};
			bool stored = false;

			block_table_insert(block_table_prepare(address), address, block, 1 << 20,
					   &stored);
			worker->refused += !stored;
		}
		for (uint32_t i = 0; i < BLOCKS; i++) {
			const char *address = address_of(worker, i);
			struct block seen = block_table_find(address);
			struct block block = block_table_remove(address);

			worker->done += block.site == 1 + worker->index &&
					seen.site == block.site &&
					block.rounding == rounding_of(i, round);
		}
	}
	return NULL;
}

/* One block in a slot, and of other allocators two in one, which are always two threads'. */
START_TEST(blocks_of_all_threads)
{
	static const int gaps[] = {32, 16, 8};
	struct worker workers[THREADS];

	gap = gaps[_i];
	ck_assert(block_table_init(_i == 0));
	run_workers(use_blocks, workers);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_uint_eq(workers[i].refused, 0);
		ck_assert_uint_eq(workers[i].done, ROUNDS * BLOCKS);
	}
}
END_TEST

static void *
insert_sites(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < SITES; i++) {
		uint32_t node = trace_table_child(NODE_ROOT, FRAME_FIRST + i % 7);

		node = trace_table_child(node, FRAME_FIRST + i);
		store(&sites[i], trace_table_site(node, FRAME_MALLOC));
	}
	return NULL;
}

START_TEST(stacks_are_the_same_for_all_threads)
{
	struct worker workers[THREADS];

	run_workers(insert_sites, workers);
	for (uint32_t i = 0; i < SITES; i++) {
		uint32_t node = recording.nodes[recording.sites[sites[i]]].parent;

		ck_assert_uint_eq(recording.nodes[node].frame, FRAME_FIRST + i);
		node = recording.nodes[node].parent;
		ck_assert_uint_eq(recording.nodes[node].frame, FRAME_FIRST + i % 7);
		ck_assert_uint_eq(recording.nodes[node].parent, NODE_ROOT);
	}
}
END_TEST

static void *
count_blocks(void *argument)
{
	struct worker *worker = argument;
	struct counting *counting = &worker->counting;

	for (uint32_t i = 0; i < STEPS; i++) {
		counters_allocate(counting, sites[i % SITES], 100 + i, 4);
		counters_free(counting, sites[i % SITES], 100 + i, 4, false);
	}
	worker->done = STEPS;
	return NULL;
}

/* Two threads have a shard of their own, two share one. Who attaches holds a lock in the runtime.
 */
START_TEST(counters_add_up)
{
	struct worker workers[THREADS];
	uint64_t made = 0, freed = 0, live = 0;

	insert_sites(NULL);
	counters_reset();
	counters_share();
	for (uint32_t i = 0; i < THREADS; i++)
		ck_assert(counters_attach(i < 2 ? SHARD_SHARED : i, &workers[i].counting));
	run_workers(count_blocks, workers);
	for (uint32_t i = 0; i < SITES; i++) {
		for (uint32_t shard = 0; shard < SHARDS_MAX; shard++) {
			uint32_t chunk =
				recording.chunks[sites[i] / SITES_PER_CHUNK * SHARDS_MAX + shard];
			const struct recording_counters *line;

			if (chunk == 0)
				continue;
			line = &recording.counters[(size_t)(chunk - 1) * SITES_PER_CHUNK +
						   sites[i] % SITES_PER_CHUNK];
			made += line->total_blocks;
			freed += line->freed_blocks;
			live += line->total_bytes - line->freed_bytes;
		}
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_uint_eq(workers[i].done, STEPS);
	ck_assert_uint_eq(made, (uint64_t)THREADS * STEPS);
	ck_assert_uint_eq(freed, made);
	ck_assert_uint_eq(live, 0);
}
END_TEST

/* Rises without end: each allocation may be the peak, and each free ends what rises. */
static void *
rise_and_fall(void *argument)
{
	struct worker *worker = argument;
	struct counting *counting = &worker->counting;
	uint32_t last = 0;

	for (uint32_t i = 0; i < STEPS; i++) {
		uint64_t bytes = ((uint64_t)i + 1) * BATCH_BYTES * 4;
		uint32_t epoch;

		counters_allocate(counting, sites[worker->index], bytes, 0);
		counters_free(counting, sites[worker->index], bytes, 0, false);
		epoch = load(&recording.control->epoch);
		worker->refused += (int32_t)(epoch - last) < 0;
		last = epoch;
	}
	return NULL;
}

/* An epoch is never put back; every rise that is over has been ended. */
START_TEST(epochs_only_grow)
{
	struct worker workers[THREADS];

	insert_sites(NULL);
	counters_reset();
	counters_share();
	for (uint32_t i = 0; i < THREADS; i++)
		ck_assert(counters_attach(SHARD_FIRST + i, &workers[i].counting));
	run_workers(rise_and_fall, workers);
	for (int i = 0; i < THREADS; i++)
		ck_assert_uint_eq(workers[i].refused, 0);
	ck_assert_uint_eq(recording.control->rising, 0);
	ck_assert_uint_gt(recording.control->epoch, 0);
	ck_assert_int_eq(recording.control->live_bytes, 0);
}
END_TEST

static void *
take_turns(void *argument)
{
	struct worker *worker = argument;

	for (int i = 0; i < STEPS; i++) {
		if (!lock_take(&mutex)) {
			worker->refused++;
			continue;
		}
		guarded++;
		worker->done++;
		lock_drop(&mutex);
	}
	return NULL;
}

START_TEST(one_holder_at_a_time)
{
	struct worker workers[THREADS];
	uint64_t done = 0;

	run_workers(take_turns, workers);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_uint_eq(workers[i].done + workers[i].refused, STEPS);
		done += workers[i].done;
	}
	ck_assert_uint_eq(guarded, done);
	ck_assert_uint_gt(done, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("races");
	TCase *tcase = tcase_create("races");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, runtime_start, runtime_stop);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, blocks_of_all_threads, 0, 3);
	tcase_add_test(tcase, stacks_are_the_same_for_all_threads);
	tcase_add_test(tcase, counters_add_up);
	tcase_add_test(tcase, epochs_only_grow);
	tcase_add_test(tcase, one_holder_at_a_time);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
