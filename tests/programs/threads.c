/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads.c - THREADS threads, each with the same number of blocks, half of them freed by another
 *
 *     threads THREADS
 *
 * Every thread allocates 20000 blocks of 40 bytes and frees every second one; the main thread frees
 * half of the rest after it has joined them: 5000 blocks of each thread stay.
 */
#include <pthread.h>
#include <stdlib.h>

enum {
	BLOCKS = 20000,
	MOST_THREADS = 64
};

static void *blocks[MOST_THREADS][BLOCKS];

static void *
allocate(void *argument)
{
	void **mine = argument;

	for (int i = 0; i < BLOCKS; i++) {
		mine[i] = malloc(40);
		if (i % 2 == 1) {
			free(mine[i]);
			mine[i] = NULL;
		}
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	pthread_t threads[MOST_THREADS];

	if (count < 1 || count > MOST_THREADS)
		return 8;
	for (int t = 0; t < count; t++) {
		if (pthread_create(&threads[t], NULL, allocate, blocks[t]) != 0)
			return 1;
	}
	for (int t = 0; t < count; t++)
		pthread_join(threads[t], NULL);
	for (int t = 0; t < count; t++) {
		for (int i = 0; i < BLOCKS; i += 4)
			free(blocks[t][i]);
	}
	return 0;
}
