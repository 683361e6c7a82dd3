/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wander.c - threads that wander up and down through calls, and allocate wherever they are
 *
 *     wander THREADS STEPS
 *
 * Of eight call sites a frame calls one, down to a depth of 40, so that hardly two stacks are
 * equal and all threads make new ones at once. Each thread makes its turns from a seed of its own.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	MOST_THREADS = 64,
	DEEPEST = 40
};

struct walker {
	uint64_t state;
	long left;
};

static unsigned
turn(struct walker *walker)
{
	walker->state = walker->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(walker->state >> 33);
}

static void wander(struct walker *walker, int depth);

/* The operand differs from site to site, so that the compiler does not merge the calls. */
#define GO(n)                                               \
	case n:                                             \
		wander(walker, depth);                      \
		__asm__ volatile("" : : "i"(n) : "memory"); \
		break;

static __attribute__((noinline)) void
go(struct walker *walker, int depth)
{
	switch (turn(walker) % 8) {
		GO(0)
		GO(1)
		GO(2)
		GO(3)
		GO(4)
		GO(5)
		GO(6)
		GO(7)
	}
}

static __attribute__((noinline)) void
wander(struct walker *walker, int depth)
{
	while (walker->left-- > 0) {
		void *block = malloc(16 + turn(walker) % 64);

		__asm__ volatile("" : : "r"(block) : "memory");
		free(block);
		if (depth < DEEPEST && turn(walker) % 2 == 0)
			go(walker, depth + 1);
		else if (depth > 0)
			return;
	}
}

static void *
work(void *argument)
{
	wander(argument, 0);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct walker walkers[MOST_THREADS];
	pthread_t threads[MOST_THREADS];
	int count = argc == 3 ? atoi(argv[1]) : 0;

	if (count < 1 || count > MOST_THREADS)
		return 8;
	for (int t = 0; t < count; t++) {
		walkers[t] = (struct walker){.state = (uint64_t)t, .left = atol(argv[2])};
		if (pthread_create(&threads[t], NULL, work, &walkers[t]) != 0)
			return 1;
	}
	for (int t = 0; t < count; t++)
		pthread_join(threads[t], NULL);
	return 0;
}
