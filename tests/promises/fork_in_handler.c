/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork_in_handler.c - a signal handler forks, and both processes return into what it interrupted
 *
 *     fork_in_handler FORKS fork|_Fork|leave [THREADS]
 *
 * The interrupted code allocates from ever new stacks, so that signals find it inside the tracer.
 * In the child the handler allocates and returns; the loop goes on there for OWN_BLOCKS more and
 * ends. With `leave` the child leaves its handler by siglongjmp. The parent waits for each child in
 * the handler and removes all but every KEEP_EVERYth of the recordings that they leave. Needs
 * `reentrant_malloc.c` behind the tracer.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS_MAX = 16,
	OWN_BLOCKS = 100,
	HANDLER_BLOCKS = 3,
	KEEP_EVERY = 100
};

static long wanted;
static bool by_fork, leaves;
static atomic_long forked, bad;
static volatile bool is_child;
static __thread sigjmp_buf landing;
static __thread bool may_land;
static struct tally tallies[THREADS_MAX];

static void
reap(pid_t child, long number)
{
	char path[64];
	int status = 0;

	while (waitpid(child, &status, 0) != child)
		;
	if (status != 0) {
		atomic_fetch_add(&bad, 1);
		say("child %ld: status %x\n", number, (unsigned)status);
	}
	snprintf(path, sizeof(path), "fork_in_handler.%d.recording", (int)child);
	if (number % KEEP_EVERY != 0)
		unlink(path);
}

static void
handle(int signal_number)
{
	struct tally own = {0};
	long number = atomic_fetch_add(&forked, 1);
	pid_t child;

	(void)signal_number;
	if (number >= wanted || is_child)
		return;
	child = by_fork ? fork() : _Fork();
	if (child > 0) {
		reap(child, number);
	} else if (child == 0) {
		is_child = true;
		/* A hang is an end, too. */
		alarm(20);
		for (unsigned i = 0; number % 2 == 0 && i < HANDLER_BLOCKS; i++)
			tally_malloc_at(&own, 40, i, 2);
		if (leaves && may_land)
			siglongjmp(landing, 1);
	}
}

static void
go_on_as_child(void)
{
	struct tally own = {0};

	for (unsigned i = 0; i < OWN_BLOCKS; i++)
		tally_malloc_at(&own, 24, i, 7);
	_exit(own.allocs == OWN_BLOCKS ? 0 : 1);
}

static void *
work(void *argument)
{
	struct tally *tally = argument;

	sigsetjmp(landing, 1);
	may_land = true;
	for (unsigned i = 0; is_child || atomic_load(&forked) < wanted; i++) {
		void *block;

		if (is_child)
			go_on_as_child();
		block = tally_malloc_at(tally, 64, i * 2654435761u, 12);
		block = tally_realloc(tally, block, 64, 100);
		tally_free(tally, block, 100);
	}
	may_land = false;
	return NULL;
}

static void
storm(long threads)
{
	pthread_t workers[THREADS_MAX];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (long i = 0; i < threads; i++)
		pthread_create(&workers[i], NULL, work, &tallies[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (long i = 0; atomic_load(&forked) < wanted; i++) {
		pthread_kill(workers[i % threads], SIGUSR1);
		usleep(300);
	}
	for (long i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
}

/* Not inherited by a forked child. */
static void
start_timer(void)
{
	struct itimerspec every = {{0, 300000}, {0, 300000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &every, NULL) != 0)
		_exit(9);
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	long threads = target_argument(argc, argv, 3, 1);

	wanted = target_argument(argc, argv, 1, 100);
	by_fork = argc > 2 && strcmp(argv[2], "_Fork") != 0;
	leaves = argc > 2 && strcmp(argv[2], "leave") == 0;
	sigaction(SIGPROF, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	if (threads == 1) {
		start_timer();
		work(&tallies[0]);
	} else {
		storm(threads < THREADS_MAX ? threads : THREADS_MAX);
	}
	for (int i = 1; i < THREADS_MAX; i++)
		tally_add(&tallies[0], &tallies[i]);
	say("%ld bad\n", atomic_load(&bad));
	target_report(&tallies[0]);
	return bad == 0 ? 0 : 1;
}
