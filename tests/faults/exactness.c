/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exactness.c - scenario 2: random operations of many threads with an oracle per site (F24)
 *
 *     exactness OPERATIONS [THREADS [DRAIN]]
 *
 * 64 functions `site_00`...`site_63` allocate. Blocks travel between threads through one shared
 * array of slots, so most are freed or resized by a thread that did not make them. Each block knows
 * its site and size; the program knows what is live at the end, for every site, and writes it as
 * `site_NN.live_blocks` and so on. With DRAIN the main thread frees what is left: nothing lives.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
	SITES = 64,
	SLOTS = 4096,
	THREADS_MAX = 64
};

/* What a block carries. */
struct cargo {
	uint32_t site;
	uint32_t bytes;
};

struct worker {
	struct tally sites[SITES];
	uint64_t random;
	long operations;
	pthread_t thread;
};

static struct worker workers[THREADS_MAX];
static struct cargo *slots[SLOTS];
static pthread_barrier_t start, finish;

#define SITE(n)                                                                                   \
	static void *__attribute__((noinline)) site_##n(struct cargo *old, size_t bytes, int how) \
	{                                                                                         \
		void *block;                                                                      \
		if (how == 0)                                                                     \
			block = realloc(old, bytes);                                              \
		else if (how == 1)                                                                \
			block = calloc(1, bytes);                                                 \
		else if (how == 2)                                                                \
			block = aligned_alloc(64, bytes);                                         \
		else                                                                              \
			block = malloc(bytes);                                                    \
		__asm__ volatile("" : "+r"(block));                                               \
		return block;                                                                     \
	}
#define SITES_OF_4(a, b, c, d) SITE(a) SITE(b) SITE(c) SITE(d)
#define SITES_OF_8(t)                      \
	SITES_OF_4(t##0, t##1, t##2, t##3) \
	SITES_OF_4(t##4, t##5, t##6, t##7)
SITES_OF_8(0)
SITES_OF_8(1)
SITES_OF_8(2)
SITES_OF_8(3)
SITES_OF_8(4)
SITES_OF_8(5)
SITES_OF_8(6)
SITES_OF_8(7)

#define NAMES_OF_8(t)                                                                              \
	site_##t##0, site_##t##1, site_##t##2, site_##t##3, site_##t##4, site_##t##5, site_##t##6, \
		site_##t##7
static void *(*const site_functions[SITES])(struct cargo *, size_t, int) = {
	NAMES_OF_8(0), NAMES_OF_8(1), NAMES_OF_8(2), NAMES_OF_8(3),
	NAMES_OF_8(4), NAMES_OF_8(5), NAMES_OF_8(6), NAMES_OF_8(7),
};

static void
forget(struct worker *worker, const struct cargo *cargo)
{
	worker->sites[cargo->site].frees++;
	worker->sites[cargo->site].freed_bytes += cargo->bytes;
}

/* Allocate or, if old is not NULL, resize; returns the block with its cargo written. */
static struct cargo *
make(struct worker *worker, struct cargo *old)
{
	uint64_t random = next_random(&worker->random);
	uint32_t site = (uint32_t)(random % SITES);
	uint32_t bytes = (uint32_t)(sizeof(struct cargo) + (random >> 8) % 500);
	int how = old != NULL ? 0 : 1 + (int)((random >> 32) % 3);
	struct cargo *block;

	if (old != NULL)
		forget(worker, old);
	block = site_functions[site](old, bytes, how);
	tally_block(&worker->sites[site], block, bytes);
	block->site = site;
	block->bytes = bytes;
	return block;
}

static void *
work(void *argument)
{
	struct worker *worker = argument;

	pthread_barrier_wait(&start);
	for (long i = 0; i < worker->operations; i++) {
		uint64_t random = next_random(&worker->random);
		struct cargo **slot = &slots[random % SLOTS];
		struct cargo *held = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);
		struct cargo *next = NULL;

		if (held == NULL || (random >> 40) % 3 == 0) {
			next = make(worker, held);
		} else {
			forget(worker, held);
			free(held);
		}
		held = next == NULL ? NULL : __atomic_exchange_n(slot, next, __ATOMIC_ACQ_REL);
		if (held != NULL) {
			forget(worker, held);
			free(held);
		}
	}
	pthread_barrier_wait(&finish);
	return NULL;
}

/* What others made; counted with the frees of the first worker, which has ended. */
static void
drain(void)
{
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i] == NULL)
			continue;
		forget(&workers[0], slots[i]);
		free(slots[i]);
		slots[i] = NULL;
	}
}

static void
report(int threads)
{
	static struct tally sites[SITES], sum;
	static char keys[SITES][3][24];

	for (int i = 0; i < threads; i++)
		for (int site = 0; site < SITES; site++)
			tally_add(&sites[site], &workers[i].sites[site]);
	for (int site = 0; site < SITES; site++) {
		char *key = keys[site][0];

		tally_add(&sum, &sites[site]);
		snprintf(key, sizeof(keys[0][0]), "site_%02o.blocks", site);
		target_note(key, sites[site].allocs);
		snprintf(keys[site][1], sizeof(keys[0][0]), "site_%02o.bytes", site);
		target_note(keys[site][1], sites[site].bytes);
		snprintf(keys[site][2], sizeof(keys[0][0]), "site_%02o.live", site);
		target_note(keys[site][2], sites[site].bytes - sites[site].freed_bytes);
	}
	target_report(&sum);
}

int
main(int argc, char **argv)
{
	long operations = target_argument(argc, argv, 1, 100000);
	int threads = (int)target_argument(argc, argv, 2, 8);

	if (threads < 1 || threads > THREADS_MAX)
		return 8;
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	pthread_barrier_init(&finish, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++) {
		workers[i].random = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);
		workers[i].operations = operations / threads;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return 9;
	}
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	if (target_argument(argc, argv, 3, 0) != 0)
		drain();
	report(threads);
	say("done\n");
	return 0;
}
