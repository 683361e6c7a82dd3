/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * error.c - what the command says when something is wrong, and how it ends
 *
 * A line is built whole and written with one call, so that lines of a traced program that shares
 * the terminal cannot fall into the middle of it.
 */
#include "config.h"
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

enum {
	LINE_BYTES = 4096
};

/*
 * Names in messages are other people's: what drives a terminal and what is no UTF-8 is escaped.
 * Returns the new length. What does not fit is left out.
 */
static size_t
append_escaped(char *line, size_t length, const char *text)
{
	while (*text != '\0' && length + 8 < LINE_BYTES) {
		uint32_t code;
		unsigned bytes = utf8_decode(text, &code);

		if (bytes == 0 || utf8_is_control(code)) {
			length += (size_t)snprintf(line + length, 8, "\\x%02x",
						   (unsigned char)*text++);
		} else {
			memcpy(line + length, text, bytes);
			length += bytes;
			text += bytes;
		}
	}
	return length;
}

static void print_line(const char *prefix, int error, const char *format, va_list arguments)
	PRINTF_LIKE(3, 0);

static void
print_line(const char *prefix, int error, const char *format, va_list arguments)
{
	char text[LINE_BYTES];
	char line[LINE_BYTES];
	size_t length = 0;

	vsnprintf(text, sizeof(text), format, arguments);
	length = append_escaped(line, length, prefix);
	length = append_escaped(line, length, text);
	if (error != 0) {
		length = append_escaped(line, length, ": ");
		length = append_escaped(line, length, strerror(abs(error)));
	}
	line[length++] = '\n';
	fflush(stdout);
	fwrite(line, 1, length, stderr);
	fflush(stderr);
}

void
warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line("heaptally: ", 0, format, arguments);
	va_end(arguments);
}

void
warn_errno(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line("heaptally: ", error, format, arguments);
	va_end(arguments);
}

void
die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line("heaptally: ", 0, format, arguments);
	va_end(arguments);
	exit(status);
}

void
die_errno(int status, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line("heaptally: ", error, format, arguments);
	va_end(arguments);
	exit(status);
}

void
bug_at(const char *file, int line, const char *format, ...)
{
	char prefix[256];
	va_list arguments;

	snprintf(prefix, sizeof(prefix), "heaptally: bug at %s:%d: ", file, line);
	va_start(arguments, format);
	print_line(prefix, 0, format, arguments);
	va_end(arguments);
	abort();
}
