/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork_storm.c - scenario 4: forks of a busy threaded parent; every child must come to its end
 * (F03)
 *
 *     fork_storm FORKS
 *
 * Eight threads allocate. Each child allocates, starts two threads that allocate, and leaves
 * through exit(). A child that needs more than two seconds is killed and counted as hung. Every
 * fourth fork happens inside a signal handler.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 8,
	CHILD_STEPS_MAX = 2000
};

static volatile bool stop;
static struct tally tallies[THREADS];
static volatile pid_t forked;

static void *
churn(void *argument)
{
	struct tally *tally = argument;
	uint64_t random = (uint64_t)(tally - tallies) + 77;

	while (!stop) {
		size_t bytes = next_random(&random) % 300;
		void *block = tally_malloc(tally, bytes);

		block = tally_realloc(tally, block, bytes, bytes + 20);
		tally_free(tally, block, bytes + 20);
		if (random % 64 == 0)
			usleep(100);
	}
	return NULL;
}

static void *
child_thread(void *argument)
{
	for (int i = 0; i < 100; i++)
		free(malloc(100));
	return argument;
}

/* Async-signal-safe code is not asked for here: what the parent may do, the child does. */
static void
be_child(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 50; i++)
		free(malloc(1 + i));
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, child_thread, NULL) != 0)
			_exit(3);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	exit(0);
}

static void
fork_in_handler(int number)
{
	(void)number;
	forked = fork();
}

/* Whether the child ended well within two seconds. */
static bool
await(pid_t child)
{
	const struct timespec step = {0, 1000000};
	int status;

	for (int i = 0; i < CHILD_STEPS_MAX; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		nanosleep(&step, NULL);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return false;
}

int
main(int argc, char **argv)
{
	long forks = target_argument(argc, argv, 1, 100);
	struct sigaction action = {.sa_handler = fork_in_handler};
	static struct tally sum;
	pthread_t threads[THREADS];
	unsigned bad = 0;

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, churn, &tallies[i]);
	for (long i = 0; i < forks && bad < 3; i++) {
		if (i % 4 == 3)
			pthread_kill(pthread_self(), SIGUSR1);
		else
			forked = fork();
		if (forked == 0)
			be_child();
		bad += !await(forked);
	}
	stop = true;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		tally_add(&sum, &tallies[i]);
	}
	say("children that hung or failed: %u\n", bad);
	target_report(&sum);
	return bad != 0;
}
