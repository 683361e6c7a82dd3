/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exit_race.c - scenarios 17 and 18: the end of a process with 32 busy threads (F11, F30)
 *
 *     exit_race return|exit|quick_exit|_exit|abort|kill|pthread_exit|exec|wait [THREADS]
 *
 * Every thread counts in the shared file, before and after each operation, so what was done is
 * known whatever the end. `wait` goes on until somebody kills it.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	THREADS_MAX = 64,
	KEPT = 64
};

static struct tally *tallies;
static volatile bool stop;

static void *
churn(void *argument)
{
	struct tally *tally = argument;
	uint64_t random = (uint64_t)(tally - tallies) + 99;
	void *kept[KEPT] = {NULL};
	uint32_t sizes[KEPT] = {0};

	while (!stop) {
		unsigned slot = (unsigned)(next_random(&random) % KEPT);

		__atomic_store_n(&tally->begun, tally->begun + 1, __ATOMIC_RELEASE);
		if (kept[slot] != NULL) {
			tally_free(tally, kept[slot], sizes[slot]);
			kept[slot] = NULL;
		} else {
			sizes[slot] = (uint32_t)(random >> 32) % 400;
			kept[slot] = tally_malloc_at(tally, sizes[slot], slot, 6);
		}
	}
	return NULL;
}

static void *
stop_soon(void *argument)
{
	usleep(3000);
	stop = true;
	return argument;
}

static int
end_by(const char *how, char **argv)
{
	pthread_t thread;

	if (strcmp(how, "exit") == 0)
		exit(3);
	if (strcmp(how, "quick_exit") == 0)
		quick_exit(4);
	if (strcmp(how, "_exit") == 0)
		_exit(5);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(how, "exec") == 0)
		execl("/bin/true", "true", (char *)NULL);
	if (strcmp(how, "pthread_exit") == 0) {
		pthread_create(&thread, NULL, stop_soon, NULL);
		pthread_exit(NULL);
	}
	while (strcmp(how, "wait") == 0)
		pause();
	return argv == NULL ? 1 : 6;
}

int
main(int argc, char **argv)
{
	int threads = (int)target_argument(argc, argv, 2, 32);
	struct rlimit no_core = {0, 0};
	pthread_attr_t attributes;

	if (argc < 2 || threads > THREADS_MAX)
		return 8;
	setrlimit(RLIMIT_CORE, &no_core);
	tallies = target_shared(THREADS_MAX);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attributes, churn, &tallies[i]) != 0)
			return 9;
	}
	usleep(5000);
	return end_by(argv[1], argv);
}
