/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boot_plugin.c - scenario 3: a second preload that allocates as early as it can (F01)
 *
 * Its IFUNC resolver runs while the loader still relocates, its constructor possibly before the
 * tracer's. What they allocate is kept, resized after `main` began (`boot_resize`), and freed in
 * the destructor, after everybody else's.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 1000,
	BLOCKS = 5
};

static void *kept[ROUNDS][BLOCKS];
static void *early[8];
static unsigned early_count;
static unsigned wrong;

int boot_value(void);
unsigned boot_resize(void);

static int
forty_two(void)
{
	return 42;
}

/* Nothing but malloc and free: the loader has not finished this object. */
static int (*resolve_value(void))(void)
{
	for (unsigned i = 0; i < 8; i++) {
		char *block = malloc(100 + i);

		if (block != NULL) {
			memset(block, 'e', 100 + i);
			early[early_count++] = block;
		}
	}
	if (early_count > 4)
		free(early[--early_count]);
	return forty_two;
}

int boot_value(void) __attribute__((ifunc("resolve_value")));

static void
fill(void **blocks)
{
	void *aligned = NULL;

	blocks[0] = malloc(100);
	blocks[1] = calloc(3, 333);
	for (unsigned i = 0; i < 999; i++)
		wrong += ((char *)blocks[1])[i] != 0;
	blocks[2] = realloc(malloc(10), 500);
	wrong += posix_memalign(&aligned, 256, 300) != 0 || (size_t)aligned % 256 != 0;
	blocks[3] = aligned;
	blocks[4] = strdup("a string of the constructor");
	wrong += dlsym(RTLD_DEFAULT, "heaptally_no_such_symbol") != NULL;
	for (unsigned i = 0; i < BLOCKS; i++)
		wrong += (size_t)blocks[i] % 16 != 0;
	memset(blocks[0], 'k', 100);
}

static void __attribute__((constructor)) construct(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		fill(kept[i]);
}

/* Resize what was allocated early; returns how much was found damaged. */
unsigned
boot_resize(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		char *block = realloc(kept[i][0], 1000);

		wrong += block[0] != 'k' || block[99] != 'k';
		kept[i][0] = block;
	}
	for (unsigned i = 0; i < early_count; i++) {
		char *block = realloc(early[i], 4000);

		wrong += block[0] != 'e' || block[99] != 'e';
		early[i] = block;
	}
	return wrong;
}

static void __attribute__((destructor)) destruct(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned k = 0; k < BLOCKS; k++)
			free(kept[i][k]);
	for (unsigned i = 0; i < early_count; i++)
		free(early[i]);
}
