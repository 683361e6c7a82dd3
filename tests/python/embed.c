/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * embed.c - open the libpython named by the first word, privately, and let it run the second
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	void (*initialize)(int);
	int (*run)(const char *);
	void *library;

	if (argc != 3)
		return 2;
	free(malloc(1));
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
