/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/xalloc.h"

void
buffer_init(struct buffer *buffer)
{
	*buffer = (struct buffer)BUFFER_INIT;
}

void
buffer_release(struct buffer *buffer)
{
	free(buffer->bytes);
	buffer_init(buffer);
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
}

uint8_t *
buffer_reserve(struct buffer *buffer, size_t extra)
{
	size_t wanted;

	if (__builtin_add_overflow(buffer->length, extra, &wanted))
		die(STATUS_TROUBLE, "out of memory");
	if (wanted > buffer->capacity) {
		size_t capacity = buffer->capacity + buffer->capacity / 2 + 64;

		buffer->capacity = capacity < wanted ? wanted : capacity;
		buffer->bytes = xrealloc(buffer->bytes, buffer->capacity);
	}
	return buffer->bytes + buffer->length;
}

void
buffer_insert(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_reserve(buffer, length), bytes, length);
	buffer->length += length;
}

void
buffer_insert_byte(struct buffer *buffer, uint8_t byte)
{
	*buffer_reserve(buffer, 1) = byte;
	buffer->length++;
}

void
buffer_insert_string(struct buffer *buffer, const char *text)
{
	buffer_insert(buffer, text, strlen(text));
}

void
buffer_insert_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		BUG("format \"%s\"", format);
	buffer_reserve(buffer, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf((char *)buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

const char *
buffer_string(struct buffer *buffer)
{
	*buffer_reserve(buffer, 1) = '\0';
	return (const char *)buffer->bytes;
}
