/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/error.h"

#define LARGE_BYTES (4u << 20)
#define LARGE_PAGE  (2u << 20)

/*
 * Nodes and their values are arrays of tens of megabytes that are filled from end to end: page by
 * page the faults of a report take as long as its arithmetic. A refusal does no harm.
 */
static void
prefer_large_pages(void *block, size_t size)
{
	uintptr_t first = ((uintptr_t)block + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)block + size) & ~(uintptr_t)(LARGE_PAGE - 1);

	if (first < end)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
}

/*
 * The block, of which so many bytes are filled at once: what grows is moved by pages, for which
 * large ones would be split.
 */
static void *
check(void *block, size_t size)
{
	if (block == NULL)
		die(STATUS_TROUBLE, "out of memory");
	if (size >= LARGE_BYTES)
		prefer_large_pages(block, size);
	return block;
}

void *
xmalloc(size_t size)
{
	return check(malloc(size != 0 ? size : 1), size);
}

void *
xcalloc(size_t count, size_t size)
{
	return check(calloc(count != 0 ? count : 1, size != 0 ? size : 1), count * size);
}

void *
xrealloc(void *block, size_t size)
{
	return check(realloc(block, size != 0 ? size : 1), 0);
}

void *
xreallocarray(void *block, size_t count, size_t size)
{
	return check(reallocarray(block, count != 0 ? count : 1, size != 0 ? size : 1), 0);
}

char *
xstrdup(const char *text)
{
	return check(strdup(text), 0);
}

char *
xstrndup(const char *text, size_t length)
{
	return check(strndup(text, length), 0);
}

char *
xasprintf(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return check(text, 0);
}
