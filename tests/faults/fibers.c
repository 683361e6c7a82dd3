/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fibers.c - scenario 25: fibers that move between threads, their stacks unmapped when done (F34)
 *
 *     fibers COUNT
 *
 * Four threads resume fibers from one queue, so most continue on another thread than the one that
 * started them. Each allocates before and after it moved. `reports` in a handler on an alternate
 * stack is left to scenario 14.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	THREADS = 4,
	STACK_BYTES = 16384,
	YIELDS = 4
};

struct fiber {
	ucontext_t context;
	ucontext_t *resumed_by;
	struct tally tally;
	struct fiber *next;
	bool done;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fiber *queue;
static long unfinished;
static struct tally sum;

static void
put(struct fiber *fiber)
{
	pthread_mutex_lock(&lock);
	fiber->next = queue;
	queue = fiber;
	pthread_mutex_unlock(&lock);
}

static struct fiber *
take(void)
{
	struct fiber *fiber, **last = &queue;

	pthread_mutex_lock(&lock);
	/* From the far end of a short walk, so that fibers interleave. */
	for (int i = 0; i < 8 && *last != NULL && (*last)->next != NULL; i++)
		last = &(*last)->next;
	fiber = *last;
	if (fiber != NULL)
		*last = fiber->next;
	pthread_mutex_unlock(&lock);
	return fiber;
}

static void
yield(struct fiber *fiber)
{
	swapcontext(&fiber->context, fiber->resumed_by);
}

static void
live(unsigned high, unsigned low)
{
	struct fiber *fiber = (struct fiber *)(((uintptr_t)high << 32) | low);
	void *blocks[YIELDS];

	for (unsigned i = 0; i < YIELDS; i++) {
		blocks[i] = tally_malloc_at(&fiber->tally, 50 + i, i, 4);
		yield(fiber);
	}
	for (unsigned i = 0; i < YIELDS; i++)
		tally_free(&fiber->tally, blocks[i], 50 + i);
	fiber->done = true;
	yield(fiber);
}

static struct fiber *
fiber_new(void)
{
	char *memory = mmap(NULL, STACK_BYTES + 8192, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fiber *fiber = (struct fiber *)(void *)(memory + STACK_BYTES);

	if (memory == MAP_FAILED)
		_exit(78);
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = memory;
	fiber->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&fiber->context, (void (*)(void))live, 2, (unsigned)((uintptr_t)fiber >> 32),
		    (unsigned)(uintptr_t)fiber);
	return fiber;
}

static void
finish(struct fiber *fiber)
{
	pthread_mutex_lock(&lock);
	tally_add(&sum, &fiber->tally);
	unfinished--;
	pthread_mutex_unlock(&lock);
	munmap((char *)fiber - STACK_BYTES, STACK_BYTES + 8192);
}

static void *
resume(void *argument)
{
	while (__atomic_load_n(&unfinished, __ATOMIC_RELAXED) > 0) {
		struct fiber *fiber = take();
		ucontext_t here;

		if (fiber == NULL) {
			usleep(100);
			continue;
		}
		fiber->resumed_by = &here;
		swapcontext(&here, &fiber->context);
		if (fiber->done)
			finish(fiber);
		else
			put(fiber);
	}
	return argument;
}

int
main(int argc, char **argv)
{
	long count = target_argument(argc, argv, 1, 500);
	pthread_t threads[THREADS];

	unfinished = count;
	for (long i = 0; i < count; i++)
		put(fiber_new());
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, resume, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	say("finished\n");
	target_report(&sum);
	return 0;
}
