/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * embed.c - open the libpython named by the first word, privately, and let it run the second
 *
 * Each SIGUSR1 makes a block.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

void handle(int number);

void
handle(int number)
{
	void *volatile block = malloc(40 + (size_t)(number == 0));

	free(block);
}

int
main(int argc, char **argv)
{
	void (*initialize)(int);
	int (*run)(const char *);
	void *library;

	if (argc != 3)
		return 2;
	free(malloc(1));
	signal(SIGUSR1, handle);
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		fprintf(stderr, "embed: %s\n", dlerror());
		return 2;
	}
	initialize = (void (*)(int))dlsym(library, "Py_InitializeEx");
	run = (int (*)(const char *))dlsym(library, "PyRun_SimpleString");
	initialize(0);
	return run(argv[2]);
}
