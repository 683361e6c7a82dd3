/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * small_stacks.c - scenario 14: malloc with 2 KiB of stack left (F08)
 *
 *     small_stacks thread|signal|fiber [BYTES-LEFT]
 *
 * `thread` uses up a 16 KiB thread stack but for BYTES-LEFT before it allocates; `signal` allocates
 * in handlers on alternate stacks that have BYTES-LEFT beyond what the kernel writes there; `fiber`
 * on 8 KiB stacks. Below each stack lies memory that is checked or cannot be touched.
 */
#include "config.h"
#include "target.h"

#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	GUARD_BYTES = 65536,
	FIBER_BYTES = 8192
};

static struct tally tally;
static long left_bytes;
static char *lowest; /* of the stack in use */

static void __attribute__((noinline)) allocate_some(void)
{
	void *block = tally_malloc(&tally, 100);

	block = tally_realloc(&tally, block, 100, 200);
	tally_free(&tally, block, 200);
	block = calloc(3, 30);
	tally_block(&tally, block, 90);
	tally_free(&tally, block, 90);
}

/* Move the stack pointer to left_bytes above the lowest address. */
static void __attribute__((noinline)) use_up(void)
{
	char *here = __builtin_frame_address(0);
	long surplus = here - lowest - left_bytes - 128;
	volatile char *waste = surplus > 0 ? alloca((size_t)surplus) : NULL;

	if (waste != NULL)
		waste[0] = 1;
	for (int i = 0; i < 20; i++)
		allocate_some();
}

static void *
in_thread(void *argument)
{
	lowest = argument;
	use_up();
	return NULL;
}

static char *
map_stack(size_t bytes)
{
	char *memory = mmap(NULL, GUARD_BYTES + bytes, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED ||
	    mprotect(memory + GUARD_BYTES, bytes, PROT_READ | PROT_WRITE) != 0)
		_exit(77);
	return memory + GUARD_BYTES;
}

static int
run_thread(void)
{
	char *stack = map_stack(16384);
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, 16384);
	if (pthread_create(&thread, &attributes, in_thread, stack) != 0)
		return 1;
	return pthread_join(thread, NULL) != 0;
}

static void
in_handler(int number)
{
	(void)number;
	for (int i = 0; i < 20; i++)
		allocate_some();
}

/* The kernel needs _SC_MINSIGSTKSZ of it for its frame, 3 KiB and more with AVX-512. */
static int
run_signal(void)
{
	size_t bytes = (size_t)sysconf(_SC_MINSIGSTKSZ) + (size_t)left_bytes;
	size_t rounded = (bytes + 4095) & ~(size_t)4095;
	stack_t stack = {.ss_sp = map_stack(rounded), .ss_size = bytes};
	struct sigaction action = {.sa_handler = in_handler, .sa_flags = SA_ONSTACK};

	if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
		return 1;
	return raise(SIGUSR1);
}

static ucontext_t outside;

static void
in_fiber(void)
{
	use_up();
}

static int
run_fiber(void)
{
	ucontext_t fiber;

	getcontext(&fiber);
	lowest = map_stack(FIBER_BYTES);
	fiber.uc_stack.ss_sp = lowest;
	fiber.uc_stack.ss_size = FIBER_BYTES;
	fiber.uc_link = &outside;
	makecontext(&fiber, in_fiber, 0);
	return swapcontext(&outside, &fiber);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "thread";
	int failed = 0;

	left_bytes = target_argument(argc, argv, 2, 2048);
	if (strcmp(what, "signal") == 0)
		failed = run_signal();
	else if (strcmp(what, "fiber") == 0)
		failed = run_fiber();
	else
		failed = run_thread();
	say("survived, failed %d\n", failed);
	target_report(&tally);
	return failed;
}
