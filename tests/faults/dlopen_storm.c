/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dlopen_storm.c - scenario 9: loader and allocator at the same time, from many threads (F04)
 *
 *     dlopen_storm ROUNDS PLUGIN...
 *
 * Four threads load the plugins (whose constructors start a thread each), let them throw, and
 * unload them; four allocate; one sits in dl_iterate_phdr with a callback that allocates and waits.
 * Every thread has to do its rounds; the watchdog is the scorecard's.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

enum {
	LOADERS = 4,
	WORKERS = 4
};

static long rounds;
static char **plugins;
static int plugin_count;
static int failed;
static volatile bool stop;

static void *
load_and_unload(void *argument)
{
	long first = (long)argument;

	for (long i = 0; i < rounds; i++) {
		const char *path = plugins[(first + i) % plugin_count];
		void *handle = dlopen(path, RTLD_NOW);
		int (*function)(int) =
			handle != NULL ? (int (*)(int))dlsym(handle, "storm_throw") : NULL;

		if (function == NULL || function((int)i) != (int)i + 1)
			__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
		if (handle != NULL)
			dlclose(handle);
	}
	return NULL;
}

static void *
allocate(void *argument)
{
	struct tally *tally = argument;

	for (unsigned i = 0; i < 200 * (unsigned)rounds || !stop; i++) {
		void *block = tally_malloc_at(tally, 80, i % 256, 8);

		tally_free(tally, block, 80);
		if (i % 64 == 0)
			usleep(50);
	}
	return NULL;
}

static int
look(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)info;
	(void)size;
	(void)data;
	free(malloc(200));
	usleep(1000);
	return 0;
}

static void *
iterate(void *argument)
{
	while (!stop) {
		dl_iterate_phdr(look, NULL);
		usleep(2000);
	}
	return argument;
}

int
main(int argc, char **argv)
{
	static struct tally tallies[WORKERS];
	pthread_t loaders[LOADERS], workers[WORKERS], iterator;

	rounds = target_argument(argc, argv, 1, 50);
	plugins = argv + 2;
	plugin_count = argc - 2;
	if (plugin_count < 1)
		return 8;
	pthread_create(&iterator, NULL, iterate, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, allocate, &tallies[i]);
	for (long i = 0; i < LOADERS; i++)
		pthread_create(&loaders[i], NULL, load_and_unload, (void *)i);
	for (int i = 0; i < LOADERS; i++)
		pthread_join(loaders[i], NULL);
	stop = true;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	pthread_join(iterator, NULL);
	say("failed %d\n", failed);
	target_report(NULL);
	return failed != 0;
}
