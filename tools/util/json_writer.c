/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_writer.c - write JSON to a stream, one value after the other
 *
 * Objects are laid out one member a line down to LINE_DEPTH and in one line below it: a group of a
 * report is one line each frame, which diffs and greps well and stays small.
 *
 * Reports may have gigabytes, in pieces of a few bytes: the stream is not locked for each of them.
 */
#include "config.h"

#include "util/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "util/utf8.h"

#define LINE_DEPTH 3

/* How many bytes from text on are themselves: nearly all there are. */
static size_t
count_plain(const char *text)
{
	size_t count = 0;

	while (text[count] >= 0x20 && text[count] < 0x7f && text[count] != '"' &&
	       text[count] != '\\')
		count++;
	return count;
}

static void
write_text(FILE *stream, const char *text)
{
	putc_unlocked('"', stream);
	for (const char *at = text; *at;) {
		size_t plain = count_plain(at);
		uint32_t code;
		unsigned bytes;

		if (plain > 0) {
			fwrite_unlocked(at, 1, plain, stream);
			at += plain;
			continue;
		}
		bytes = utf8_decode(at, &code);
		if (bytes == 0) {
			fputs_unlocked("\xef\xbf\xbd", stream);
			at++;
			continue;
		}
		if (code == '"' || code == '\\')
			fprintf(stream, "\\%c", (int)code);
		else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			fprintf(stream, "\\u%04x", (unsigned)code);
		else
			fwrite_unlocked(at, 1, bytes, stream);
		at += bytes;
	}
	putc_unlocked('"', stream);
}

static void
break_line(struct json_writer *json)
{
	if (json->is_dense || json->depth > LINE_DEPTH)
		return;
	putc_unlocked('\n', json->stream);
	for (unsigned i = 0; i < json->depth; i++)
		fputs_unlocked("  ", json->stream);
}

/* Whatever stands before a value: the comma, the line break, the key. */
static void
begin_value(struct json_writer *json, const char *key)
{
	if (json->depth > 0) {
		if (json->used[json->depth - 1])
			fputs_unlocked(json->depth > LINE_DEPTH && !json->is_dense ? ", " : ",",
				       json->stream);
		json->used[json->depth - 1] = true;
		break_line(json);
	}
	if (key) {
		write_text(json->stream, key);
		fputs_unlocked(json->is_dense ? ":" : ": ", json->stream);
	}
}

static void
begin_nest(struct json_writer *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc_unlocked(bracket, json->stream);
	assert(json->depth < JSON_WRITER_DEPTH);
	json->used[json->depth++] = false;
}

static void
end_nest(struct json_writer *json, char bracket)
{
	bool used;

	assert(json->depth > 0);
	used = json->used[--json->depth];
	if (used && json->depth < LINE_DEPTH)
		break_line(json);
	putc_unlocked(bracket, json->stream);
	if (json->depth == 0)
		putc_unlocked('\n', json->stream);
}

void
json_writer_init(struct json_writer *json, FILE *stream)
{
	memset(json, 0, sizeof(*json));
	json->stream = stream;
}

void
json_writer_begin_object(struct json_writer *json, const char *key)
{
	begin_nest(json, key, '{');
}

void
json_writer_end_object(struct json_writer *json)
{
	end_nest(json, '}');
}

void
json_writer_begin_array(struct json_writer *json, const char *key)
{
	begin_nest(json, key, '[');
}

void
json_writer_end_array(struct json_writer *json)
{
	end_nest(json, ']');
}

void
json_writer_string(struct json_writer *json, const char *key, const char *value)
{
	if (!value) {
		json_writer_null(json, key);
		return;
	}
	begin_value(json, key);
	write_text(json->stream, value);
}

void
json_writer_signed(struct json_writer *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "%" PRId64, value);
}

void
json_writer_unsigned(struct json_writer *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "%" PRIu64, value);
}

void
json_writer_bool(struct json_writer *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs_unlocked(value ? "true" : "false", json->stream);
}

void
json_writer_null(struct json_writer *json, const char *key)
{
	begin_value(json, key);
	fputs_unlocked("null", json->stream);
}

void
json_writer_hex(struct json_writer *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "\"0x%" PRIx64 "\"", value);
}

void
json_writer_seconds(struct json_writer *json, const char *key, uint64_t value_ns)
{
	begin_value(json, key);
	fprintf(json->stream, "%" PRIu64 ".%09" PRIu64, value_ns / 1000000000,
		value_ns % 1000000000);
}
