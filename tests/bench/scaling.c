/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scaling.c - the time of one event against the size of what is remembered
 *
 *     scaling stacks BASE EVENTS     BASE^4 different call stacks
 *     scaling blocks COUNT EVENTS    COUNT live blocks
 *
 * Prints "COUNT FILL_NS AGAIN_NS": how many there are, the time for each new one, and the time of
 * an event when all are there, drawn at random. An event of `stacks` is malloc and free below one
 * of the stacks; of `blocks`, free of one of the blocks and a malloc that replaces it.
 */
#include "config.h"
#include "stacks.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK_BYTES 24

/* The blocks come from a few hundred stacks, which stay in the caches. */
#define BLOCK_BASE 4

struct result {
	unsigned long count;
	double fill_ns;
	double again_ns;
};

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A fixed pseudo-random sequence (splitmix64), the same in every run. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static struct result
measure_stacks(unsigned base, long event_count)
{
	struct result result = {.count = stacks_count(base)};
	uint64_t state = 1;
	double start_ns = now_ns();

	/* A prime step visits every number once, and not in the order of the tree. */
	for (unsigned long i = 0; i < result.count; i++)
		free(stacks_malloc(base, i * 7919 % result.count, BLOCK_BYTES));
	result.fill_ns = (now_ns() - start_ns) / (double)result.count;

	start_ns = now_ns();
	for (long i = 0; i < event_count; i++)
		free(stacks_malloc(base, draw(&state) % result.count, BLOCK_BYTES));
	result.again_ns = (now_ns() - start_ns) / (double)event_count;
	return result;
}

static struct result
measure_blocks(unsigned long count, long event_count)
{
	struct result result = {.count = count};
	unsigned long stack_count = stacks_count(BLOCK_BASE);
	void **blocks = malloc(count * sizeof(*blocks));
	uint64_t state = 1;
	double start_ns;

	if (blocks == NULL) {
		perror("scaling");
		exit(EXIT_FAILURE);
	}
	/* The pages of the array itself belong to no event. */
	memset(blocks, 1, count * sizeof(*blocks));
	start_ns = now_ns();
	for (unsigned long i = 0; i < count; i++)
		blocks[i] = stacks_malloc(BLOCK_BASE, i % stack_count, BLOCK_BYTES);
	result.fill_ns = (now_ns() - start_ns) / (double)count;

	start_ns = now_ns();
	for (long i = 0; i < event_count; i++) {
		unsigned long k = draw(&state) % count;

		free(blocks[k]);
		blocks[k] = stacks_malloc(BLOCK_BASE, k % stack_count, BLOCK_BYTES);
	}
	result.again_ns = (now_ns() - start_ns) / (double)event_count;
	for (unsigned long i = 0; i < count; i++)
		free(blocks[i]);
	free(blocks);
	return result;
}

int
main(int argc, char **argv)
{
	struct result result;
	long size = argc == 4 ? atol(argv[2]) : 0;
	long event_count = argc == 4 ? atol(argv[3]) : 0;

	if (size > 0 && size <= STACKS_BASE_LIMIT && event_count > 0 &&
	    strcmp(argv[1], "stacks") == 0) {
		result = measure_stacks((unsigned)size, event_count);
	} else if (size > 0 && event_count > 0 && strcmp(argv[1], "blocks") == 0) {
		result = measure_blocks((unsigned long)size, event_count);
	} else {
		fprintf(stderr, "usage: scaling stacks BASE EVENTS | blocks COUNT EVENTS\n");
		return EXIT_FAILURE;
	}
	printf("%lu %.2f %.2f\n", result.count, result.fill_ns, result.again_ns);
	return EXIT_SUCCESS;
}
