/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runpath.c - scenario 10: everything in the loader that depends on who calls it (F10, F22)
 *
 *     runpath PLUGIN-FILE
 *
 * The program and its library each have a RUNPATH of $ORIGIN with a folder of their own and a
 * plugin in it. Prints which of the two plugins each of them can load, what RTLD_NEXT finds, and
 * how a plugin binds that is loaded plainly and into a namespace of its own.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <string.h>

const char *library_loads(const char *name);
const char *shared_name(void);

static const char *
ask(void *handle, const char *function)
{
	const char *(*answer)(void) =
		handle != NULL ? (const char *(*)(void))dlsym(handle, function) : NULL;

	return answer != NULL ? answer() : "not found";
}

const char *
shared_name(void)
{
	return "program";
}

int
main(int argc, char **argv)
{
	const char *(*next)(void);
	Dl_info info;

	if (argc != 2)
		return 8;
	/* The other's plugin first: once loaded, it would be found by its name. */
	say("program: %s\n", ask(dlopen("ours.so", RTLD_NOW), "whoami"));
	say("library: %s\n", library_loads("theirs.so"));
	say("program: %s\n", ask(dlopen("theirs.so", RTLD_NOW), "whoami"));
	say("library: %s\n", library_loads("ours.so"));
	next = (const char *(*)(void))dlsym(RTLD_NEXT, "shared_name");
	say("RTLD_NEXT: %s\n", next != NULL ? next() : "not found");
	say("plain: %s\n", ask(dlopen(argv[1], RTLD_NOW | RTLD_LOCAL), "through_plugin"));
	say("namespace: %s\n", ask(dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW), "through_plugin"));
	say("missing: %d\n", dlopen("libno_such_file.so", RTLD_NOW) == NULL);
	say("error: %s\n", dlerror());
	say("dladdr: %d\n", dladdr((void *)(uintptr_t)main, &info) != 0);
	target_report(NULL);
	return 0;
}
