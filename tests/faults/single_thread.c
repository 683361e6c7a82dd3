/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * single_thread.c - scenario 24: what only works in a process with one thread (F20)
 */
#include "config.h"
#include "target.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/single_threaded.h>
#include <unistd.h>

/* Signals other than SIGTERM must reach nobody else either. */
static int
wait_for_term(void)
{
	sigset_t set;
	int number = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGTERM);
	sigwait(&set, &number);
	return number;
}

int
main(void)
{
	static struct tally tally;
	int space = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	for (unsigned i = 0; i < 1000; i++)
		tally_free(&tally, tally_malloc_at(&tally, 100, i, 10), 100);
	usleep(30000);
	say("threads %lu\n", (unsigned long)target_proc("/proc/self/status", "Threads"));
	say("known to be single: %d\n", __libc_single_threaded);
	say("setns %d\n", setns(space, CLONE_NEWUTS));
	say("signal %d\n", wait_for_term());
	say("new user namespace %d\n", unshare(CLONE_NEWUSER));
	close(space);
	for (unsigned i = 0; i < 1000; i++)
		tally_malloc_at(&tally, 100, i, 10);
	target_report(&tally);
	return 0;
}
