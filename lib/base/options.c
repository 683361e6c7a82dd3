/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - what the environment asks of the runtime
 */
#include "base/options.h"

#include <string.h>

#define WORD_BYTES 1280
#define FRAMES_MAX 65535
#define BASE       36u
#define DIGITS     5 /* with the @ as long as `ignore`, and enough for PID_MAX_LIMIT */

/* Copy one word of text without its escapes; returns what follows it, NULL at the end. */
static const char *
next_word(const char *text, char *word)
{
	size_t n = 0;

	while (*text != '\0' && *text != ':') {
		if (*text == '\\' && (text[1] == ':' || text[1] == '\\'))
			text++;
		if (n + 1 < WORD_BYTES)
			word[n++] = *text;
		text++;
	}
	word[n] = '\0';
	return *text == ':' ? text + 1 : NULL;
}

static bool
parse_number(const char *text, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || number > UINT32_MAX / 10 - 1)
			return false;
		number = number * 10 + (uint32_t)(*text - '0');
	}
	*ret_number = number;
	return true;
}

static bool
parse_path(const char *text, char *path, size_t bytes)
{
	size_t length = strlen(text);

	if (length == 0 || length >= bytes)
		return false;
	memcpy(path, text, length + 1);
	return true;
}

/* One of two words: false and true. */
static bool
parse_choice(const char *text, const char *no, const char *yes, bool *ret_choice)
{
	if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
		return false;
	*ret_choice = strcmp(text, yes) == 0;
	return true;
}

/* @ and five digits. */
static bool
parse_process(const char *text, uint32_t *ret_process)
{
	uint32_t process = 0;

	if (strlen(text) != 1 + DIGITS)
		return false;
	for (const char *digit = text + 1; *digit != '\0'; digit++) {
		if (*digit >= '0' && *digit <= '9')
			process = process * BASE + (uint32_t)(*digit - '0');
		else if (*digit >= 'a' && *digit <= 'z')
			process = process * BASE + (uint32_t)(*digit - 'a') + 10;
		else
			return false;
	}
	*ret_process = process;
	return true;
}

static bool
parse_children(const char *text, struct options *o)
{
	if (*text != '@')
		return parse_choice(text, "follow", "ignore", &o->ignore_children);
	o->ignore_children = true;
	return parse_process(text, &o->only_process);
}

static bool
parse_word(char *word, struct options *o)
{
	char *value = strchr(word, '=');
	uint32_t frames;

	if (value == NULL)
		return *word == '\0';
	*value++ = '\0';
	if (strcmp(word, "dir") == 0)
		return parse_path(value, o->directory, sizeof o->directory);
	if (strcmp(word, "out") == 0)
		return parse_path(value, o->out, sizeof o->out);
	if (strcmp(word, "children") == 0)
		return parse_children(value, o);
	if (strcmp(word, "realloc") == 0)
		return parse_choice(value, "last", "origin", &o->realloc_origin);
	if (strcmp(word, "start") == 0)
		return parse_choice(value, "on", "off", &o->start_off);
	if (strcmp(word, "threads") == 0)
		return parse_choice(value, "off", "on", &o->threads);
	if (strcmp(word, "blocks") == 0)
		return parse_choice(value, "off", "on", &o->blocks);
	if (strcmp(word, "crosscheck") == 0)
		return parse_number(value, &o->crosscheck);
	if (strcmp(word, "frames") != 0 || !parse_number(value, &frames) || frames > FRAMES_MAX)
		return false;
	o->frames = frames;
	return true;
}

static void
parse_words(const char *text, struct options *o)
{
	char word[WORD_BYTES];

	while (text != NULL) {
		text = next_word(text, word);
		if (!parse_word(word, o))
			o->bad = true;
	}
}

/* The value of a variable in the environment, or NULL. */
static char *
value_of(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return NULL;
}

void
options_read(char *const *environment, struct options *ret_options)
{
	const char *runtime = value_of(environment, "XDG_RUNTIME_DIR");
	const char *temporary = value_of(environment, "TMPDIR");

	memset(ret_options, 0, sizeof *ret_options);
	parse_words(value_of(environment, "HEAPTALLY"), ret_options);
	/* Kept as copies: the program may write over its environment before it forks. */
	if (runtime != NULL)
		parse_path(runtime, ret_options->runtime_directory,
			   sizeof ret_options->runtime_directory);
	if (temporary != NULL)
		parse_path(temporary, ret_options->temporary_directory,
			   sizeof ret_options->temporary_directory);
}

void
options_mark_process(char *const *environment, uint32_t process)
{
	static const char word[] = "children=ignore";
	char *value = value_of(environment, "HEAPTALLY");
	char *found = value != NULL ? strstr(value, word) : NULL;
	bool is_word = found != NULL && (found == value || found[-1] == ':') &&
		       (found[sizeof word - 1] == '\0' || found[sizeof word - 1] == ':');

	if (!is_word)
		return;
	for (char *digit = found + sizeof word - 2; *digit != '='; digit--) {
		*digit = "0123456789abcdefghijklmnopqrstuvwxyz"[process % BASE];
		process /= BASE;
	}
	found[sizeof "children=" - 1] = '@';
}
