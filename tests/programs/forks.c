/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * forks.c - a parent and its children, each with a number of blocks that a test knows
 *
 *     forks fork|vfork|spawn|daemon CHILDREN [EXITS]
 *
 * The parent allocates 5000 blocks of 32 bytes before the children and 2500 after them. A forked
 * child frees 1000 of the parent's blocks and allocates 300 of 48 bytes. `vfork` and `spawn` start
 * the program EXITS, with 700 blocks. `daemon` forks twice; the grandchild outlives its parent and
 * tells the first process through a pipe when it is done.
 */
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BEFORE = 5000,
	AFTER = 2500,
	FREED = 1000,
	OWN = 300
};

static void *blocks[BEFORE + AFTER];
static void *own_blocks[OWN];
static char *exits_path;

static void
work_as_child(void)
{
	for (int i = 0; i < FREED; i++)
		free(blocks[i]);
	for (int i = 0; i < OWN; i++)
		own_blocks[i] = malloc(48);
}

static pid_t
start_fork(void)
{
	pid_t child = fork();

	if (child == 0) {
		work_as_child();
		exit(0);
	}
	return child;
}

static pid_t
start_vfork(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execl(exits_path, exits_path, "700", "return", (char *)NULL);
		_exit(127);
	}
	return child;
}

static pid_t
start_spawn(void)
{
	extern char **environ;
	char count[] = "700", how[] = "return";
	char *arguments[] = {exits_path, count, how, NULL};
	pid_t child;

	return posix_spawn(&child, exits_path, NULL, NULL, arguments, environ) == 0 ? child : -1;
}

static pid_t
start_daemon(void)
{
	int ends[2];
	char done;
	pid_t child;

	if (pipe(ends) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		work_as_child();
		_exit(write(ends[1], "d", 1) == 1 ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &done, 1) != 1)
		return -1;
	close(ends[0]);
	return child;
}

static const struct {
	const char *name;
	pid_t (*start)(void);
} ways[] = {
	{"fork", start_fork},
	{"vfork", start_vfork},
	{"spawn", start_spawn},
	{"daemon", start_daemon},
};

static int
run_children(const char *name, int count)
{
	int status;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, name) != 0)
			continue;
		for (int k = 0; k < count; k++) {
			pid_t child = ways[i].start();

			if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
				return 1;
		}
		return 0;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 3)
		return 8;
	exits_path = argc > 3 ? argv[3] : NULL;
	for (int i = 0; i < BEFORE; i++)
		blocks[i] = malloc(32);
	status = run_children(argv[1], atoi(argv[2]));
	for (int i = BEFORE; i < BEFORE + AFTER; i++)
		blocks[i] = malloc(32);
	return status;
}
