/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meanings.c - one function for each meaning that a number can have
 *
 * What every function allocates is in tests/cli/semantics.py. Nothing else here allocates, but the
 * two threads, which libc gives blocks of its own.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define OWN_FRAME __attribute__((noipa))

/* What follows a call keeps it from being a jump, which would leave no frame. */
#define NO_JUMP(block) __asm__ volatile("" : "+r"(block))

enum {
	LARGE = 1 << 24
};

static void *volatile kept[64];
static int kept_count;

static void
keep(void *block)
{
	kept[kept_count++] = block;
}

/* 10 blocks of 100 bytes, of which 5 are freed. */
OWN_FRAME static void
keep_half(void)
{
	void *blocks[10];

	for (int i = 0; i < 10; i++)
		blocks[i] = malloc(100);
	for (int i = 0; i < 10; i += 2) {
		free(blocks[i]);
		keep(blocks[i + 1]);
	}
}

OWN_FRAME static void
allocate_nothing(void)
{
	for (int i = 0; i < 3; i++)
		keep(malloc(0));
}

/* Impossible sizes and overflows: four failures and no block. */
OWN_FRAME static void
fail(void)
{
	static volatile size_t most = SIZE_MAX / 2;
	void *block = NULL;

	keep(malloc(most));
	keep(calloc(most, 3));
	keep(aligned_alloc(64, most));
	if (posix_memalign(&block, 64, most) == 0)
		keep(block);
}

/* The block stays as it was. */
OWN_FRAME static void
fail_to_grow(void)
{
	static volatile size_t most = SIZE_MAX / 2;
	void *block = malloc(50);

	keep(block);
	keep(realloc(block, most));
}

/* Larger than all the rest, so that the program's peak is here: the old block or the new one. */
OWN_FRAME static void *
make_large(void)
{
	void *block = malloc(LARGE);

	NO_JUMP(block);
	return block;
}

OWN_FRAME static void *
take_large(void *block)
{
	block = realloc(block, LARGE + 1000);
	NO_JUMP(block);
	return block;
}

OWN_FRAME static void *
make_small(void)
{
	void *block = malloc(10);

	NO_JUMP(block);
	return block;
}

OWN_FRAME static void *
take_small(void *block)
{
	block = realloc(block, 30);
	NO_JUMP(block);
	return block;
}

OWN_FRAME static void
waste(void)
{
	for (int i = 0; i < 7; i++) {
		void *volatile block = malloc(24);

		free(block);
	}
}

/* The second block is freed before the next allocation, the first after one. */
OWN_FRAME static void
free_in_turn(void)
{
	void *first = malloc(24), *second = malloc(24);

	free(first);
	free(second);
}

/* `realloc` frees nothing; its new block is a temporary one. */
OWN_FRAME static void
free_what_moved(void)
{
	void *volatile block = malloc(16);

	block = realloc(block, 4000);
	free(block);
}

OWN_FRAME static void *
make_in_thread(void *argument)
{
	void *block;

	if (argument != NULL)
		pthread_barrier_wait(argument);
	block = malloc(60);
	NO_JUMP(block);
	return block;
}

OWN_FRAME static void *
make_in_main(void)
{
	void *block = malloc(70);

	NO_JUMP(block);
	return block;
}

OWN_FRAME static void
round_up(void)
{
	keep(malloc(1));
}

/* A block that another thread frees, and one that lives while another thread allocates. */
OWN_FRAME static void
run_threads(void)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	void *result, *mine;

	if (pthread_create(&thread, NULL, make_in_thread, NULL) != 0 ||
	    pthread_join(thread, &result) != 0)
		exit(9);
	free(result);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, make_in_thread, &barrier) != 0)
		exit(9);
	mine = make_in_main();
	pthread_barrier_wait(&barrier);
	if (pthread_join(thread, &result) != 0)
		exit(9);
	free(mine);
	keep(result);
}

int
main(void)
{
	void *large = take_large(make_large());

	free(large);
	keep_half();
	allocate_nothing();
	fail();
	fail_to_grow();
	keep(take_small(make_small()));
	waste();
	free_in_turn();
	free_what_moved();
	run_threads();
	round_up();
	return 0;
}
