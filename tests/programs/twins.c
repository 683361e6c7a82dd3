/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twins.c - programs for a copy of themselves to look at; each line of input is one event
 *
 *     twins events        allocates and frees at each line of input
 *     twins large         the same with some hundred megabytes to read
 *     twins asleep        allocates no more
 *     twins filtered      filters its system calls
 *     twins movers        two threads move pointers to blocks, for ever
 *
 * It says "ready" when it is, and what it has seen of children that it has not made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SLOTS = 20000,
	LARGE = 300
};

static __attribute__((used)) void *slots[2][SLOTS];
static __attribute__((used)) void *large[LARGE];
static volatile sig_atomic_t signals;

static void
note_signal(int number)
{
	signals += number == SIGCHLD;
}

static __attribute__((noinline)) void
lose(void)
{
	for (int i = 0; i < 5; i++)
		memset(malloc(100), 0, 100);
}

static __attribute__((noinline)) void
clean_stack(void)
{
	volatile char area[16384];

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = 0;
}

static void *
move(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument, first = (seed - 1) * (SLOTS / 2);

	for (;;) {
		unsigned from = first + (unsigned)rand_r(&seed) % (SLOTS / 2);
		int side = slots[0][from] == NULL;

		/* Never only in a register: the new place has it before the old one loses it. */
		__atomic_store_n(&slots[!side][from], slots[side][from], __ATOMIC_SEQ_CST);
		__atomic_store_n(&slots[side][from], NULL, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void
start_movers(void)
{
	pthread_t thread;

	for (int i = 0; i < SLOTS; i++)
		slots[0][i] = malloc(40);
	for (size_t i = 1; i <= 2; i++)
		pthread_create(&thread, NULL, move, (void *)i);
}

static void
filter(void)
{
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, all};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void
look_for_children(void)
{
	int status, result = waitpid(-1, &status, WNOHANG);
	siginfo_t info;

	if (result != -1 || errno != ECHILD)
		printf("waitpid saw %d\n", result);
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != -1 || errno != ECHILD)
		puts("waitid saw something");
	if (signals != 0)
		puts("SIGCHLD");
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "events";
	char line[64];

	signal(SIGCHLD, note_signal);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	setvbuf(stdin, NULL, _IOFBF, 4096);
	lose();
	clean_stack();
	for (int i = 0; i < LARGE && strcmp(how, "large") == 0; i++)
		large[i] = memset(malloc(1 << 20), 1, 1 << 20);
	if (strcmp(how, "movers") == 0)
		start_movers();
	if (strcmp(how, "filtered") == 0)
		filter();
	puts("ready");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strcmp(how, "asleep") != 0)
			free(malloc(50));
		if (strcmp(line, "fork\n") == 0 && fork() == 0) {
			memset(malloc(321), 0, 321);
			exit(0);
		} else if (strcmp(line, "fork\n") == 0) {
			wait(NULL);
			signals = 0;
		}
		look_for_children();
		puts("done");
	}
	return 0;
}
