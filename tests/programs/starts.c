/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * starts.c - starts a program by each function that can, with an environment or without
 *
 *     starts WAY keep|drop PROGRAM    WAY: execl execlp execle execv execve execvp execvpe fexecve
 *                                          execveat execveat_fd execveat_dir
 *                                          system popen (by a shell)
 *                                          posix_spawn posix_spawnp vfork
 *
 * The status is that of the program, 127 if it could not be started.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **
environment_for(const char *what)
{
	static char *none[] = {NULL};

	return strcmp(what, "drop") == 0 ? none : environ;
}

/* By its path, by a descriptor of it, or by one of its folder. */
static void
become_at(const char *way, char *program, char **arguments)
{
	char *slash = strrchr(program, '/');

	if (strcmp(way, "execveat") == 0) {
		execveat(AT_FDCWD, program, arguments, environ, 0);
	} else if (strcmp(way, "execveat_fd") == 0) {
		execveat(open(program, O_PATH | O_CLOEXEC), "", arguments, environ, AT_EMPTY_PATH);
	} else if (slash != NULL) {
		*slash = '\0';
		execveat(open(program, O_PATH | O_DIRECTORY | O_CLOEXEC), slash + 1, arguments,
			 environ, 0);
	}
}

static void
become(const char *way, char *program)
{
	char *arguments[] = {program, NULL};

	if (strcmp(way, "execl") == 0)
		execl(program, program, (char *)NULL);
	else if (strcmp(way, "execlp") == 0)
		execlp(program, program, (char *)NULL);
	else if (strcmp(way, "execle") == 0)
		execle(program, program, (char *)NULL, environ);
	else if (strcmp(way, "execv") == 0)
		execv(program, arguments);
	else if (strcmp(way, "execve") == 0)
		execve(program, arguments, environ);
	else if (strcmp(way, "execvp") == 0)
		execvp(program, arguments);
	else if (strcmp(way, "execvpe") == 0)
		execvpe(program, arguments, environ);
	else if (strcmp(way, "fexecve") == 0)
		fexecve(open(program, O_RDONLY | O_CLOEXEC), arguments, environ);
	else if (strncmp(way, "execveat", 8) == 0)
		become_at(way, program, arguments);
}

static int
await(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
ask_shell(const char *way, const char *program)
{
	FILE *stream;
	int status;

	if (strcmp(way, "system") == 0) {
		status = system(program);
	} else {
		stream = popen(program, "r");
		while (stream != NULL && getc(stream) != EOF)
			;
		status = stream != NULL ? pclose(stream) : -1;
	}
	return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

int
main(int argc, char **argv)
{
	char *arguments[2] = {argc > 3 ? argv[3] : NULL, NULL};
	pid_t child = -1;

	if (argc < 4)
		return 2;
	environ = environment_for(argv[2]);
	if (strcmp(argv[1], "system") == 0 || strcmp(argv[1], "popen") == 0)
		return ask_shell(argv[1], argv[3]);
	if (strcmp(argv[1], "posix_spawn") == 0) {
		if (posix_spawn(&child, argv[3], NULL, NULL, arguments, environ) != 0)
			return 127;
	} else if (strcmp(argv[1], "posix_spawnp") == 0) {
		if (posix_spawnp(NULL, argv[3], NULL, NULL, arguments, environ) != 0)
			return 127;
		return wait(NULL) > 0 ? 0 : 127;
	} else {
		child = strcmp(argv[1], "vfork") == 0 ? vfork() : fork();
		if (child == 0) {
			if (strcmp(argv[1], "vfork") == 0)
				execve(argv[3], arguments, environ);
			else
				become(argv[1], argv[3]);
			_exit(127);
		}
	}
	return await(child);
}
