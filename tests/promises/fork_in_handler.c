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
	KEEP_EVERY = 100,
	MIN_STEPS = 10
};

static long wanted;
static bool by_fork, leaves;
static atomic_long forked, returned, bad;
static atomic_bool parent_waits; /* the others, too: blocks are never used again */
static volatile bool is_child;
static timer_t timer;
static long patience;                               /* ns that the timer waits beside its own */
static volatile unsigned long steps, steps_at_fork; /* of the thread that the timer interrupts */
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

/* Not inherited by a forked child. Set anew by each handler, so that the program gets on. */
static void
set_timer(long number)
{
	struct itimerspec once = {.it_value = {0, 20000 + patience + number * 7919 % 200000}};

	if (timer_settime(timer, 0, &once, NULL) != 0)
		_exit(9);
}

/*
 * Whether the program has got on since the last fork. It gets more time when not: a return from a
 * handler can take longer than the timer.
 */
static bool
got_on(int signal_number)
{
	if (signal_number != SIGPROF || steps - steps_at_fork >= MIN_STEPS)
		return true;
	if (patience < 50000000)
		patience += 20000;
	set_timer(atomic_load(&forked));
	return false;
}

static void
handle(int signal_number)
{
	struct tally own = {0};
	long number;
	pid_t child;

	if (is_child || !got_on(signal_number))
		return;
	number = atomic_fetch_add(&forked, 1);
	if (number >= wanted)
		return;
	child = by_fork ? fork() : _Fork();
	if (child > 0) {
		atomic_store(&parent_waits, true);
		reap(child, number);
		atomic_store(&parent_waits, false);
		steps_at_fork = steps;
		if (signal_number == SIGPROF)
			set_timer(number);
		atomic_fetch_add(&returned, 1);
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

		while (!is_child && atomic_load(&parent_waits))
			usleep(50);
		if (is_child) {
			/* That a call was left shows when one is made from no further in. */
			free(malloc(1));
			go_on_as_child();
		}
		block = tally_malloc_at(tally, 64, i * 2654435761u, 12);
		block = tally_realloc(tally, block, 64, 100);
		tally_free(tally, block, 100);
		steps++;
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
		/* One at a time, or the program would not get on. */
		while (atomic_load(&returned) <= i && atomic_load(&returned) < wanted)
			usleep(50);
		usleep((unsigned)(20 + i % 200));
	}
	for (long i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
}

int
main(int argc, char **argv)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	long threads = target_argument(argc, argv, 3, 1);

	wanted = target_argument(argc, argv, 1, 100);
	by_fork = argc > 2 && strcmp(argv[2], "_Fork") != 0;
	leaves = argc > 2 && strcmp(argv[2], "leave") == 0;
	sigaction(SIGPROF, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	if (threads == 1) {
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
			return 9;
		set_timer(0);
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
