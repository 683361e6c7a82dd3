/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_counters.c - totals and the exact peak, against a model that copies all sites at every peak
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "data/counters.h"
#include "runtime.h"
#include "data/trace_table.h"

enum {
	SITES = 600,
	STEPS = 30000
};

/* What a reader makes of the counters of one site (recording.h). */
static int64_t
peak_bytes_of(const struct counting *c, uint32_t site)
{
	const struct recording_counters *chunk = c->chunks[site / SITES_PER_CHUNK];
	const struct recording_counters *counters = &chunk[site % SITES_PER_CHUNK];

	if (recording.control->rising || counters->epoch != recording.control->epoch)
		return (int64_t)(counters->total_bytes - counters->freed_bytes);
	return counters->peak_bytes;
}

struct model {
	int64_t live[SITES], at_peak[SITES];
	int64_t sum, peak;
};

static void
change(struct model *model, uint32_t site, int64_t bytes)
{
	model->live[site] += bytes;
	model->sum += bytes;
}

static void
note_peak(struct model *model)
{
	if (model->sum < model->peak)
		return;
	model->peak = model->sum;
	memcpy(model->at_peak, model->live, sizeof(model->live));
}

static void
step(struct counting *c, struct model *model, unsigned *seed)
{
	uint32_t site = (SITE_BASE_FIRST + FIXED_SITES) +
			(uint32_t)rand_r(seed) % (SITES - (SITE_BASE_FIRST + FIXED_SITES));
	uint32_t other = (SITE_BASE_FIRST + FIXED_SITES) +
			 (uint32_t)rand_r(seed) % (SITES - (SITE_BASE_FIRST + FIXED_SITES));
	int64_t bytes = rand_r(seed) % 1000;

	switch (rand_r(seed) % 3) {
	case 0:
		counters_allocate(c, site, (uint64_t)bytes, 0);
		change(model, site, bytes);
		break;
	case 1:
		if (model->live[site] < bytes)
			return;
		counters_free(c, site, (uint64_t)bytes, 0, false);
		change(model, site, -bytes);
		break;
	default:
		if (model->live[site] < bytes)
			return;
		counters_reallocate(c, site, (uint64_t)bytes, 0, other, (uint64_t)bytes + 10, 0);
		change(model, site, -bytes);
		change(model, other, bytes + 10);
		break;
	}
	note_peak(model);
}

START_TEST(peak_of_every_site_is_exact)
{
	static struct model model;
	struct counting c;
	unsigned seed = 3;

	ck_assert(counters_attach(1, &c));
	for (uint32_t site = (SITE_BASE_FIRST + FIXED_SITES); site < SITES; site++)
		counters_allocate(&c, site, 0, 0);
	for (int i = 0; i < STEPS; i++) {
		step(&c, &model, &seed);
		ck_assert_int_eq(recording.control->peak_bytes, model.peak);
		if (i % 100 != 0)
			continue;
		for (uint32_t site = (SITE_BASE_FIRST + FIXED_SITES); site < SITES; site++)
			ck_assert_int_eq(peak_bytes_of(&c, site), model.at_peak[site]);
	}
}
END_TEST

START_TEST(equal_peaks_take_the_latest)
{
	struct counting c;

	ck_assert(counters_attach(1, &c));
	counters_allocate(&c, 10, 100, 0);
	counters_free(&c, 10, 100, 0, false);
	counters_allocate(&c, 11, 60, 0);
	counters_allocate(&c, 12, 40, 0);
	counters_free(&c, 12, 40, 0, false);
	ck_assert_int_eq(recording.control->peak_bytes, 100);
	ck_assert_int_eq(peak_bytes_of(&c, 10), 0);
	ck_assert_int_eq(peak_bytes_of(&c, 11), 60);
	ck_assert_int_eq(peak_bytes_of(&c, 12), 40);
}
END_TEST

START_TEST(totals)
{
	struct counting c;
	const struct recording_counters *site;

	ck_assert(counters_attach(1, &c));
	counters_allocate(&c, 300, 24, 8);
	counters_allocate(&c, 300, 100, 4);
	counters_free(&c, 300, 24, 8, true);
	counters_reallocate(&c, 300, 100, 4, 300, 200, 0);
	site = &c.chunks[300 / SITES_PER_CHUNK][300 % SITES_PER_CHUNK];
	ck_assert_uint_eq(site->total_blocks, 3);
	ck_assert_uint_eq(site->total_bytes, 324);
	ck_assert_uint_eq(site->freed_blocks, 2);
	ck_assert_uint_eq(site->freed_bytes, 124);
	ck_assert_uint_eq(site->temporary_blocks, 1);
	ck_assert_int_eq(site->rounding_bytes, 0);
	ck_assert_int_eq(recording.control->live_bytes + c.shard->pending_bytes, 200);
	ck_assert_int_eq(recording.control->peak_bytes, 200);
}
END_TEST

/* Its time is taken when the heap that is shown has grown, not what was forgotten, too. */
START_TEST(time_of_the_peak_after_a_clearing)
{
	struct counting c;
	struct counters_sum sum;
	uint64_t step;

	recording.header->shard_count = SHARD_FIRST + 1;
	ck_assert(counters_attach(SHARD_FIRST, &c));
	counters_allocate(&c, 10, 1 << 30, 0);
	recording.header->sections[SECTION_SITES].count = 20;
	ck_assert(trace_table_forget_sites());
	counters_forget_sites();
	step = recording.control->peak_step;
	counters_allocate(&c, 30, 1000, 0);
	ck_assert_uint_gt(recording.control->peak_step, step);
	counters_get_sum(&sum, false);
	ck_assert_int_eq(sum.live_bytes, 1000);
	/* A thread that had been in the middle of a free: no number of 2^64 bytes. */
	c.shard->pending_bytes -= 5000;
	counters_get_sum(&sum, false);
	ck_assert_int_eq(sum.live_bytes, 0);
	ck_assert_int_eq(sum.peak_bytes, 1000);
}
END_TEST

/*
 * Preemption at every instruction: the trap flag raises a signal after each, and at the one that is
 * chosen the handler does what other threads do meanwhile, with shards of their own.
 */
enum {
	BIG = 1 << 20, /* beyond a batch: every event is flushed */
	OWN = 20,
	OTHER = 40,
	THIRD = 60,
	INSTRUCTIONS_MAX = 4000
};

static struct counting own, other, third;
static int instruction, preempted_at;
static bool in_signal;

/* Two rises, each of which is ended by its free; the second is the peak. */
static void
others_run(int signal_number)
{
	(void)signal_number;
	if (in_signal || ++instruction != preempted_at)
		return;
	in_signal = true;
	counters_share();
	counters_allocate(&other, OTHER, 100 * BIG, 0);
	counters_free(&other, OTHER, 100 * BIG, 0, false);
	counters_allocate(&other, OTHER, 200 * BIG, 0);
	counters_allocate(&third, THIRD, 300 * BIG, 0);
	counters_free(&third, THIRD, 300 * BIG, 0, false);
	counters_free(&other, OTHER, 200 * BIG, 0, false);
	in_signal = false;
}

#define STEPPED(call)                                                                     \
	do {                                                                              \
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp);"   \
				 "popfq; lea 128(%%rsp), %%rsp" ::                        \
					 : "memory", "cc");                               \
		call;                                                                     \
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp);" \
				 "popfq; lea 128(%%rsp), %%rsp" ::                        \
					 : "memory", "cc");                               \
	} while (0)

static void
start_shards(bool alone)
{
	memset(recording.control, 0, sizeof(*recording.control));
	memset(recording.shards, 0, SHARDS_MAX * sizeof(*recording.shards));
	recording.control->site_base = SITE_BASE_FIRST;
	recording.header->shard_count = SHARD_FIRST + 3;
	ck_assert(counters_attach(SHARD_FIRST, &own));
	ck_assert(counters_attach(SHARD_FIRST + 1, &other));
	ck_assert(counters_attach(SHARD_FIRST + 2, &third));
	for (struct counting *c = &own; c != NULL; c = c == &own     ? &other
						       : c == &other ? &third
								     : NULL) {
		counters_prepare(c);
		memset(c->chunks[0], 0, SITES_PER_CHUNK * sizeof(**c->chunks));
	}
	if (!alone)
		counters_share();
}

/* Whichever instruction of a free or of an allocation it was that the others came after. */
START_TEST(preempted_at_any_instruction)
{
	const struct sigaction action = {.sa_handler = others_run, .sa_flags = SA_NODEFER};
	bool frees = _i != 0, alone = _i == 2;
	uint32_t epoch;

	sigaction(SIGTRAP, &action, NULL);
	for (preempted_at = 1; preempted_at < INSTRUCTIONS_MAX; preempted_at++) {
		start_shards(alone);
		/* A rise is on when the event comes. */
		counters_allocate(&own, OWN, 50 * BIG, 0);
		instruction = 0;
		if (frees)
			STEPPED(counters_free(&own, OWN, 50 * BIG, 0, false));
		else
			STEPPED(counters_allocate(&own, OWN, 5 * BIG, 0));
		if (instruction < preempted_at)
			break;
		ck_assert_int_ge(recording.control->peak_bytes, 500 * (int64_t)BIG);
		ck_assert_int_eq(peak_bytes_of(&other, OTHER), 200 * (int64_t)BIG);
		ck_assert_int_eq(peak_bytes_of(&third, THIRD), 300 * (int64_t)BIG);
		/* No rise is on: another event that makes none changes nothing. */
		epoch = recording.control->epoch;
		counters_share();
		counters_free(&own, OWN, 1 * BIG, 0, false);
		counters_allocate(&own, OWN, 1 * BIG, 0);
		ck_assert_uint_eq(recording.control->epoch, epoch);
		ck_assert_uint_eq(recording.control->rising, 0);
	}
	ck_assert_int_gt(preempted_at, 20);
	ck_assert_int_lt(preempted_at, INSTRUCTIONS_MAX);
}
END_TEST

static void
end_the_rise(int signal_number)
{
	(void)signal_number;
	if (in_signal || ++instruction != preempted_at)
		return;
	in_signal = true;
	counters_free(&other, OTHER, 3 * BIG, 0, false);
	in_signal = false;
}

/* The allocation that makes the peak is part of it, also when another thread ends the rise before
 * the allocation is counted at its site. */
START_TEST(peak_has_what_made_it)
{
	const struct sigaction action = {.sa_handler = end_the_rise, .sa_flags = SA_NODEFER};

	sigaction(SIGTRAP, &action, NULL);
	for (preempted_at = 1; preempted_at < INSTRUCTIONS_MAX; preempted_at++) {
		start_shards(false);
		/* What the first thread has pending is in the others' sum already. */
		own = third;
		counters_allocate(&other, OTHER, 3 * BIG, 0);
		instruction = 0;
		STEPPED(counters_allocate(&own, OWN, 1000 * BIG, 0));
		if (instruction < preempted_at)
			break;
		ck_assert_int_ge(recording.control->peak_bytes, 1000 * (int64_t)BIG);
		ck_assert_int_eq(peak_bytes_of(&own, OWN), 1000 * (int64_t)BIG);
	}
	ck_assert_int_gt(preempted_at, 20);
	ck_assert_int_lt(preempted_at, INSTRUCTIONS_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("counters");
	TCase *tcase = tcase_create("counters");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, runtime_start, runtime_stop);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, totals);
	tcase_add_test(tcase, time_of_the_peak_after_a_clearing);
	tcase_add_test(tcase, equal_peaks_take_the_latest);
	tcase_add_test(tcase, peak_of_every_site_is_exact);
	tcase_add_loop_test(tcase, preempted_at_any_instruction, 0, 3);
	tcase_add_test(tcase, peak_has_what_made_it);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
