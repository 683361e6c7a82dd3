/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/markdown.h"

#include <string.h>

#include "util/buffer.h"

void
markdown_insert_code(struct buffer *out, const char *text)
{
	size_t longest = 0, run = 0;

	if (*text == '\0')
		return;
	for (const char *at = text; *at != '\0'; at++) {
		run = *at == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buffer_insert_byte(out, '`');
	/* A backtick at an end would be part of the fence. */
	buffer_insert_string(out, longest > 0 ? " " : "");
	for (; *text != '\0'; text++) {
		/* The table looks for its cells before the span is seen. */
		if (*text == '|')
			buffer_insert_byte(out, '\\');
		buffer_insert_byte(out, (uint8_t)*text);
	}
	buffer_insert_string(out, longest > 0 ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		buffer_insert_byte(out, '`');
}

void
markdown_insert_text(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\`*_{}[]<>#|~&!", *text) != NULL)
			buffer_insert_byte(out, '\\');
		buffer_insert_byte(out, (uint8_t)*text);
	}
}

void
markdown_insert_word(struct buffer *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_@%+=:,./-";

	if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
		buffer_insert_string(out, word);
		return;
	}
	buffer_insert_string(out, "$'");
	for (; *word != '\0'; word++) {
		unsigned char byte = (unsigned char)*word;

		if (byte < ' ' || byte > '~' || byte == '\'' || byte == '\\' || byte == '`')
			buffer_insert_format(out, "\\x%02x", byte);
		else
			buffer_insert_byte(out, byte);
	}
	buffer_insert_string(out, "'");
}
