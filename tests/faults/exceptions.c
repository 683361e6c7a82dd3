/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exceptions.c - scenario 11: a C program with a C++ plugin, and unwinding by pthread_exit (F15,
 * F26)
 *
 *     exceptions ROUNDS PLUGIN
 *
 * libstdc++ and libgcc_s arrive with the plugin, after everything that was preloaded; who else
 * exports _Unwind_RaiseException shows here.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int (*throws)(int);
static int cleaned;

static int
through_c(int depth)
{
	void *block = malloc(100);
	int result;

	free(block);
	result = throws(depth);
	return result + 1;
}

static void
clean(void *argument)
{
	free(argument);
	cleaned++;
}

static void *
leave(void *argument)
{
	void *block = malloc(300);

	pthread_cleanup_push(clean, block);
	if (argument == NULL)
		pthread_exit(NULL);
	pause();
	pthread_cleanup_pop(1);
	return NULL;
}

int
main(int argc, char **argv)
{
	long rounds = target_argument(argc, argv, 1, 100);
	void *handle = argc > 2 ? dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) : NULL;
	int (*catches)(int (*)(int), int);
	int sum = 0;

	if (handle == NULL)
		return 8;
	catches = (int (*)(int (*)(int), int))dlsym(handle, "plugin_catches");
	throws = (int (*)(int))dlsym(handle, "plugin_throws");
	for (long i = 0; i < rounds; i++)
		sum += catches(through_c, (int)(i % 40));
	for (long i = 0; i < 10; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, leave, i % 2 == 0 ? NULL : &thread);
		if (i % 2 == 1)
			pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	say("caught %d, cleaned %d\n", sum, cleaned);
	target_report(NULL);
	return sum == 100 * rounds && cleaned == 10 ? 0 : 1;
}
