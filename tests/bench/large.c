/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * large.c - a program with many call stacks and many live blocks
 *
 *     large BASE BLOCKS
 *
 * Makes BASE^4 different stacks, of which each frees one block, and BLOCKS blocks that live, of 8
 * to 63 bytes. The peak is a block more than what lives. Then it prints "ADDRESS STACKS", the
 * address of one of the blocks, and waits for the end of its standard input; meanwhile it goes on
 * allocating now and then, so that it answers requests.
 */
#include "config.h"
#include "stacks.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEAST_BYTES 8
#define SIZE_COUNT  56
#define PEAK_BYTES  100000
#define PAUSE_MS    1

/* A fixed pseudo-random sequence (splitmix64), the same in every run. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static void *
fill(unsigned base, unsigned long block_count)
{
	unsigned long stack_count = stacks_count(base);
	uint64_t state = 1;
	void *last = NULL;

	for (unsigned long i = 0; i < stack_count; i++)
		free(stacks_malloc(base, i * 7919 % stack_count, LEAST_BYTES));
	/* A prime step visits every number once, and not in the order of the tree. */
	for (unsigned long i = 0; i < block_count; i++)
		last = stacks_malloc(base, i % stack_count * 7919 % stack_count,
				     LEAST_BYTES + draw(&state) % SIZE_COUNT);
	free(stacks_malloc(base, 0, PEAK_BYTES));
	return last;
}

static void
wait_for_end(unsigned base)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	while (poll(&input, 1, PAUSE_MS) == 0 || read(STDIN_FILENO, &byte, 1) > 0)
		free(stacks_malloc(base, 0, LEAST_BYTES));
}

int
main(int argc, char **argv)
{
	unsigned long base = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long block_count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	static char output[256]; /* stdio's own would be one more block */

	if (base == 0 || base > STACKS_BASE_LIMIT || block_count == 0) {
		fprintf(stderr, "usage: large BASE BLOCKS\n");
		return EXIT_FAILURE;
	}
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	printf("%p %lu\n", fill((unsigned)base, block_count), stacks_count((unsigned)base));
	fflush(stdout);
	wait_for_end((unsigned)base);
	return EXIT_SUCCESS;
}
