/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pause.c - how long a single malloc or free takes at worst
 *
 *     pause EVENTS
 *
 * Prints one line for malloc and one for free: the name, and nanoseconds at 50 %, 99 %, 99.9 %,
 * 99.99 % and 100 % of the calls. The blocks live for a while, and their call stacks are drawn from
 * a hundred thousand, so that every table of a tracer grows while the clock runs. The clock's own
 * time is part of each figure. A call during which the kernel ran another thread on this cpu says
 * nothing about the allocator: it is left out.
 */
#include "config.h"
#include "stacks.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define LIVE_COUNT (1u << 17)
#define STACK_BASE 18

/* Shorter calls were not preempted, so the kernel need not be asked. */
#define PREEMPTED_NS 5000

/* Latencies in steps of an eighth of a power of two: (exponent, three bits below it). */
#define STEP_BITS  3
#define STEP_COUNT (64 << STEP_BITS)

struct histogram {
	uint64_t counts[STEP_COUNT];
	uint64_t total;
	uint64_t worst_ns;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static unsigned
step_of(uint64_t ns)
{
	unsigned exponent;

	if (ns < 1 << STEP_BITS)
		return (unsigned)ns;
	exponent = 63 - (unsigned)__builtin_clzll(ns);
	return (exponent - STEP_BITS + 1) << STEP_BITS |
	       (unsigned)(ns >> (exponent - STEP_BITS) & ((1 << STEP_BITS) - 1));
}

/* The largest latency that falls into step. */
static uint64_t
step_limit_ns(unsigned step)
{
	unsigned exponent = step >> STEP_BITS;

	if (exponent == 0)
		return step;
	return (((UINT64_C(1) << STEP_BITS | (step & ((1 << STEP_BITS) - 1))) + 1)
		<< (exponent - 1)) -
	       1;
}

/* Whether another thread had this cpu since the last time that this was asked. */
static bool
was_preempted(void)
{
	static long seen;
	struct rusage usage;
	long before = seen;

	getrusage(RUSAGE_THREAD, &usage);
	seen = usage.ru_nivcsw;
	return seen != before;
}

static void
histogram_insert(struct histogram *histogram, uint64_t ns)
{
	if (ns >= PREEMPTED_NS && was_preempted())
		return;
	histogram->counts[step_of(ns)]++;
	histogram->total++;
	if (ns > histogram->worst_ns)
		histogram->worst_ns = ns;
}

static uint64_t
histogram_find(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)((double)histogram->total * share);
	uint64_t seen = 0;

	for (unsigned step = 0; step < STEP_COUNT; step++) {
		seen += histogram->counts[step];
		if (seen >= wanted)
			return step_limit_ns(step);
	}
	return histogram->worst_ns;
}

static void
print(const char *name, const struct histogram *histogram)
{
	printf("%s %llu %llu %llu %llu %llu\n", name,
	       (unsigned long long)histogram_find(histogram, 0.5),
	       (unsigned long long)histogram_find(histogram, 0.99),
	       (unsigned long long)histogram_find(histogram, 0.999),
	       (unsigned long long)histogram_find(histogram, 0.9999),
	       (unsigned long long)histogram->worst_ns);
}

int
main(int argc, char **argv)
{
	static struct histogram mallocs, frees;
	static void *live[LIVE_COUNT];
	unsigned long stack_count = stacks_count(STACK_BASE);
	long event_count = argc == 2 ? atol(argv[1]) : 0;
	unsigned long number = 1;

	if (event_count <= 0) {
		fprintf(stderr, "usage: pause EVENTS\n");
		return EXIT_FAILURE;
	}
	for (long i = 0; i < event_count; i++) {
		void **slot = &live[i % LIVE_COUNT];
		uint64_t start_ns, between_ns;

		number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		start_ns = now_ns();
		free(*slot);
		between_ns = now_ns();
		*slot = stacks_malloc(STACK_BASE, (number >> 33) % stack_count,
				      16 + (size_t)(number >> 40) % 240);
		histogram_insert(&mallocs, now_ns() - between_ns);
		if (i >= LIVE_COUNT)
			histogram_insert(&frees, between_ns - start_ns);
	}
	print("malloc", &mallocs);
	print("free", &frees);
	return EXIT_SUCCESS;
}
