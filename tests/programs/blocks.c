/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * blocks.c - blocks whose addresses, sizes, threads and order are known
 *
 *     blocks [stop]
 *
 * Prints a line `NAME ADDRESS THREAD` for each, oldest first:
 *
 *     first     100 bytes, of `keep`
 *     freed     777 bytes, of `drop`, which frees it
 *     threaded  5000 bytes, of a thread's `keep`
 *     empty     0 bytes, of `keep`
 *
 * With `stop` it stops itself at the end.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char output[4096];

static void
say(const char *name, const void *block)
{
	printf("%s %p %ld\n", name, block, syscall(SYS_gettid));
}

__attribute__((noipa)) static void
keep(const char *name, size_t bytes)
{
	void *block = malloc(bytes);

	say(name, block);
}

__attribute__((noipa)) static void
drop(const char *name)
{
	void *block = malloc(777);

	say(name, block);
	free(block);
}

static void *
run_thread(void *argument)
{
	keep("threaded", 5000);
	return argument;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	setvbuf(stdout, output, _IOFBF, sizeof(output));
	keep("first", 100);
	/* Too large for what the thread needs to find its place in. */
	drop("freed");
	if (pthread_create(&thread, NULL, run_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return EXIT_FAILURE;
	keep("empty", 0);
	fflush(stdout);
	if (argc > 1 && strcmp(argv[1], "stop") == 0)
		raise(SIGSTOP);
	return EXIT_SUCCESS;
}
