/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffer.h - a growable run of bytes
 */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *bytes;
	size_t length;
	size_t capacity;
};

#define BUFFER_INIT        \
	{                  \
		NULL, 0, 0 \
	}

void buffer_init(struct buffer *buffer);
void buffer_release(struct buffer *buffer);

/* Forget the contents, keep the memory. */
void buffer_clear(struct buffer *buffer);

/* Make room for `extra` more bytes and return where they start. They count only once inserted. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t extra);

void buffer_insert(struct buffer *buffer, const void *bytes, size_t length);
void buffer_insert_byte(struct buffer *buffer, uint8_t byte);
void buffer_insert_string(struct buffer *buffer, const char *text);
void buffer_insert_format(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The contents as a NUL-terminated string; valid until the next change. */
const char *buffer_string(struct buffer *buffer);

#endif
