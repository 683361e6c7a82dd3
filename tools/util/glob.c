/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glob.c - file name patterns as Python's fnmatch has them
 *
 * Only the last `*` is ever tried again, so the time is at most length times length. Characters are
 * code points, as in Python; a byte that is no UTF-8 is one character.
 */
#include "config.h"

#include "util/glob.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/utf8.h"

static uint32_t
take_character(const char **text)
{
	uint32_t code;
	unsigned bytes = utf8_decode(*text, &code);

	if (bytes == 0) {
		/* Python decodes such a byte to a lone surrogate, which sorts there too. */
		code = 0xdc00 + (unsigned char)**text;
		bytes = 1;
	}
	*text += bytes;
	return code;
}

/* The `]` of the set whose content starts at text, or NULL: then the `[` is literal. */
static const char *
find_set_end(const char *text)
{
	if (*text == '!')
		text++;
	if (*text == ']')
		text++;
	return strchr(text, ']');
}

/* Python drops a range whose ends are in the wrong order. */
static bool
match_set(const char *set, const char *end, uint32_t wanted)
{
	bool negated = *set == '!';
	bool found = false;

	if (negated)
		set++;
	while (set < end) {
		uint32_t low = take_character(&set), high = low;

		if (*set == '-' && set + 1 < end) {
			set++;
			high = take_character(&set);
		}
		found |= low <= wanted && wanted <= high;
	}
	return found != negated;
}

/* Match one character of text with one item of the pattern, and go past both. */
static bool
match_one(const char **pattern, const char **text)
{
	uint32_t wanted;
	const char *end;

	if (!**text || !**pattern)
		return false;
	wanted = take_character(text);
	if (**pattern == '?') {
		++*pattern;
		return true;
	}
	end = **pattern == '[' ? find_set_end(*pattern + 1) : NULL;
	if (end) {
		const char *set = *pattern + 1;

		*pattern = end + 1;
		return match_set(set, end, wanted);
	}
	return take_character(pattern) == wanted;
}

bool
glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text || *pattern) {
		const char *next_pattern = pattern, *next_text = text;

		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (match_one(&next_pattern, &next_text)) {
			pattern = next_pattern;
			text = next_text;
		} else if (star && *retry) {
			take_character(&retry);
			pattern = star;
			text = retry;
		} else {
			return false;
		}
	}
	return true;
}
