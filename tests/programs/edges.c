/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edges.c - what heaptally.h does where a program asks for it in odd ways
 *
 *     edges CASE [FILE]    under heaptally
 *
 * Prints nothing when all is as the header says.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "heaptally.h"

enum {
	JUMPS = 10,
	SNAPSHOTS = 12,
	MARKS_MAX = 1 << 16
};

static const char *file;

static __attribute__((noinline)) char *
make(size_t bytes)
{
	char *block = malloc(bytes);

	__asm__ volatile("" : "+r"(block));
	return block;
}

/* The kernel would end the program. */
static void
snapshot_beyond_limit(void)
{
	struct rlimit limit = {4096, 4096};

	setrlimit(RLIMIT_FSIZE, &limit);
	EXPECT(heaptally_snapshot(file) == -EFBIG);
}

static sigjmp_buf place;
static volatile sig_atomic_t inside, jumps;

static void
leave(int number)
{
	(void)number;
	if (inside) {
		inside = 0;
		jumps = jumps + 1;
		siglongjmp(place, 1);
	}
}

/* No lock stays behind. */
static void
leave_by_longjmp(void)
{
	struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
	volatile int refused = 0;

	signal(SIGALRM, leave);
	setitimer(ITIMER_REAL, &often, NULL);
	while (jumps < JUMPS) {
		if (sigsetjmp(place, 1) == 0) {
			inside = 1;
			refused += heaptally_clear() != 0;
			inside = 0;
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT(refused == 0);
	EXPECT(heaptally_clear() == 0);
}

static void
mark_until_full(void)
{
	for (int i = 0; i < MARKS_MAX; i++)
		EXPECT(heaptally_mark("again") == 0);
	EXPECT(heaptally_mark("one more") == -EAGAIN);
	EXPECT(heaptally_clear() == 0);
}

static void
retag_forgotten(void)
{
	char *block = make(10);

	EXPECT(heaptally_clear() == 0);
	EXPECT(heaptally_retag(block) == -EINVAL);
	/* Ignored, not unknown. */
	free(block);
}

static int calls;

static void
watch_again(void *block, void *context)
{
	calls++;
	if (context != NULL)
		heaptally_watch(block, watch_again, NULL);
}

/* The block that comes to the address next is not watched. */
static void
watch_what_goes(void)
{
	char *block = make(100), *other;

	EXPECT(heaptally_watch(block, watch_again, &calls) == 0);
	free(block);
	other = make(100);
	EXPECT(other == block);
	free(other);
	EXPECT(calls == 1);
}

static pid_t child;

/* context: how to fork; with an allocation or without. */
static void
fork_there(void *block, void *context)
{
	const char *how = context;

	(void)block;
	child = *how == 'r' ? (pid_t)syscall(SYS_fork) : fork();
	if (child == 0 && how[1] == 'a')
		free(make(33));
}

static void
free_and_fork(char *how, int reallocated)
{
	char *block = make(3000);
	int status = -1;

	EXPECT(heaptally_watch(block, fork_there, how) == 0);
	free(reallocated ? realloc(block, 90000) : block);
	if (child == 0) {
		free(make(10));
		_exit(heaptally_is_tracing() ? 0 : 1);
	}
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

/* The child returns into a free that was its parent's. */
static void
fork_in_callback(void)
{
	char ways[4][3] = {"f", "fa", "r", "ra"};

	for (int i = 0; i < 8; i++)
		free_and_fork(ways[i / 2], i % 2);
}

static volatile int done;

/* A new stack for each number: two bits choose the call. */
static __attribute__((noinline)) void
make_below(unsigned number, int depth)
{
	switch (depth == 0 ? 4 : number % 4) {
	case 0:
		make_below(number / 4, depth - 1);
		break;
	case 1:
		make_below(number / 4, depth - 1);
		__asm__ volatile("nop");
		break;
	case 2:
		make_below(number / 4, depth - 1);
		__asm__ volatile("nop; nop");
		break;
	case 3:
		make_below(number / 4, depth - 1);
		__asm__ volatile("nop; nop; nop");
		break;
	default:
		free(make(16));
	}
	__asm__ volatile("");
}

static void *
make_stacks(void *argument)
{
	for (unsigned i = 0; !done && i < 1 << 16; i++)
		make_below(i, 8);
	return argument;
}

static void
snapshots_while_stacks_come(void)
{
	pthread_t threads[2];
	char path[256];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, make_stacks, NULL);
	for (int i = 0; i < SNAPSHOTS; i++) {
		snprintf(path, sizeof path, "%s.%d", file, i);
		EXPECT(heaptally_snapshot(path) == 0);
	}
	done = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"limit", snapshot_beyond_limit}, {"longjmp", leave_by_longjmp},
	{"marks", mark_until_full},       {"snapshots", snapshots_while_stacks_come},
	{"watch", watch_what_goes},       {"fork", fork_in_callback},
	{"retag", retag_forgotten},
};

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	file = argc > 2 ? argv[2] : "";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return failures != 0;
		}
	}
	return 2;
}
