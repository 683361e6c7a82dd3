/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leaks.c - blocks that are lost, held inside, held in odd places: each function is one case
 *
 *     leaks [threads] [wait|abort]      with a thread that sleeps while the process exits; waits
 *                                       before it exits, until its input ends; aborts instead
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CASE static __attribute__((noinline)) void

struct node {
	struct node *next, *other;
	char rest[24];
};

/* Also what nobody reads is stored. */
#define KEPT static __attribute__((used))

KEPT struct node *kept_list, *kept_tree, *kept_middle;
KEPT char *kept_inside, *kept_past, *kept_nothing;
KEPT void **kept_mapped, **kept_shared;
KEPT char *kept_large, *kept_large_inside;
KEPT pthread_key_t low_key;
KEPT __thread void *kept_thread_local;
static volatile size_t no_bytes = 0;

static struct node *
make(struct node *next, struct node *other)
{
	struct node *node = malloc(sizeof(*node));

	memset(node, 0, sizeof(*node));
	node->next = next;
	node->other = other;
	return node;
}

CASE
lost_alone(void)
{
	memset(malloc(100), 1, 100);
}

CASE
lost_list(void)
{
	struct node *list = NULL;

	for (int i = 0; i < 10; i++) {
		struct node *node = malloc(sizeof(*node));

		memset(node, 0, sizeof(*node));
		node->next = list;
		list = node;
	}
}

CASE
lost_ring(void)
{
	struct node *ring[4];

	for (int i = 0; i < 4; i++) {
		ring[i] = malloc(sizeof(*ring[i]) + (size_t)i);
		memset(ring[i], 0, sizeof(*ring[i]));
	}
	for (int i = 0; i < 4; i++)
		ring[i]->next = ring[(i + 1) % 4];
	memset(ring, 0, sizeof(ring));
}

/* A ring that something else hangs on, and is held by something that is lost. */
CASE
lost_into_ring(void)
{
	struct node *one = make(NULL, NULL), *two = make(one, NULL), *tail = make(NULL, NULL);

	one->next = two;
	two->other = tail;
	make(one, NULL);
}

CASE
lost_shared(void)
{
	struct node *both = malloc(sizeof(*both));

	memset(both, 0, sizeof(*both));
	make(both, NULL);
	make(NULL, both);
}

CASE
lost_by_interior(void)
{
	char *inner = malloc(70);
	char **outer = malloc(sizeof(*outer));

	memset(inner, 0, 70);
	*outer = inner + 33;
}

CASE
lost_nothing(void)
{
	(void)!malloc(0);
}

CASE
lost_twice_by_realloc(void)
{
	char *block = malloc(10);

	block = realloc(block, 3000);
	memset(block, 0, 3000);
}

CASE
lost_large(void)
{
	memset(malloc(400000), 0, 400000);
}

/* Held by what is freed, or lies behind the end of what is held. */
CASE
lost_by_freed(void)
{
	struct node **freed = malloc(64 * sizeof(*freed));

	memset(freed, 0, 64 * sizeof(*freed));
	freed[20] = malloc(40);
	memset(freed[20], 0, 40);
	free(freed);
}

CASE
keep_list(void)
{
	for (int i = 0; i < 7; i++)
		kept_list = make(kept_list, NULL);
}

CASE
keep_tree(void)
{
	struct node *left = malloc(sizeof(*left)), *right = malloc(sizeof(*right));

	memset(left, 0, sizeof(*left));
	memset(right, 0, sizeof(*right));
	kept_tree = make(left, right);
}

CASE
keep_inside(void)
{
	kept_inside = malloc(200);
	memset(kept_inside, 0, 200);
	*(void **)(void *)(kept_inside + 8) = memset(malloc(30), 0, 30);
	kept_inside += 60;
}

/* One past the end is outside. */
CASE
keep_past(void)
{
	kept_past = malloc(48);
	memset(kept_past, 0, 48);
	kept_past += 48;
}

CASE
keep_nothing(void)
{
	kept_nothing = malloc(no_bytes);
}

/* reachable -> into -> start: possible from there on. */
CASE
keep_middle(void)
{
	struct node *third = malloc(sizeof(*third)), *second = malloc(sizeof(*second));

	memset(second, 0, sizeof(*second));
	memset(third, 0, sizeof(*third));
	second->next = third;
	kept_middle = make((struct node *)(void *)((char *)second + 20), NULL);
}

CASE
keep_in_mapping(void)
{
	kept_mapped =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	kept_mapped[70000] = memset(malloc(81), 0, 81);
	kept_shared =
		mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	kept_shared[4000] = memset(malloc(82), 0, 82);
	/* No variable needs to hold them. */
	kept_mapped = kept_shared = NULL;
}

CASE
keep_in_large(void)
{
	kept_large = memset(malloc(1 << 20), 0, 1 << 20);
	*(void **)(void *)(kept_large + 800000) = memset(malloc(83), 0, 83);
	kept_large_inside = (char *)memset(malloc(1 << 19), 0, 1 << 19) + 300000;
}

CASE
keep_in_key(void)
{
	pthread_key_create(&low_key, NULL);
	pthread_setspecific(low_key, memset(malloc(84), 0, 84));
}

CASE
keep_in_thread_local(void)
{
	kept_thread_local = memset(malloc(85), 0, 85);
}

static void *
end_with_key(void *unused)
{
	pthread_setspecific(low_key, unused);
	return memset(malloc(86), 0, 86);
}

/* What an ended thread has left. */
CASE
lost_by_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, end_with_key, NULL);
	pthread_join(thread, NULL);
}

KEPT void *at_exit_block;

static void
free_at_exit(void)
{
	free(at_exit_block);
}

CASE
free_in_handler(void)
{
	at_exit_block = malloc(87);
	atexit(free_at_exit);
}

/* Lost by the last handlers: who looks before them sees it as held. */
KEPT void *lost_at_exit_block;

static __attribute__((destructor)) void
lose_at_exit(void)
{
	lost_at_exit_block = NULL;
}

CASE
lost_in_destructor(void)
{
	lost_at_exit_block = memset(malloc(88), 0, 88);
}

/* What the others left on the stack and in registers. */
CASE
clean_stack(void)
{
	volatile char area[16384];

	memset((void *)area, 0, sizeof(area));
}

static pthread_barrier_t asleep;

static void *
sleep_with_block(void *unused)
{
	void *volatile held = memset(malloc(89), 0, 89);

	(void)unused;
	clean_stack();
	pthread_barrier_wait(&asleep);
	for (;;)
		pause();
	return held;
}

CASE
keep_on_other_stack(void)
{
	pthread_t thread;

	pthread_barrier_init(&asleep, NULL, 2);
	pthread_create(&thread, NULL, sleep_with_block, NULL);
	pthread_barrier_wait(&asleep);
}

/* Whoever wants to look does it now; an event comes every few milliseconds. */
static void
wait_for_end(void)
{
	struct pollfd end = {0, POLLIN, 0};

	puts("ready");
	fflush(stdout);
	while (poll(&end, 1, 2) == 0)
		free(malloc(10));
}

static bool
has_word(char **argv, const char *word)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, word) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	lost_alone();
	lost_list();
	lost_ring();
	lost_into_ring();
	lost_shared();
	lost_by_interior();
	lost_nothing();
	lost_twice_by_realloc();
	lost_large();
	lost_by_freed();
	keep_list();
	keep_tree();
	keep_inside();
	keep_past();
	keep_nothing();
	keep_middle();
	keep_in_mapping();
	keep_in_large();
	keep_in_key();
	keep_in_thread_local();
	lost_by_thread();
	free_in_handler();
	lost_in_destructor();
	(void)argc;
	if (has_word(argv, "threads"))
		keep_on_other_stack();
	clean_stack();
	if (has_word(argv, "wait"))
		wait_for_end();
	if (has_word(argv, "abort"))
		abort();
	return 0;
}
