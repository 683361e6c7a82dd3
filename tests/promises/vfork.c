/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfork.c - children that share the memory allocate, from the main thread and from eight others
 *
 *     vfork ROUNDS
 *
 * A vfork child and one of clone(CLONE_VM | CLONE_VFORK) with its own stack allocate and free in
 * memory that is their parent's, so every operation counts here.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	THREADS = 8,
	STACK_BYTES = 65536
};

static struct tally tallies[THREADS];
static long rounds;
static int failed;
static pthread_barrier_t all_made;

static int
allocate(void *argument)
{
	struct tally *tally = argument;

	for (unsigned i = 0; i < 100; i++)
		tally_free(tally, tally_malloc_at(tally, 50, i % 16, 4), 50);
	_exit(0);
}

static int
reap(pid_t child)
{
	int status;

	return child <= 0 || waitpid(child, &status, 0) != child || status != 0;
}

static int
spawn_round(struct tally *tally, char *stack, long round)
{
	char name[] = "true";
	char *const words[] = {name, NULL};
	volatile int wrong = 0;
	pid_t child = vfork();

	if (child == 0) {
		if (round % 2 == 0)
			allocate(tally);
		tally_free(tally, tally_malloc(tally, 60), 60);
		execv("/bin/true", words);
		_exit(1);
	}
	wrong += reap(child);
	child = clone(allocate, stack + STACK_BYTES, SIGCHLD | CLONE_VM | CLONE_VFORK, tally);
	wrong += reap(child);
	return wrong;
}

static void *
work(void *argument)
{
	struct tally *tally = argument;
	char *stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pthread_barrier_wait(&all_made);
	for (long i = 0; i < rounds; i++) {
		void *kept = tally_malloc(tally, 80);

		__atomic_fetch_add(&failed, spawn_round(tally, stack, i), __ATOMIC_RELAXED);
		tally_free(tally, kept, 80);
	}
	munmap(stack, STACK_BYTES);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct tally sum;
	pthread_attr_t attributes;
	pthread_t threads[THREADS];

	/* Small stacks all fit into libc's cache, so their vectors stay. */
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	rounds = target_argument(argc, argv, 1, 5);
	pthread_barrier_init(&all_made, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attributes, work, &tallies[i]) != 0)
			return 9;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		tally_add(&sum, &tallies[i]);
	}
	say("failed %d\n", failed);
	target_report(&sum);
	return failed != 0;
}
