/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runpath_library.c - scenario 10: a library with its own RUNPATH that loads by plain name (F10) */
#include "config.h"

#include <dlfcn.h>
#include <stddef.h>

const char *library_loads(const char *name);
const char *shared_name(void);

const char *
library_loads(const char *name)
{
	void *handle = dlopen(name, RTLD_NOW);
	const char *(*whoami)(void) =
		handle != NULL ? (const char *(*)(void))dlsym(handle, "whoami") : NULL;

	return whoami != NULL ? whoami() : "not found";
}

/* The same name in the program and in a plugin; who wins tells how the plugin was loaded. */
const char *
shared_name(void)
{
	return "library";
}
