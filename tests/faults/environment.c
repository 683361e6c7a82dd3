/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.c - scenario 29: the environment of a program and of its children (F13)
 *
 *     environment print             print the environment
 *     environment run PROGRAM...    print it, then run PROGRAM with its arguments as a child
 */
#include "config.h"
#include "target.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void
print(void)
{
	for (char **entry = environ; *entry != NULL; entry++)
		say("%s\n", *entry);
}

int
main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	for (int i = 0; i < 100; i++)
		free(malloc(10));
	print();
	if (argc < 3 || strcmp(argv[1], "run") != 0)
		return 0;
	child = fork();
	if (child == 0) {
		execv(argv[2], argv + 2);
		_exit(9);
	}
	if (waitpid(child, &status, 0) != child)
		return 10;
	say("child ended with %x\n", (unsigned)status);
	return 0;
}
