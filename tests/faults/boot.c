/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boot.c - scenario 3: a program whose own early code allocates, beside `boot_plugin.c` (F01)
 *
 * .preinit_array runs before every constructor. The plugin's functions are weak: without it the
 * program is its own base line.
 */
#include "config.h"
#include "target.h"

#include <string.h>

int boot_value(void) __attribute__((weak));
unsigned boot_resize(void) __attribute__((weak));

static void *blocks[1000];
static struct tally tally;

static void
before_everybody(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		blocks[i] = tally_malloc(&tally, 1 + i);
		memset(blocks[i], 'p', 1 + i);
	}
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = before_everybody;

int
main(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < 1000; i++) {
		char *block = tally_realloc(&tally, blocks[i], 1 + i, 2000);

		wrong += block[0] != 'p' || block[i] != 'p';
		tally_free(&tally, block, 2000);
	}
	if (boot_value != NULL)
		say("value %d, damaged %u\n", boot_value(), boot_resize());
	say("damaged %u\n", wrong);
	target_report(&tally);
	return wrong != 0;
}
