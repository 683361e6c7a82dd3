/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deepbind.c - scenario 10: RTLD_DEEPBIND keeps its meaning (F10)
 *
 *     deepbind PLUGIN-FILE
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>

const char *shared_name(void);

const char *
shared_name(void)
{
	return "program";
}

int
main(int argc, char **argv)
{
	void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND) : NULL;
	const char *(*function)(void);

	if (handle == NULL)
		return 8;
	function = (const char *(*)(void))dlsym(handle, "through_plugin");
	say("deepbind: %s\n", function());
	target_report(NULL);
	return 0;
}
