/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure.c - run one command and print what it cost
 *
 *     measure [-e NAME=VALUE]... [-d DIRECTORY] [-i INPUT] [-o OUTPUT] COMMAND [ARGUMENT]...
 *
 * Prints "WALL_NS CPU_NS MAXRSS_BYTES STATUS" on standard output; STATUS is an exit status, or
 * 128 plus a signal number. The command reads INPUT and writes OUTPUT, both /dev/null if not given.
 *
 * It is a program of its own because a child inherits the peak memory of the process that forks it:
 * measured from Python, every small command would seem to need Python's memory. The variables given
 * with -e are set in the child only, so that a preload does not trace this program.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job {
	char **variables;
	int variable_count;
	const char *directory;
	const char *input;
	const char *output;
	char **command;
};

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t
timeval_ns(struct timeval t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_usec * INT64_C(1000);
}

static void
redirect(int fd, const char *path, int flags)
{
	int opened = open(path, flags, 0600);

	if (opened < 0 || dup2(opened, fd) < 0) {
		perror(path);
		_exit(127);
	}
	close(opened);
}

static void
become(const struct job *job)
{
	redirect(STDIN_FILENO, job->input, O_RDONLY);
	redirect(STDOUT_FILENO, job->output, O_WRONLY | O_CREAT | O_TRUNC);
	if (job->directory != NULL && chdir(job->directory) != 0) {
		perror(job->directory);
		_exit(127);
	}
	for (int i = 0; i < job->variable_count; i++)
		putenv(job->variables[i]);
	execvp(job->command[0], job->command);
	perror(job->command[0]);
	_exit(127);
}

static int
status_of(int waited)
{
	return WIFSIGNALED(waited) ? 128 + WTERMSIG(waited) : WEXITSTATUS(waited);
}

static int
run(const struct job *job)
{
	struct rusage usage;
	int64_t start = now_ns();
	int waited;
	pid_t child = fork();

	if (child == 0)
		become(job);
	if (child < 0 || wait4(child, &waited, 0, &usage) != child) {
		perror("measure");
		return EXIT_FAILURE;
	}
	printf("%" PRId64 " %" PRId64 " %" PRId64 " %d\n", now_ns() - start,
	       timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime),
	       (int64_t)usage.ru_maxrss * 1024, status_of(waited));
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct job job = {.input = "/dev/null", .output = "/dev/null"};
	int option;

	job.variables = calloc((size_t)argc, sizeof(*job.variables));
	if (job.variables == NULL)
		return EXIT_FAILURE;
	/* The plus keeps getopt from looking for options behind the command. */
	while ((option = getopt(argc, argv, "+e:d:i:o:")) != -1) {
		switch (option) {
		case 'e':
			job.variables[job.variable_count++] = optarg;
			break;
		case 'd':
			job.directory = optarg;
			break;
		case 'i':
			job.input = optarg;
			break;
		case 'o':
			job.output = optarg;
			break;
		default:
			return EXIT_FAILURE;
		}
	}
	job.command = argv + optind;
	if (job.command[0] == NULL) {
		fprintf(stderr, "measure: no command\n");
		return EXIT_FAILURE;
	}
	return run(&job);
}
