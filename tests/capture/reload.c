/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reload.c - two plugins that take turns at the same address
 *
 *     reload ROUNDS ALPHA.so BETA.so
 *
 * The plugins have the same functions at the same offsets, with frames of other sizes. What is
 * known of one must not be believed of the other. Each allocates blocks of its own size, so the
 * test knows from the report whether each stack names the right plugin. Prints how often both were
 * loaded at one address.
 */
#include "config.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0, same = 0;
	ElfW(Addr) last = 0;

	for (long i = 0; i < rounds; i++) {
		void *handle = dlopen(argv[2 + i % 2], RTLD_NOW | RTLD_LOCAL);
		struct link_map *map;
		void (*enter)(unsigned);

		if (handle == NULL || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
			return 1;
		same += map->l_addr == last;
		last = map->l_addr;
		enter = (void (*)(unsigned))dlsym(handle, "plugin_enter");
		if (enter == NULL)
			return 1;
		enter(3);
		dlclose(handle);
	}
	printf("%ld\n", same);
	return rounds == 0;
}
