/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stepped.c - a signal handler at every single instruction of the runtime
 *
 *     stepped calls     the handler uses heaptally.h
 *     stepped strdup    the handler has libc allocate
 *     stepped jump      the handler leaves by siglongjmp; afterwards the same depth allocates
 *
 * The processor's trap flag raises SIGTRAP after each instruction; the handler acts when that was
 * one of the runtime's, every third in turn: two handlers one after the other between the three
 * stores that close the gate are not told apart from a hook that was left. So nothing depends on
 * when a signal comes. Without the runtime no instruction is one of its, and the program prints the
 * same.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>

#include "heaptally.h"

enum {
	TURNS = 3,
	AFTER = 10,
	JUMPS_MAX = 3000,
	JUMPS_APART = 61
};

static struct dl_find_object runtime;
static void (*act)(void);
static long steps, turn, acts, wrong, busy, jump_at;
static bool in_act;
static char *kept;
static sigjmp_buf landing;

/* Not the red zone's bytes. */
static inline __attribute__((always_inline)) void
set_stepping(bool on)
{
	if (on)
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq;"
				 "lea 128(%%rsp), %%rsp" ::
					 : "memory", "cc");
	else
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq;"
				 "lea 128(%%rsp), %%rsp" ::
					 : "memory", "cc");
}

static void
jump(void)
{
	if (acts < jump_at)
		return;
	in_act = false;
	siglongjmp(landing, 1);
}

static void
handle(int number, siginfo_t *signal_info, void *context)
{
	uintptr_t ip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)number, (void)signal_info;
	if (in_act || ip - (uintptr_t)runtime.dlfo_map_start >=
			      (uintptr_t)runtime.dlfo_map_end - (uintptr_t)runtime.dlfo_map_start)
		return;
	if (act != jump && ++steps % TURNS != turn)
		return;
	in_act = true;
	acts++;
	act();
	in_act = false;
}

static void
expect(int result, int other)
{
	busy += result == -EAGAIN;
	wrong += result != 0 && result != -EAGAIN && result != other;
}

static void
use_calls(void)
{
	struct heaptally_block block;

	expect(heaptally_track(7, (uintptr_t)acts, 10), 0);
	expect(heaptally_untrack(7, (uintptr_t)acts), 0);
	expect(heaptally_retag(kept), 0);
	expect(heaptally_get_block(kept, &block), 1);
	expect(heaptally_get_block(&block, &block), 0);
	expect(heaptally_watch(kept, NULL, NULL), 0);
	expect(heaptally_name_domain(7, "pool"), -EEXIST);
	expect(heaptally_mark("here"), 0);
}

static void
use_strdup(void)
{
	char *copy = strdup("of a handler");

	free(copy);
}

/* Ever new stacks, so that the slow paths are stepped through, too. */
static __attribute__((noinline)) void *
deep(int levels)
{
	volatile char pad[48];
	void *block;

	pad[0] = (char)levels;
	if (levels > 0) {
		block = deep(levels - 1);
	} else {
		block = malloc(40);
		block = realloc(block, 400);
	}
	pad[1] = pad[0];
	return block;
}

static __attribute__((noinline)) void *
after(size_t bytes)
{
	void *block = malloc(bytes);

	__asm__ volatile("" : "+r"(block));
	return block;
}

static void *
step_through(void *levels)
{
	set_stepping(true);
	free(deep((int)(intptr_t)levels));
	set_stepping(false);
	return NULL;
}

static __attribute__((noinline)) void
later(int levels)
{
	volatile char pad[48];

	pad[0] = (char)levels;
	if (levels > 0)
		later(levels - 1);
	else
		for (int i = 0; i < AFTER; i++)
			free(after(77));
	pad[1] = pad[0];
}

/* One jump at every so many instructions; then the program allocates further in than what was left.
 */
static void
jump_everywhere(void)
{
	volatile long jumps = 0;

	for (volatile long at = 1; at <= JUMPS_MAX; at += JUMPS_APART) {
		acts = 0;
		jump_at = at;
		if (sigsetjmp(landing, 1) == 0) {
			step_through((void *)(intptr_t)3);
			break;
		}
		/* Left with the flag as it is on return from the signal: off. */
		jumps++;
		later(20);
	}
	printf("after %s\n", jumps < JUMPS_MAX ? "all" : "some");
	fprintf(stderr, "jumps %ld\n", jumps);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER};
	Dl_info info;

	kept = malloc(10);
	act = strcmp(mode, "calls") == 0  ? use_calls
	      : strcmp(mode, "jump") == 0 ? jump
					  : use_strdup;
	if (dladdr((void *)(uintptr_t)malloc, &info) != 0 && strstr(info.dli_fname, "heaptally"))
		_dl_find_object((void *)(uintptr_t)malloc, &runtime);
	sigaction(SIGTRAP, &action, NULL);
	if (act == jump) {
		jump_everywhere();
	} else {
		for (turn = 0; turn < TURNS; turn++) {
			pthread_t thread;

			step_through((void *)turn);
			step_through((void *)turn);
			if (pthread_create(&thread, NULL, step_through, (void *)turn) == 0)
				pthread_join(thread, NULL);
		}
		printf("wrong %ld\n", wrong);
		fprintf(stderr, "acts %ld busy %ld\n", acts, busy);
	}
	free(kept);
	return 0;
}
