/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * handover.c - a block changes hands, and its address comes back with the next one
 *
 * In each of ROUNDS the first thread makes a block, the second frees it and makes one, which the
 * allocator puts in the same place, and the first frees that: no block is freed by its maker.
 */
#include <pthread.h>
#include <stdlib.h>

#define ROUNDS 1000

static pthread_barrier_t turn;
static void *volatile block;

/* Not alike, or they would be made one. */
static __attribute__((noinline)) void
make_first(void)
{
	block = malloc(100);
	__asm__ volatile("# first");
}

static __attribute__((noinline)) void
make_second(void)
{
	block = malloc(100);
	__asm__ volatile("# second");
}

static void *
second(void *nothing)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&turn);
		free(block);
		make_second();
		pthread_barrier_wait(&turn);
	}
	return nothing;
}

int
main(void)
{
	pthread_t thread;

	if (pthread_barrier_init(&turn, NULL, 2) != 0 ||
	    pthread_create(&thread, NULL, second, NULL) != 0)
		return EXIT_FAILURE;
	for (int i = 0; i < ROUNDS; i++) {
		make_first();
		pthread_barrier_wait(&turn);
		pthread_barrier_wait(&turn);
		free(block);
	}
	pthread_join(thread, NULL);
	return EXIT_SUCCESS;
}
