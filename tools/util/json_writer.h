/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_writer.h - write JSON to a stream, one value after the other
 *
 * Nothing is kept in memory but the nesting. Members of an object are given with their key, those
 * of an array with a NULL key. Strings are bytes of any kind: control characters are escaped and
 * what is not UTF-8 becomes U+FFFD, so the output is always valid.
 *
 *	json_writer_init(&json, stdout);
 *	json_writer_begin_object(&json, NULL);
 *	json_writer_string(&json, "command", "sqlite3");
 *	json_writer_begin_array(&json, "groups");
 *	...
 *	json_writer_end_array(&json);
 *	json_writer_end_object(&json);
 *
 * Write errors stay in the stream (ferror).
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_WRITER_DEPTH 16

struct json_writer {
	FILE *stream;
	bool is_dense; /* without blanks and line breaks; to be set after `json_writer_init` */
	unsigned depth;
	bool used[JSON_WRITER_DEPTH]; /* a member was written at this depth */
};

void json_writer_init(struct json_writer *json, FILE *stream);

/* Objects and arrays; the outermost end writes a newline. Deeper than JSON_WRITER_DEPTH is a bug.
 */
void json_writer_begin_object(struct json_writer *json, const char *key);
void json_writer_end_object(struct json_writer *json);
void json_writer_begin_array(struct json_writer *json, const char *key);
void json_writer_end_array(struct json_writer *json);

/* A NULL value is written as null. */
void json_writer_string(struct json_writer *json, const char *key, const char *value);
void json_writer_signed(struct json_writer *json, const char *key, int64_t value);
void json_writer_unsigned(struct json_writer *json, const char *key, uint64_t value);
void json_writer_bool(struct json_writer *json, const char *key, bool value);
void json_writer_null(struct json_writer *json, const char *key);

/* As a string "0x1f2e": JSON numbers are doubles for most readers. */
void json_writer_hex(struct json_writer *json, const char *key, uint64_t value);

/* Nanoseconds, written as seconds with nine decimals at most, whatever the locale. */
void json_writer_seconds(struct json_writer *json, const char *key, uint64_t value_ns);

#endif
