/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steady.c - allocate in a steady state between two marks that strace can see
 *
 *     steady THREADS
 *
 * Each thread warms up, writes a mark to descriptor -1, does its operations from the same stacks,
 * and writes another mark. Between its marks a thread may make no system call.
 */
#include "config.h"
#include "target.h"

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

enum {
	STACKS = 64,
	WARM_UP = 20000,
	STEADY = 100000,
	THREADS_MAX = 16
};

static struct tally tallies[THREADS_MAX];

static void
operate(struct tally *tally, unsigned path)
{
	void *first = tally_malloc_at(tally, 40 + path, path, 6);
	void *second = tally_realloc(tally, first, 40 + path, 300);
	void *third = calloc(3, 50);
	void *fourth = NULL;

	free(third);
	if (posix_memalign(&fourth, 64, 200) == 0)
		free(fourth);
	tally_free(tally, second, 300);
}

static void
mark(const char *text)
{
	if (write(-1, text, 6) != -1)
		_exit(1);
}

/* One loop for both phases: the stacks of the second are those of the first. */
static void *
work(void *argument)
{
	static const char *const marks[] = {"begin!", "end!!!"};
	static const unsigned counts[] = {WARM_UP, STEADY};

	for (unsigned phase = 0; phase < 2; phase++) {
		for (unsigned i = 0; i < counts[phase]; i++)
			operate(argument, i % STACKS);
		mark(marks[phase]);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	long threads = target_argument(argc, argv, 1, 1);
	pthread_t handles[THREADS_MAX];

	/* The heap itself must not grow or shrink while it is watched. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 1 << 22);
	if (threads <= 1)
		return work(&tallies[0]) != NULL;
	for (long i = 0; i < threads && i < THREADS_MAX; i++)
		if (pthread_create(&handles[i], NULL, work, &tallies[i]) != 0)
			return 9;
	for (long i = 0; i < threads && i < THREADS_MAX; i++)
		pthread_join(handles[i], NULL);
	return 0;
}
