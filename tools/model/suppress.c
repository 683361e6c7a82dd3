/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xalloc.h"

#define KIND "leak:"

int
suppress_list_insert(struct suppress_list *list, const char *line, char **ret_why)
{
	size_t length;

	line += strspn(line, " \t");
	length = strlen(line);
	while (length > 0 && strchr(" \t\r\n", line[length - 1]))
		length--;
	if (length == 0 || line[0] == '#')
		return 0;
	if (!text_starts_with(line, KIND)) {
		*ret_why = xasprintf("%.*s: not a rule: those are leak:PATTERN", (int)length, line);
		return -EINVAL;
	}
	if (length == strlen(KIND)) {
		*ret_why = xstrdup("leak: without a pattern would match everything");
		return -EINVAL;
	}
	list->patterns = xreallocarray(list->patterns, list->count + 1, sizeof(*list->patterns));
	list->patterns[list->count++] = xstrndup(line + strlen(KIND), length - strlen(KIND));
	return 0;
}

void
suppress_list_release(struct suppress_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->patterns[i]);
	free(list->patterns);
	memset(list, 0, sizeof(*list));
}

/* Where the first length bytes of pattern are next in text, or NULL. */
static const char *
find_part(const char *text, const char *pattern, size_t length)
{
	return length == 0 ? text : memmem(text, strlen(text), pattern, length);
}

/* Parts between stars, each at the first place that is left: an earlier match leaves more. */
bool
suppress_match(const char *pattern, const char *text)
{
	bool tied = *pattern == '^';
	size_t left = strlen(pattern += tied);
	bool to_end = left > 0 && pattern[left - 1] == '$';

	left -= to_end;
	for (;;) {
		const char *star = memchr(pattern, '*', left);
		size_t length = star ? (size_t)(star - pattern) : left;
		size_t text_length = strlen(text);
		const char *found;

		if (!star && to_end) {
			if (length > text_length || (tied && length != text_length))
				return false;
			return memcmp(text + text_length - length, pattern, length) == 0;
		}
		found = find_part(text, pattern, length);
		if (!found || (tied && found != text))
			return false;
		if (!star)
			return true;
		text = found + length;
		pattern = star + 1;
		left -= length + 1;
		tied = false;
	}
}

static bool
match_name(const char *pattern, const char *name)
{
	return name && suppress_match(pattern, name);
}

uint32_t
suppress_list_match_place(const struct suppress_list *list, const struct place *place)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *pattern = list->patterns[i];

		if (match_name(pattern, place->function) || match_name(pattern, place->file) ||
		    match_name(pattern, place->module))
			return (uint32_t)i;
	}
	return SUPPRESS_NONE;
}
