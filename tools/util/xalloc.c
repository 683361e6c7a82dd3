/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

static void *
check(void *block)
{
	if (block == NULL)
		die(STATUS_TROUBLE, "out of memory");
	return block;
}

void *
xmalloc(size_t size)
{
	return check(malloc(size != 0 ? size : 1));
}

void *
xcalloc(size_t count, size_t size)
{
	return check(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

void *
xrealloc(void *block, size_t size)
{
	return check(realloc(block, size != 0 ? size : 1));
}

void *
xreallocarray(void *block, size_t count, size_t size)
{
	return check(reallocarray(block, count != 0 ? count : 1, size != 0 ? size : 1));
}

char *
xstrdup(const char *text)
{
	return check(strdup(text));
}

char *
xstrndup(const char *text, size_t length)
{
	return check(strndup(text, length));
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
	return check(text);
}
