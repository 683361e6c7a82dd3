/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/launch_suspend.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A signal for the whole group continues one after the other: who comes later is not stopped. */
static const struct timespec settle = {0, 10 * 1000 * 1000};
static const struct timespec watch_interval = {0, 50 * 1000 * 1000};

/* The signal that stopped it, 0 if it is not stopped. */
static int
get_stop_signal(pid_t program, int flags)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)program, &info, WSTOPPED | WNOHANG | flags) != 0 ||
	    info.si_pid != program)
		return 0;
	return info.si_status;
}

/* From /proc: only its parent may wait for it, and that is stopped. */
static bool
is_stopped(pid_t program)
{
	char path[64], text[512], *state;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)program);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	state = strrchr(text, ')');
	return state != NULL && state[1] != '\0' && (state[2] == 'T' || state[2] == 't');
}

/* Out of reach of the terminal, whose signals are meant for the program. */
static _Noreturn void
watch(pid_t us, pid_t program)
{
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == us && is_stopped(program))
		nanosleep(&watch_interval, NULL);
	if (getppid() == us)
		kill(us, SIGCONT);
	_exit(0);
}

/* As it was stopped, so that a shell says the same of us; by SIGSTOP where that is ignored here. */
static void
stop(int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_DFL)
		number = SIGSTOP;
	raise(number);
}

void
launch_suspend(pid_t program)
{
	pid_t us = getpid(), watcher;
	int number;

	if (get_stop_signal(program, WNOWAIT) == 0)
		return;
	nanosleep(&settle, NULL);
	number = get_stop_signal(program, 0);
	if (number == 0)
		return;
	watcher = fork();
	if (watcher == 0)
		watch(us, program);
	stop(number);
	if (watcher > 0) {
		kill(watcher, SIGKILL);
		waitpid(watcher, NULL, 0);
	}
	nanosleep(&settle, NULL);
	/* Still, and not anew: only we were continued. */
	if (is_stopped(program) && get_stop_signal(program, WNOWAIT) == 0)
		kill(program, SIGCONT);
}
