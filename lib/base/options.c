/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/options.h"

#include <string.h>

#include "include/option_words.h"

#define WORD_BYTES 1280
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
parse_number(const char *text, enum option_word word, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > option_rules[word].most)
			return false;
	}
	*ret_number = (uint32_t)number;
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

/* One of the two values: false and true. */
static bool
parse_choice(const char *text, enum option_word word, bool *ret_choice)
{
	const struct option_rule *rule = &option_rules[word];

	*ret_choice = strcmp(text, rule->values[1]) == 0;
	return *ret_choice || strcmp(text, rule->values[0]) == 0;
}

/* One of several values, by its index. */
static bool
parse_index(const char *text, enum option_word word, uint32_t *ret_index)
{
	for (uint32_t i = 0; i < OPTION_VALUES; i++) {
		if (text[0] != '\0' && strcmp(text, option_rules[word].values[i]) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
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
		return parse_choice(text, OPTION_CHILDREN, &o->ignore_children);
	o->ignore_children = true;
	return parse_process(text, &o->only_process);
}

static enum option_word
find_word(const char *name)
{
	enum option_word word = 0;

	while (word < OPTION_UNKNOWN && strcmp(option_rules[word].name, name) != 0)
		word++;
	return word;
}

static bool
parse_value(enum option_word word, const char *value, struct options *o)
{
	switch (word) {
	case OPTION_DIR:
		return parse_path(value, o->directory, sizeof o->directory);
	case OPTION_OUT:
		return parse_path(value, o->out, sizeof o->out);
	case OPTION_FRAMES:
		return parse_number(value, word, &o->frames);
	case OPTION_CHILDREN:
		return parse_children(value, o);
	case OPTION_REALLOC:
		return parse_choice(value, word, &o->realloc_origin);
	case OPTION_START:
		return parse_choice(value, word, &o->start_off);
	case OPTION_THREADS:
		return parse_choice(value, word, &o->threads);
	case OPTION_BLOCKS:
		return parse_choice(value, word, &o->blocks);
	case OPTION_PYTHON:
		return parse_index(value, word, &o->python);
	case OPTION_LEAKS:
		return parse_choice(value, word, &o->leaks);
	case OPTION_MMAP:
		return parse_choice(value, word, &o->mmap);
	case OPTION_CROSSCHECK:
		return parse_number(value, word, &o->crosscheck);
	case OPTION_UNKNOWN:
		break;
	}
	return false;
}

static bool
parse_word(char *word, struct options *o)
{
	char *value = strchr(word, '=');

	if (strcmp(word, option_rules[OPTION_LEAKS].name) == 0) {
		o->leaks = true;
		return true;
	}
	if (strcmp(word, option_rules[OPTION_MMAP].name) == 0) {
		o->mmap = true;
		return true;
	}
	if (value == NULL)
		return *word == '\0';
	*value++ = '\0';
	return parse_value(find_word(word), value, o);
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
