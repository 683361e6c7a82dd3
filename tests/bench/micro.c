/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * micro.c - the time of one malloc/free pair at a given stack depth
 *
 *     micro CASE DEPTH THREADS PAIRS
 *
 * Prints nanoseconds per pair. CASE is
 *
 *     steady        one call site in a loop: no frame of the stack changes between two events
 *     alternating   eight call sites in turn, two calls below the loop: two fresh frames an event
 *     recursion     a pair on the way down and one on the way up at every level: one fresh frame
 *
 * DEPTH is the number of frames on the stack of the deepest malloc, libc's own included. PAIRS is
 * the sum over all threads. With one thread the work is done by the main thread. The time is the
 * wall time multiplied by the cpus in use, so that perfect scaling gives the same figure for any
 * number of threads.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

/* Frames outside of the first `descend`: three of libc and main; two of libc and `enter_thread`. */
#define MAIN_FRAMES   4
#define THREAD_FRAMES 3
#define THREADS_LIMIT 256

/* What a thread does, and below how many frames. */
struct work {
	void (*loop)(long pairs, int levels);
	long pairs;
	int levels;         /* of the recursion */
	int descend_levels; /* calls of `descend` above the loop */
};

struct one_thread {
	pthread_t id;
	pthread_barrier_t *start;
	struct work work;
};

/* The compiler may neither drop a pair nor turn the call above it into a jump. */
static inline void
keep(void *block)
{
	__asm__ volatile("" : : "r"(block) : "memory");
}

static NOINLINE void
loop_steady(long pairs, int levels)
{
	(void)levels;
	for (long i = 0; i < pairs; i++) {
		void *block = malloc(48);

		keep(block);
		free(block);
	}
}

/* Two functions a site, so that an event at another site has two fresh frames. */
#define SITE(n)                                      \
	static NOINLINE void leaf_##n(void)          \
	{                                            \
		void *block = malloc(32 + 16 * (n)); \
                                                     \
		keep(block);                         \
		free(block);                         \
	}                                            \
	static NOINLINE void site_##n(void)          \
	{                                            \
		leaf_##n();                          \
		keep(NULL);                          \
	}

SITE(0)
SITE(1)
SITE(2)
SITE(3)
SITE(4)
SITE(5)
SITE(6)
SITE(7)

static void (*const sites[])(void) = {site_0, site_1, site_2, site_3,
				      site_4, site_5, site_6, site_7};

static NOINLINE void
loop_alternating(long pairs, int levels)
{
	(void)levels;
	for (long i = 0; i < pairs; i++)
		sites[i % 8]();
}

static NOINLINE void
recurse(int levels)
{
	void *block = malloc(48);

	keep(block);
	free(block);
	if (levels > 1)
		recurse(levels - 1);
	block = malloc(64);
	keep(block);
	free(block);
}

static NOINLINE void
loop_recursion(long pairs, int levels)
{
	for (long done = 0; done < pairs; done += 2L * levels)
		recurse(levels);
}

static NOINLINE void
descend(const struct work *work, int levels)
{
	if (levels > 1)
		descend(work, levels - 1);
	else
		work->loop(work->pairs, work->levels);
	keep(NULL);
}

static inline __attribute__((always_inline)) void
start_work(const struct work *work)
{
	if (work->descend_levels > 0)
		descend(work, work->descend_levels);
	else
		work->loop(work->pairs, work->levels);
}

static void *
enter_thread(void *argument)
{
	struct one_thread *one = argument;

	pthread_barrier_wait(one->start);
	start_work(&one->work);
	return NULL;
}

/* Frames between the outermost ones and the loop, so that the deepest malloc is at `depth`. */
static bool
make_work(const char *name, int depth, int outer_frames, struct work *ret_work)
{
	int below = depth - outer_frames;

	if (strcmp(name, "steady") == 0) {
		ret_work->loop = loop_steady;
		ret_work->descend_levels = below - 1;
	} else if (strcmp(name, "alternating") == 0) {
		ret_work->loop = loop_alternating;
		ret_work->descend_levels = below - 3;
	} else if (strcmp(name, "recursion") == 0) {
		ret_work->loop = loop_recursion;
		ret_work->levels = below > 1 ? below - 1 : 1;
		ret_work->descend_levels = 0;
	} else {
		return false;
	}
	return true;
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
run_threads(const struct work *work, int thread_count)
{
	static struct one_thread threads[THREADS_LIMIT];
	pthread_barrier_t start;
	double started_ns;

	pthread_barrier_init(&start, NULL, (unsigned)thread_count + 1);
	for (int i = 0; i < thread_count; i++) {
		threads[i].start = &start;
		threads[i].work = *work;
		threads[i].work.pairs = work->pairs / thread_count;
		if (pthread_create(&threads[i].id, NULL, enter_thread, &threads[i]) != 0) {
			perror("micro");
			exit(EXIT_FAILURE);
		}
	}
	started_ns = now_ns();
	pthread_barrier_wait(&start);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i].id, NULL);
	return now_ns() - started_ns;
}

int
main(int argc, char **argv)
{
	long cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
	struct work work = {0};
	double taken_ns;
	int threads;

	if (argc != 5 || (threads = atoi(argv[3])) < 1 || threads > THREADS_LIMIT ||
	    !make_work(argv[1], atoi(argv[2]), threads > 1 ? THREAD_FRAMES : MAIN_FRAMES, &work) ||
	    (work.pairs = atol(argv[4])) < threads) {
		fprintf(stderr, "usage: micro steady|alternating|recursion DEPTH THREADS PAIRS\n");
		return EXIT_FAILURE;
	}
	if (threads > 1) {
		taken_ns = run_threads(&work, threads);
	} else {
		taken_ns = now_ns();
		start_work(&work);
		taken_ns = now_ns() - taken_ns;
	}
	printf("%.2f\n",
	       taken_ns * (double)(threads < cpu_count ? threads : cpu_count) / (double)work.pairs);
	return EXIT_SUCCESS;
}
