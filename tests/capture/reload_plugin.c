/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reload_plugin.c - a plugin of reload.c: built twice, with other FRAME_BYTES and BLOCK_BYTES
 */
#include <stdlib.h>

void plugin_enter(unsigned depth);

static volatile size_t sink;

__attribute__((noinline)) static void
allocate(void)
{
	volatile char locals[FRAME_BYTES];

	locals[0] = 1;
	free(malloc(BLOCK_BYTES));
	sink += (size_t)locals[0];
}

__attribute__((noinline)) void
plugin_enter(unsigned depth)
{
	volatile char locals[FRAME_BYTES];

	locals[0] = 1;
	if (depth > 0)
		plugin_enter(depth - 1);
	else
		allocate();
	sink += (size_t)locals[0];
}
