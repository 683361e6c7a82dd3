/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * churn.c - what comes and goes for ever in a program that stays as small as it is
 *
 *     churn threads COUNT             eight live at a time
 *     churn plugins COUNT PLUGIN...   one is loaded at a time
 *
 * Reports how many KiB of memory and of address space were added after the first tenth.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum {
	AT_ONCE = 8
};

static void *
allocate(void *argument)
{
	struct tally own = {0};

	for (unsigned i = 0; i < 16; i++)
		tally_free(&own, tally_malloc_at(&own, 64, i, 4), 64);
	return argument;
}

static void
pass_thread(long turn, bool is_last)
{
	static pthread_t threads[AT_ONCE];
	pthread_t *thread = &threads[turn % AT_ONCE];

	if (turn >= AT_ONCE)
		pthread_join(*thread, NULL);
	if (pthread_create(thread, NULL, allocate, NULL) != 0)
		abort();
	for (long i = 0; is_last && i < AT_ONCE && i <= turn; i++)
		pthread_join(threads[i], NULL);
}

static void
pass_plugin(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW);
	int (*function)(size_t) =
		handle != NULL ? (int (*)(size_t))dlsym(handle, "churn_plugin") : NULL;

	if (function == NULL || function(100) != 1 || dlclose(handle) != 0)
		abort();
}

static uint64_t
grown_since(const char *name, uint64_t before)
{
	uint64_t now = target_proc("/proc/self/status", name);

	return now > before ? now - before : 0;
}

int
main(int argc, char **argv)
{
	long count = target_argument(argc, argv, 2, 1000);
	uint64_t mapped = 0, resident = 0;

	for (long turn = 0; turn < count; turn++) {
		if (turn == count / 10) {
			mapped = target_proc("/proc/self/status", "VmSize");
			resident = target_proc("/proc/self/status", "VmRSS");
		}
		if (strcmp(argv[1], "threads") == 0)
			pass_thread(turn, turn == count - 1);
		else
			pass_plugin(argv[3 + turn % (argc - 3)]);
	}
	target_note("mapped_kib", grown_since("VmSize", mapped));
	target_note("resident_kib", grown_since("VmRSS", resident));
	target_report(NULL);
	return 0;
}
