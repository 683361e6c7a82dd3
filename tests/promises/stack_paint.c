/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stack_paint.c - how much stack an allocation uses, on small stacks
 *
 *     stack_paint thread|fiber|signal
 *
 * Paints what is left of the stack, allocates, and looks how deep the paint is gone. Prints the
 * worst of the first calls from new stacks, and the worst of calls that repeat a known stack.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	PAINT = 0x5a,
	PATHS = 200,
	KEEP_BYTES = 512 /* between the frame that paints and the paint */
};

static struct tally tally;
static char *lowest;
static size_t worst_first, worst_again;
static ucontext_t outside;

/* Bytes of stack that were written below the frame of the caller. */
static size_t __attribute__((noinline)) measure(unsigned path)
{
	char *top = (char *)__builtin_frame_address(0) - KEEP_BYTES;
	char *bottom = lowest;
	void *block;

	for (volatile char *at = bottom; at < top; at++)
		*at = PAINT;
	block = tally_malloc_at(&tally, 100, path, 8);
	block = tally_realloc(&tally, block, 100, 2000);
	tally_free(&tally, block, 2000);
	while (bottom < top && *bottom == PAINT)
		bottom++;
	return (size_t)((char *)__builtin_frame_address(0) - bottom);
}

static void
measure_all(void)
{
	for (unsigned path = 0; path < PATHS; path++) {
		size_t first = measure(path);
		size_t again = measure(path);

		worst_first = first > worst_first ? first : worst_first;
		worst_again = again > worst_again ? again : worst_again;
	}
}

static char *
map_stack(size_t bytes)
{
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(77);
	return memory;
}

static void *
in_thread(void *argument)
{
	/* libc keeps the thread's own data at the high end and nothing at the low one. */
	measure_all();
	return argument;
}

static void
run_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	lowest = map_stack(16384);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, lowest, 16384);
	if (pthread_create(&thread, &attributes, in_thread, NULL) != 0)
		_exit(78);
	pthread_join(thread, NULL);
}

static void
run_fiber(void)
{
	ucontext_t fiber;

	getcontext(&fiber);
	lowest = map_stack(8192);
	fiber.uc_stack.ss_sp = lowest;
	fiber.uc_stack.ss_size = 8192;
	fiber.uc_link = &outside;
	makecontext(&fiber, measure_all, 0);
	swapcontext(&outside, &fiber);
}

static void
in_handler(int number)
{
	(void)number;
	measure_all();
}

static void
run_signal(void)
{
	size_t bytes = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096;
	struct sigaction action = {.sa_handler = in_handler, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_size = bytes};

	lowest = map_stack(bytes);
	stack.ss_sp = lowest;
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "thread";

	/* What libc does once, on the large stack. */
	free(malloc(2000));
	if (strcmp(what, "fiber") == 0)
		run_fiber();
	else if (strcmp(what, "signal") == 0)
		run_signal();
	else
		run_thread();
	say("%zu %zu\n", worst_first, worst_again);
	return 0;
}
