/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads.c - scenario 16: very many threads, at once or one after the other (F40)
 *
 *     threads AT-ONCE IN-TURN
 *
 * Notes the resident memory, the mappings and the descriptors while all of them live, and after.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	STACK_BYTES = 16384
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct tally tally;
static long alive;
static bool leave;

/* The lock makes one tally do for all. */
static void *
live(void *argument)
{
	void *block;

	pthread_mutex_lock(&lock);
	block = tally_malloc(&tally, 100);
	alive++;
	pthread_cond_broadcast(&changed);
	while (!leave)
		pthread_cond_wait(&changed, &lock);
	tally_free(&tally, block, 100);
	pthread_mutex_unlock(&lock);
	return argument;
}

static void *
pass(void *argument)
{
	tally_free(&tally, tally_malloc(&tally, 120), 120);
	return argument;
}

static void
all_at_once(long count, char *stacks)
{
	static pthread_t threads[20000];
	pthread_attr_t attributes;
	long made = 0;

	pthread_attr_init(&attributes);
	for (long i = 0; i < count; i++, made++) {
		pthread_attr_setstack(&attributes, stacks + i * STACK_BYTES, STACK_BYTES);
		if (pthread_create(&threads[i], &attributes, live, NULL) != 0)
			break;
	}
	pthread_mutex_lock(&lock);
	while (alive < made)
		pthread_cond_wait(&changed, &lock);
	target_note("resident_kib", target_proc("/proc/self/status", "VmRSS"));
	target_note("mappings", target_lines("/proc/self/maps"));
	leave = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (long i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
	say("lived at once: %ld\n", made);
}

int
main(int argc, char **argv)
{
	long at_once = target_argument(argc, argv, 1, 100);
	long in_turn = target_argument(argc, argv, 2, 1000);
	char *stacks = mmap(NULL, 20000L * STACK_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at_once > 20000 || stacks == MAP_FAILED)
		return 8;
	all_at_once(at_once, stacks);
	for (long i = 0; i < in_turn; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, pass, NULL) != 0)
			return 9;
		pthread_join(thread, NULL);
	}
	target_note("resident_after_kib", target_proc("/proc/self/status", "VmRSS"));
	target_note("mappings_after", target_lines("/proc/self/maps"));
	target_report(&tally);
	return 0;
}
