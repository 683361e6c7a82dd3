/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signals.c - scenario 12: handlers that allocate while the program allocates (F07)
 *
 *     signals SIGNALS exact|jump
 *
 * A timer at 1 kHz and a thread that sends SIGUSR1 as fast as it is handled; half of the handlers
 * run on an alternate stack. Every operation is counted by who makes it, so the sum is exact. With
 * `jump` every eighth handler leaves by siglongjmp, possibly out of malloc; afterwards the tracer
 * must see everything again. Needs `reentrant_malloc.c` behind the tracer.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	JUMP_EVERY = 8,
	HEALED = 200000
};

static struct tally in_main, in_handler;
static volatile sig_atomic_t handled, jumps;
static volatile bool may_jump, in_storm;
static sigjmp_buf landing;
static long wanted;

static void
handle(int number)
{
	void *block;

	/* Else a slow handler on a deep stack and a timer could keep each other busy for ever. */
	if (handled >= wanted)
		return;
	block = tally_malloc_at(&in_handler, 48, (unsigned)handled % 64, 6);
	tally_free(&in_handler, block, 48);
	handled++;
	if (may_jump && in_storm && number == SIGUSR1 && handled % JUMP_EVERY == 0) {
		jumps++;
		siglongjmp(landing, 1);
	}
}

static void *
send(void *argument)
{
	pthread_t *target = argument;
	sigset_t all;

	/* A timer's signal may go to any thread, and the handlers count without a lock. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (handled < wanted) {
		long before = handled;

		pthread_kill(*target, SIGUSR1);
		/* One at a time: handlers that leave by a jump would pile up on the stack. */
		do
			usleep(20);
		while (handled == before && handled < wanted);
	}
	return NULL;
}

static void
prepare(void)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_handler = handle};

	sigaltstack(&stack, NULL);
	sigaddset(&action.sa_mask, SIGALRM);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGALRM, &action, NULL);
	/* A jump leaves the stack behind; only the normal one is left properly that way. */
	action.sa_flags = may_jump ? 0 : SA_ONSTACK;
	sigaction(SIGUSR1, &action, NULL);
}

static void
storm(void)
{
	unsigned i = 0;

	sigsetjmp(landing, 1);
	in_storm = true;
	while (handled < wanted) {
		void *block = tally_malloc_at(&in_main, 64, i++ % 64, 6);

		block = tally_realloc(&in_main, block, 64, 128);
		tally_free(&in_main, block, 128);
	}
	in_storm = false;
}

int
main(int argc, char **argv)
{
	struct itimerval timer = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	pthread_t self = pthread_self(), sender;

	wanted = target_argument(argc, argv, 1, 2000);
	may_jump = argc > 2 && strcmp(argv[2], "jump") == 0;
	prepare();
	setitimer(ITIMER_REAL, &timer, NULL);
	pthread_create(&sender, NULL, send, &self);
	storm();
	pthread_join(sender, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	for (unsigned i = 0; i < HEALED; i++)
		tally_malloc(&in_main, 16);
	say("storm over\n");
	target_note("jumps", (uint64_t)jumps);
	target_note("handled", (uint64_t)handled);
	tally_add(&in_main, &in_handler);
	target_report(&in_main);
	return 0;
}
