/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inject.c - let the Nth system call that the runtime makes fail
 *
 *     inject N ERRNO NAME,NAME... PROGRAM [ARG...]
 *
 * Follows the program with ptrace. A system call counts when it is one of the names and its
 * instruction lies in the runtime's mapping. With N of 0 nothing fails. The last line on standard
 * error is the number of calls that counted; the exit status is the program's.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} calls[] = {
	{"mmap", SYS_mmap},           {"munmap", SYS_munmap},
	{"madvise", SYS_madvise},     {"mprotect", SYS_mprotect},
	{"openat", SYS_openat},       {"open", SYS_open},
	{"ftruncate", SYS_ftruncate}, {"fallocate", SYS_fallocate},
	{"close", SYS_close},         {"mkdir", SYS_mkdir},
	{"mkdirat", SYS_mkdirat},     {"read", SYS_read},
	{"fstat", SYS_fstat},         {"newfstatat", SYS_newfstatat},
	{"readlink", SYS_readlink},   {"readlinkat", SYS_readlinkat},
	{"getrandom", SYS_getrandom}, {"prctl", SYS_prctl},
	{"pread64", SYS_pread64},     {"statfs", SYS_statfs},
	{"fstatfs", SYS_fstatfs},     {"mremap", SYS_mremap},
	{"fcntl", SYS_fcntl},         {"clock_gettime", SYS_clock_gettime},
	{"clone", SYS_clone},
};

enum {
	CHOSEN_MAX = 32
};

static long chosen[CHOSEN_MAX];
static unsigned chosen_count;
static uint64_t runtime_start, runtime_end;

static void
choose(char *names)
{
	for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ","))
		for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			if (strcmp(calls[i].name, name) == 0 && chosen_count < CHOSEN_MAX)
				chosen[chosen_count++] = calls[i].number;
}

static bool
is_chosen(long number)
{
	for (unsigned i = 0; i < chosen_count; i++)
		if (chosen[i] == number)
			return true;
	return false;
}

/* The runtime is mapped once; before that nothing of it can run. */
static bool
in_runtime(pid_t child, uint64_t address)
{
	char path[64], line[512];
	FILE *maps;

	if (runtime_end == 0) {
		snprintf(path, sizeof(path), "/proc/%d/maps", (int)child);
		maps = fopen(path, "r");
		while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
			unsigned long start, end;

			if (strstr(line, "/libheaptally.so") == NULL ||
			    sscanf(line, "%lx-%lx", &start, &end) != 2)
				continue;
			if (runtime_start == 0)
				runtime_start = start;
			runtime_end = end;
		}
		if (maps != NULL)
			fclose(maps);
	}
	if (address >= runtime_start && address < runtime_end)
		return true;
	/* The loader maps the segments one by one; do not keep half of the answer. */
	runtime_start = runtime_end = 0;
	return false;
}

/* Follow the child to its end; returns its wait status. */
static int
follow(pid_t child, long fail_at, int error, long *ret_counted)
{
	bool entering = true, failing = false;
	int status, signal_number = 0;

	*ret_counted = 0;
	while (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)signal_number) == 0) {
		struct user_regs_struct registers;

		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return status;
		signal_number = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		if (WSTOPSIG(status) != (SIGTRAP | 0x80))
			continue;
		ptrace(PTRACE_GETREGS, child, NULL, &registers);
		if (entering && is_chosen((long)registers.orig_rax) &&
		    in_runtime(child, registers.rip)) {
			failing = ++*ret_counted == fail_at;
			if (failing) {
				registers.orig_rax = (unsigned long)-1;
				ptrace(PTRACE_SETREGS, child, NULL, &registers);
			}
		} else if (!entering && failing) {
			registers.rax = (unsigned long)-(long)error;
			ptrace(PTRACE_SETREGS, child, NULL, &registers);
			failing = false;
		}
		entering = !entering;
	}
	return status;
}

int
main(int argc, char **argv)
{
	const char *preload = getenv("PROMISE_PRELOAD");
	int status;
	long counted;
	pid_t child;

	if (argc < 5)
		return 125;
	choose(argv[3]);
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		if (preload != NULL)
			setenv("LD_PRELOAD", preload, 1);
		execv(argv[4], argv + 4);
		_exit(126);
	}
	if (waitpid(child, &status, 0) != child)
		return 125;
	ptrace(PTRACE_SETOPTIONS, child, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC);
	status = follow(child, atol(argv[1]), atoi(argv[2]), &counted);
	fprintf(stderr, "%ld\n", counted);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
