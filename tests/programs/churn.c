/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * churn.c - blocks that come and go at random, and what is true of them
 *
 *     churn SEED EVENTS
 *
 * Two threads take turns; each frees what the other one made. At the end it prints, for each block
 * that lives, the oldest first, and for each function:
 *
 *     live ADDRESS BYTES USABLE THREAD FUNCTION
 *     freed FUNCTION COUNT
 *
 * A block that is reallocated is freed, and a new one.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLOTS       4096
#define TURN        500
#define LEAST_ALIGN 32

/* Something to do after the call: without it the caller would be gone when malloc is entered. */
#define KEEP_FRAME(block) __asm__ volatile("" : "+r"(block))

enum function {
	BY_MALLOC,
	BY_CALLOC,
	BY_REALLOC,
	BY_ALIGNED,
	FUNCTIONS
};

static const char *const names[FUNCTIONS] = {
	[BY_MALLOC] = "by_malloc",
	[BY_CALLOC] = "by_calloc",
	[BY_REALLOC] = "by_realloc",
	[BY_ALIGNED] = "by_aligned",
};

struct block {
	void *address;
	size_t bytes;
	long thread, order;
	enum function function;
};

static struct block blocks[SLOTS];
static long freed[FUNCTIONS], events_left, order;
static uint64_t state;
static char output[1 << 16];

__attribute__((noipa)) static void *
by_malloc(size_t bytes)
{
	void *block = malloc(bytes);

	KEEP_FRAME(block);
	return block;
}

__attribute__((noipa)) static void *
by_calloc(size_t bytes)
{
	void *block = calloc(1, bytes);

	KEEP_FRAME(block);
	return block;
}

__attribute__((noipa)) static void *
by_realloc(void *old, size_t bytes)
{
	void *block = realloc(old, bytes);

	KEEP_FRAME(block);
	return block;
}

__attribute__((noipa)) static void *
by_aligned(size_t bytes)
{
	void *block = aligned_alloc(LEAST_ALIGN << bytes % 8, bytes);

	KEEP_FRAME(block);
	return block;
}

/* A pseudo-random sequence (splitmix64). */
static uint64_t
draw(uint64_t limit)
{
	uint64_t x = state += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return (x ^ x >> 31) % limit;
}

/* Mostly small; never 0, of which realloc makes a free. */
static size_t
draw_bytes(void)
{
	return 1 + (size_t)draw((uint64_t)1 << (1 + draw(18)));
}

static void
make(struct block *block)
{
	static const enum function others[] = {BY_MALLOC, BY_CALLOC, BY_ALIGNED};

	block->function = others[draw(3)];
	if (block->function == BY_MALLOC)
		block->address = by_malloc(block->bytes);
	else if (block->function == BY_CALLOC)
		block->address = by_calloc(block->bytes);
	else
		block->address = by_aligned(block->bytes);
}

static void
do_event(long thread)
{
	struct block *block = &blocks[draw(SLOTS)];
	uint64_t kind = draw(4);

	if (block->address != NULL)
		freed[block->function]++;
	if (block->address != NULL && kind < 2) {
		free(block->address);
		block->address = NULL;
		return;
	}
	block->bytes = draw_bytes();
	block->thread = thread;
	block->order = order++;
	if (block->address != NULL && kind == 2) {
		block->address = by_realloc(block->address, block->bytes);
		block->function = BY_REALLOC;
		return;
	}
	free(block->address);
	make(block);
}

static void *
take_turn(void *argument)
{
	for (long i = 0; i < TURN && events_left > 0; i++, events_left--)
		do_event(syscall(SYS_gettid));
	return argument;
}

static int
compare(const void *a, const void *b)
{
	const struct block *left = a, *right = b;

	return (left->order > right->order) - (left->order < right->order);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return EXIT_FAILURE;
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	state = strtoull(argv[1], NULL, 10);
	events_left = atol(argv[2]);
	while (events_left > 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, take_turn, NULL) != 0 ||
		    pthread_join(thread, NULL) != 0)
			return EXIT_FAILURE;
		take_turn(NULL);
	}
	qsort(blocks, SLOTS, sizeof(*blocks), compare);
	for (size_t i = 0; i < SLOTS; i++) {
		const struct block *block = &blocks[i];

		if (block->address != NULL)
			printf("live %p %zu %zu %ld %s\n", block->address, block->bytes,
			       malloc_usable_size(block->address), block->thread,
			       names[block->function]);
	}
	for (int i = 0; i < FUNCTIONS; i++)
		printf("freed %s %ld\n", names[i], freed[i]);
	return EXIT_SUCCESS;
}
