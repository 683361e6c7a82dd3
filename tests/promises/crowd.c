/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crowd.c - more threads than the runtime can know, because no memory is left for their structs
 *
 * 1,100 threads wait before their first event; then the address space is closed. One after the
 * other frees a block of the first thread and makes one of 64 bytes that it keeps. Status 77 when
 * it cannot be arranged. Prints the number of the threads.
 */
#include "config.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS 1100

static void *given[THREADS], *kept[THREADS];
static pthread_barrier_t begin;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void *
work(void *argument)
{
	size_t i = (size_t)argument;

	pthread_barrier_wait(&begin);
	/* One after the other, and none ends before all have been here. */
	pthread_mutex_lock(&turn);
	free(given[i]);
	kept[i] = malloc(64);
	pthread_mutex_unlock(&turn);
	pthread_barrier_wait(&begin);
	return kept[i];
}

int
main(void)
{
	const struct rlimit closed = {1 << 20, 1 << 20};
	static pthread_t threads[THREADS];
	pthread_attr_t attributes;

	/* One arena, with room for what comes: it can have no more later. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (size_t i = 0; i < THREADS; i++)
		given[i] = malloc(1000);
	for (size_t i = 0; i < THREADS; i++)
		kept[i] = malloc(2000);
	for (size_t i = 0; i < THREADS; i++)
		free(kept[i]);
	pthread_barrier_init(&begin, NULL, THREADS + 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 32 << 10);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attributes, work, (void *)i) != 0)
			_exit(77);
	if (setrlimit(RLIMIT_AS, &closed) != 0)
		return 77;
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&begin);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < THREADS; i++)
		if (kept[i] == NULL)
			return 77;
	printf("%d\n", THREADS);
	return 0;
}
