/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_lock.c - whoever cannot have a lock does without it, and dead holders are robbed
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/os.h"

/* A thread that takes a lock and keeps it for as long as the test wants. */
struct holder {
	pthread_t thread;
	struct lock *lock;
	pthread_barrier_t taken, done;
};

static void *
hold(void *argument)
{
	struct holder *holder = argument;

	ck_assert(lock_take(holder->lock));
	pthread_barrier_wait(&holder->taken);
	pthread_barrier_wait(&holder->done);
	lock_drop(holder->lock);
	return NULL;
}

static void
start(struct holder *holder, struct lock *lock)
{
	holder->lock = lock;
	pthread_barrier_init(&holder->taken, NULL, 2);
	pthread_barrier_init(&holder->done, NULL, 2);
	ck_assert_int_eq(pthread_create(&holder->thread, NULL, hold, holder), 0);
	pthread_barrier_wait(&holder->taken);
}

static void
stop(struct holder *holder)
{
	pthread_barrier_wait(&holder->done);
	pthread_join(holder->thread, NULL);
}

/* How often this thread has slept. */
static long
count_naps(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

START_TEST(a_free_lock_is_taken_and_dropped)
{
	struct lock lock = {0};

	ck_assert(lock_take(&lock));
	ck_assert_uint_ne(lock.owner, 0);
	lock_drop(&lock);
	ck_assert_uint_eq(lock.owner, 0);
	ck_assert_uint_eq(lock.robbed, 0);
}
END_TEST

START_TEST(the_holder_itself_is_refused_at_once)
{
	struct lock lock = {0};
	long naps;

	ck_assert(lock_take(&lock));
	naps = count_naps();
	ck_assert(!lock_take(&lock));
	ck_assert_int_lt(count_naps() - naps, 10);
	/* That refusal is no reason for anybody else to give up. */
	ck_assert_uint_eq(lock.stuck, 0);
	lock_drop(&lock);
	ck_assert(lock_take(&lock));
	lock_drop(&lock);
}
END_TEST

START_TEST(nobody_waits_twice_for_a_stuck_holder)
{
	struct lock lock = {0};
	struct holder holder;
	uint32_t owner;
	long naps;

	start(&holder, &lock);
	owner = lock.owner;
	ck_assert(!lock_take(&lock));
	ck_assert_uint_eq(lock.stuck, owner);
	naps = count_naps();
	ck_assert(!lock_take(&lock));
	ck_assert_int_lt(count_naps() - naps, 10);
	/* It lives, so it keeps what it has. */
	ck_assert_uint_eq(lock.owner, owner);
	ck_assert_uint_eq(lock.robbed, 0);
	stop(&holder);
	ck_assert_uint_eq(lock.stuck, 0);
	ck_assert(lock_take(&lock));
	lock_drop(&lock);
}
END_TEST

static void *
take_and_leave(void *argument)
{
	ck_assert(lock_take(argument));
	return NULL;
}

START_TEST(who_only_tries_waits_for_nobody)
{
	struct lock lock = {0};
	struct holder holder;
	pthread_t thread;
	long naps;

	start(&holder, &lock);
	naps = count_naps();
	for (int i = 0; i < 1000; i++)
		ck_assert(!lock_try(&lock));
	ck_assert_int_lt(count_naps() - naps, 10);
	ck_assert_uint_eq(lock.stuck, 0);
	stop(&holder);
	ck_assert(lock_try(&lock));
	ck_assert(!lock_try(&lock));
	lock_drop(&lock);
	os_set_process((uint32_t)getpid());
	ck_assert_int_eq(pthread_create(&thread, NULL, take_and_leave, &lock), 0);
	pthread_join(thread, NULL);
	ck_assert(lock_try(&lock));
	ck_assert_uint_eq(lock.robbed, 1);
	lock_drop(&lock);
}
END_TEST

START_TEST(a_dead_holder_is_robbed)
{
	struct lock lock = {0};
	pthread_t thread;

	os_set_process((uint32_t)getpid());
	for (uint32_t i = 1; i <= 2; i++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, take_and_leave, &lock), 0);
		pthread_join(thread, NULL);
		ck_assert_uint_ne(lock.owner, 0);
		ck_assert(lock_take(&lock));
		ck_assert_uint_eq(lock.robbed, i);
		ck_assert_uint_eq(lock.stuck, 0);
		lock_drop(&lock);
	}
}
END_TEST

START_TEST(a_holder_of_the_parent_is_robbed_though_its_id_lives)
{
	struct lock lock = {0};
	struct holder holder;

	start(&holder, &lock);
	lock_begin_generation();
	ck_assert(lock_take(&lock));
	ck_assert_uint_eq(lock.robbed, 1);
	lock_drop(&lock);
	stop(&holder);
}
END_TEST

START_TEST(what_a_call_that_is_no_more_held_is_dropped_as_robbed)
{
	struct lock outer = {0}, inner = {0};

	ck_assert(lock_take(&outer));
	ck_assert(lock_take(&inner));
	lock_drop_all();
	ck_assert_uint_eq(outer.owner, 0);
	ck_assert_uint_eq(inner.owner, 0);
	ck_assert_uint_eq(outer.robbed, 1);
	ck_assert_uint_eq(inner.robbed, 1);
	/* Nothing is held now. */
	lock_drop_all();
	ck_assert_uint_eq(outer.robbed, 1);
}
END_TEST

START_TEST(what_was_dropped_or_refused_is_not_robbed)
{
	struct lock dropped = {0}, refused = {0};
	struct holder holder;

	start(&holder, &refused);
	ck_assert(lock_take(&dropped));
	ck_assert(!lock_take(&refused));
	lock_drop(&dropped);
	lock_drop_all();
	ck_assert_uint_eq(dropped.robbed, 0);
	ck_assert_uint_eq(refused.robbed, 0);
	ck_assert_uint_ne(refused.owner, 0);
	stop(&holder);
}
END_TEST

START_TEST(what_is_forgotten_stays_taken)
{
	struct lock lock = {0};

	ck_assert(lock_take(&lock));
	lock_forget_held();
	lock_drop_all();
	ck_assert_uint_ne(lock.owner, 0);
	ck_assert_uint_eq(lock.robbed, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lock");
	TCase *cases = tcase_create("lock");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, who_only_tries_waits_for_nobody);
	tcase_add_test(cases, a_free_lock_is_taken_and_dropped);
	tcase_add_test(cases, the_holder_itself_is_refused_at_once);
	tcase_add_test(cases, nobody_waits_twice_for_a_stuck_holder);
	tcase_add_test(cases, a_dead_holder_is_robbed);
	tcase_add_test(cases, a_holder_of_the_parent_is_robbed_though_its_id_lives);
	tcase_add_test(cases, what_a_call_that_is_no_more_held_is_dropped_as_robbed);
	tcase_add_test(cases, what_was_dropped_or_refused_is_not_robbed);
	tcase_add_test(cases, what_is_forgotten_stays_taken);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
