/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - small things about words and paths
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* What makes an English noun agree with its number: "" for 1, else "s". */
const char *text_plural(uint64_t count);

/* What follows the last slash of path, which may be nothing; the path itself without a slash. */
const char *text_base_name(const char *path);

/* Whether text is something that has this ending. */
bool text_ends_with(const char *text, const char *ending);

/* In the header: tables of prefixes are asked about each place, and most differ at once. */
static inline bool
text_starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix)
		text++, prefix++;
	return *prefix == '\0';
}

#endif
