/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generations.c - each process forks the next and ends, as daemons do
 *
 *     generations COUNT THREADS
 *
 * In each generation THREADS threads allocate at the same time. The last one reports how many
 * resident KiB of private memory were added since the tenth.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	THREADS_MAX = 64,
	WARM_UP = 10
};

static pthread_barrier_t all_here;

static void *
work(void *argument)
{
	struct tally own = {0};

	(void)argument;
	pthread_barrier_wait(&all_here);
	for (unsigned i = 0; i < 100; i++)
		tally_free(&own, tally_malloc_at(&own, 64, i, 7), 64);
	pthread_barrier_wait(&all_here);
	return NULL;
}

static void
live(unsigned threads)
{
	pthread_t workers[THREADS_MAX];

	pthread_barrier_init(&all_here, NULL, threads);
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
	pthread_barrier_destroy(&all_here);
}

static uint64_t
resident(void)
{
	return target_proc("/proc/self/status", "RssAnon");
}

int
main(int argc, char **argv)
{
	long count = target_argument(argc, argv, 1, 50);
	long threads = target_argument(argc, argv, 2, 8);
	uint64_t warm = 0;
	int over[2];
	char word;

	if (threads > THREADS_MAX || pipe(over) != 0)
		return 9;
	for (long generation = 1; generation <= count; generation++) {
		pid_t child = fork();

		if (child < 0)
			return 9;
		/* The first one waits for the last. */
		if (child > 0) {
			close(over[1]);
			if (generation == 1)
				return read(over[0], &word, 1) == 1 ? 0 : 1;
			_exit(0);
		}
		live((unsigned)threads);
		if (generation == WARM_UP)
			warm = resident();
	}
	target_note("grown_kib", resident() > warm ? resident() - warm : 0);
	target_report(NULL);
	return write(over[1], "", 1) == 1 ? 0 : 1;
}
