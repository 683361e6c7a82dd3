/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * children.c - scenario 5: every way to make a child; the parent's totals must not move (F02, F19)
 *
 *     children ROUNDS
 *
 * Between the parent's own counted operations children are made by fork, _Fork, vfork, clone,
 * clone with its own stack and shared memory, posix_spawn and system. Children with their own
 * memory allocate and free 1000 blocks, which are theirs. Children that share the memory count with
 * the parent.
 */
#include "config.h"
#include "target.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KINDS = 8,
	STACK_BYTES = 65536
};

static struct tally tally;
static char *stack;

static int
allocate_uncounted(void *argument)
{
	(void)argument;
	for (int i = 0; i < 1000; i++)
		free(malloc(1 + i));
	_exit(0);
}

static int
allocate_counted(void *argument)
{
	(void)argument;
	for (int i = 0; i < 100; i++)
		tally_free(&tally, tally_malloc(&tally, 50), 50);
	_exit(0);
}

static pid_t
start(int kind)
{
	char name[] = "true";
	char *const child_arguments[] = {name, NULL};
	pid_t child = -1;

	switch (kind) {
	case 0:
		return fork();
	case 1:
		return _Fork();
	case 2:
		return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	case 3:
		return clone(allocate_uncounted, stack + STACK_BYTES, SIGCHLD, NULL);
	case 4:
		return clone(allocate_counted, stack + STACK_BYTES,
			     SIGCHLD | CLONE_VM | CLONE_VFORK, NULL);
	case 5:
		child = vfork();
		if (child == 0) {
			allocate_counted(NULL);
			_exit(1);
		}
		return child;
	case 6:
		if (posix_spawnp(&child, "true", NULL, NULL, child_arguments, NULL) != 0)
			return -1;
		return child;
	default:
		return system("exit 0") == 0 ? -2 : -1;
	}
}

static int
one(int kind)
{
	int status = 0;
	pid_t child = start(kind);

	if (child == 0)
		allocate_uncounted(NULL);
	if (child == -1)
		return 1;
	if (child > 0 && waitpid(child, &status, 0) != child)
		return 1;
	return status != 0;
}

int
main(int argc, char **argv)
{
	long rounds = target_argument(argc, argv, 1, 10);
	int failed = 0;

	stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (long round = 0; round < rounds; round++) {
		for (int kind = 0; kind < KINDS; kind++) {
			void *kept = tally_malloc(&tally, 40);

			failed += one(kind);
			for (int i = 0; i < 500; i++)
				tally_free(&tally, tally_malloc(&tally, 70), 70);
			if (round % 2 == 0)
				tally_free(&tally, kept, 40);
		}
	}
	say("failed %d\n", failed);
	target_report(&tally);
	return failed != 0;
}
