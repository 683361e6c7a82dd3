/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own_malloc.c - a program that brings its own malloc, which no preload can see
 */
#include <stddef.h>

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

static char pool[1 << 20] __attribute__((aligned(16)));
static size_t used;

void *
malloc(size_t size)
{
	size_t start = used;

	if (size > sizeof(pool) - used)
		return NULL;
	used += (size + 15) & ~(size_t)15;
	return pool + start;
}

void
free(void *block)
{
	(void)block;
}

void *
calloc(size_t count, size_t size)
{
	return malloc(count * size);
}

/* Good enough for a test: the old content is in the pool in front of the new block. */
void *
realloc(void *block, size_t size)
{
	char *larger = malloc(size);
	const char *old = block;

	for (size_t i = 0; larger != NULL && old != NULL && old + i < larger && i < size; i++)
		larger[i] = old[i];
	return larger;
}

static void *volatile sink;

int
main(void)
{
	for (int i = 0; i < 100; i++)
		sink = malloc(100);
	return 0;
}
