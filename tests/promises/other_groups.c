/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * other_groups.c - tasks that share the memory and are no threads of the process allocate
 *
 * clone with CLONE_VM and without CLONE_THREAD: each task has a process id and thread-local memory
 * of its own, and some make a thread of theirs. Beside them short pthreads come and go, which look
 * for what a dead thread has left.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STACK_BYTES = 1 << 18,
	TASKS = 6, /* every second one with a thread */
	ROUNDS = 10000,
	PTHREADS = 100,
};

static void *(*allocate_tls)(void *);
static struct tally counted[2 * TASKS + PTHREADS];
static uint32_t ended[TASKS]; /* the threads of tasks */
static bool all_ended;
static int bad;

static void
allocate(struct tally *tally, unsigned rounds)
{
	unsigned seed = (unsigned)(tally - counted) * 7777 + 1;

	for (unsigned i = 0; i < rounds; i++) {
		seed = seed * 1103515245 + 12345;
		tally_free(tally, tally_malloc_at(tally, 40, seed >> 28, 2 + (seed >> 20) % 8), 40);
	}
}

/* The head of the block is libc's, and has to point to itself; the guards are the main thread's. */
static void *
make_tls(void)
{
	uintptr_t *self = (uintptr_t *)pthread_self(), *made = allocate_tls(NULL);

	made[0] = made[2] = (uintptr_t)made;
	((int *)made)[6] = 1;
	made[5] = self[5];
	made[6] = self[6];
	return made;
}

static int
start(int (*function)(void *), void *argument, int flags)
{
	char *stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	flags |= CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SETTLS;
	return clone(function, stack + STACK_BYTES - 64, flags, argument, NULL, make_tls(), NULL);
}

static int
be_thread(void *argument)
{
	uintptr_t number = (uintptr_t)argument;

	allocate(&counted[TASKS + number], ROUNDS);
	__atomic_store_n(&ended[number], 1, __ATOMIC_RELEASE);
	syscall(SYS_exit, 0);
	return 0;
}

static int
be_task(void *argument)
{
	uintptr_t number = (uintptr_t)argument;
	bool has_thread = number % 2 == 1;

	if (has_thread && start(be_thread, argument, CLONE_THREAD | CLONE_SYSVSEM) < 0)
		bad = 1;
	allocate(&counted[number], ROUNDS);
	while (has_thread && __atomic_load_n(&ended[number], __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	syscall(SYS_exit_group, 0);
	return 0;
}

static void *
be_pthread(void *argument)
{
	allocate(argument, 200);
	return NULL;
}

/* As long as one is there, libc's malloc takes its locks: of the tasks it knows nothing. */
static void *
stay(void *argument)
{
	while (!__atomic_load_n(&all_ended, __ATOMIC_ACQUIRE))
		usleep(1000);
	return argument;
}

int
main(void)
{
	struct tally all = {0};
	pid_t tasks[TASKS];
	pthread_t staying;

	*(void **)&allocate_tls = dlvsym(RTLD_DEFAULT, "_dl_allocate_tls", "GLIBC_PRIVATE");
	if (allocate_tls == NULL)
		return 77;
	pthread_create(&staying, NULL, stay, NULL);
	for (uintptr_t i = 0; i < TASKS; i++)
		tasks[i] = start(be_task, (void *)i, SIGCHLD);
	for (int i = 0; i < PTHREADS; i += 2) {
		pthread_t pair[2];

		for (int k = 0; k < 2; k++)
			pthread_create(&pair[k], NULL, be_pthread, &counted[2 * TASKS + i + k]);
		for (int k = 0; k < 2; k++)
			pthread_join(pair[k], NULL);
	}
	for (int i = 0; i < TASKS; i++) {
		int status = 0;

		if (tasks[i] < 0 || waitpid(tasks[i], &status, 0) != tasks[i] || status != 0)
			bad = 1;
	}
	__atomic_store_n(&all_ended, true, __ATOMIC_RELEASE);
	pthread_join(staying, NULL);
	for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
		tally_add(&all, &counted[i]);
	target_report(&all);
	say(bad ? "bad\n" : "done\n");
	return bad;
}
