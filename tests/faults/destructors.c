/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * destructors.c - scenario 15: thread-specific data freed while a thread ends (F18)
 *
 *     destructors THREADS
 *
 * All thread keys that there are; each destructor frees its block, allocates another, frees that
 * one and sets its key again, for as many rounds as the library allows. C++ thread_local
 * destructors, which run before them, are registered by the function that the compiler calls for
 * them.
 */
#include "config.h"
#include "target.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *dso);
extern void *__dso_handle;

enum {
	KEYS_MAX = PTHREAD_KEYS_MAX,
	THREADS_MAX = 64
};

static pthread_key_t keys[KEYS_MAX];
static int key_count;
static struct tally tallies[THREADS_MAX];

/* What a value points to. */
struct value {
	struct tally *tally;
	int key;
	int round;
};

static struct value *
value_new(struct tally *tally, int key, int round)
{
	struct value *value = tally_malloc(tally, sizeof(*value));

	*value = (struct value){tally, key, round};
	return value;
}

static void
destroy(void *argument)
{
	struct value *value = argument;
	struct value copy = *value;

	tally_free(copy.tally, value, sizeof(*value));
	tally_free(copy.tally, tally_malloc(copy.tally, 100), 100);
	if (copy.round + 1 < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(keys[copy.key],
				    value_new(copy.tally, copy.key, copy.round + 1));
}

static void
destroy_local(void *argument)
{
	struct value *value = argument;
	struct tally *tally = value->tally;

	tally_free(tally, value, sizeof(*value));
	tally_free(tally, tally_malloc(tally, 60), 60);
}

static void *
use_keys(void *argument)
{
	struct tally *tally = argument;

	__cxa_thread_atexit_impl(destroy_local, value_new(tally, 0, 0), &__dso_handle);
	for (int i = 0; i < key_count; i++)
		pthread_setspecific(keys[i], value_new(tally, i, 0));
	return NULL;
}

int
main(int argc, char **argv)
{
	long threads = target_argument(argc, argv, 1, 8);
	static struct tally sum;

	while (key_count < KEYS_MAX && pthread_key_create(&keys[key_count], destroy) == 0)
		key_count++;
	if (threads > THREADS_MAX)
		return 8;
	/* One after the other: what libc allocates per thread is then the same in every run. */
	for (long i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, use_keys, &tallies[i]) != 0)
			return 9;
		pthread_join(thread, NULL);
		tally_add(&sum, &tallies[i]);
	}
	say("keys used: %d\n", key_count > 1000);
	target_report(&sum);
	return 0;
}
