/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/filter_condition.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/glob.h"
#include "util/human.h"
#include "util/xalloc.h"

static const char *const key_names[] = {
	[FILTER_FILE] = "file",         [FILTER_LINE] = "line",
	[FILTER_FUNCTION] = "function", [FILTER_MODULE] = "module",
	[FILTER_THREAD] = "thread",     [FILTER_ALLOCATOR] = "allocator",
	[FILTER_DOMAIN] = "domain",     [FILTER_SIZE] = "size",
	[FILTER_AGE] = "age",           [FILTER_GENERATION] = "generation",
};

#define KEY_COUNT (sizeof(key_names) / sizeof(*key_names))

/* Python's tracemalloc looks at the source of a compiled module. */
static void
normalize_file(char *file)
{
	size_t length = strlen(file);

	if (length >= 4 && strcmp(file + length - 4, ".pyc") == 0)
		file[length - 1] = '\0';
}

static bool
parse_line(const char *text, uint32_t *ret_line)
{
	char *end;
	unsigned long line;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	line = strtoul(text, &end, 10);
	if (*end || errno || line > UINT32_MAX)
		return false;
	*ret_line = (uint32_t)line;
	return true;
}

static void
insert_condition(struct filter *filter, enum filter_key key, const char *pattern, size_t length)
{
	struct filter_condition *condition = array_push(&filter->conditions);

	*condition = (struct filter_condition){.key = key, .pattern = xstrndup(pattern, length)};
	if (key == FILTER_FILE)
		normalize_file(condition->pattern);
}

/* GLOB or GLOB:LINE. A name may hold colons: only digits after the last one are a line. */
static void
parse_file(struct filter *filter, const char *text, size_t length)
{
	char *copy = xstrndup(text, length);
	char *colon = strrchr(copy, ':');
	uint32_t line;

	if (colon && parse_line(colon + 1, &line)) {
		insert_condition(filter, FILTER_FILE, copy, (size_t)(colon - copy));
		insert_condition(filter, FILTER_LINE, "", 0);
		filter->conditions.items[filter->conditions.count - 1].line = line;
	} else {
		insert_condition(filter, FILTER_FILE, copy, length);
	}
	free(copy);
}

/* The bounds of a range, of one of the kinds below. */
static bool
parse_bound(enum filter_key key, const char *text, uint64_t *ret_bound)
{
	int64_t bytes;
	char *end;

	if (key == FILTER_AGE)
		return human_parse_duration(text, ret_bound) == 0;
	if (key == FILTER_SIZE) {
		if (human_parse_size(text, &bytes) != 0 || bytes < 0)
			return false;
		*ret_bound = (uint64_t)bytes;
		return true;
	}
	*ret_bound = strtoul(text, &end, 10);
	return isdigit((unsigned char)*text) && *end == '\0' && end - text < 4;
}

/* LOW..HIGH, LOW.., ..HIGH, or one value for both. */
static bool
parse_range(struct filter_condition *condition)
{
	char *dots = strstr(condition->pattern, "..");
	bool good;

	condition->low = 0;
	condition->high = UINT64_MAX;
	if (dots == NULL) {
		good = parse_bound(condition->key, condition->pattern, &condition->low);
		condition->high = condition->low;
		return good;
	}
	*dots = '\0';
	good = dots != condition->pattern || dots[2] != '\0';
	if (dots != condition->pattern)
		good = good && parse_bound(condition->key, condition->pattern, &condition->low);
	if (dots[2] != '\0')
		good = good && parse_bound(condition->key, dots + 2, &condition->high);
	*dots = '.';
	return good && condition->low <= condition->high;
}

/* Conditions that are no globs. */
static int
parse_value(struct filter_condition *condition, char **ret_why)
{
	if (condition->key == FILTER_LINE && !parse_line(condition->pattern, &condition->line)) {
		*ret_why = xasprintf("%s: not a line number", condition->pattern);
		return -EINVAL;
	}
	if (condition->key >= FILTER_SIZE && !parse_range(condition)) {
		*ret_why = xasprintf("%s=%s: not a range like %s", key_names[condition->key],
				     condition->pattern,
				     condition->key == FILTER_SIZE  ? "1K..64K"
				     : condition->key == FILTER_AGE ? "10s..1h"
								    : "0..1");
		return -EINVAL;
	}
	return 0;
}

int
filter_parse_condition(struct filter *filter, const char *text, size_t length, char **ret_why)
{
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz_-");
	struct filter_condition *last;

	if (word == 0 || word >= length || text[word] != '=') {
		parse_file(filter, text, length);
		return 0;
	}
	for (size_t key = 0; key < KEY_COUNT; key++) {
		if (strncmp(text, key_names[key], word) != 0 || key_names[key][word])
			continue;
		insert_condition(filter, (enum filter_key)key, text + word + 1, length - word - 1);
		last = &filter->conditions.items[filter->conditions.count - 1];
		return parse_value(last, ret_why);
	}
	*ret_why = xasprintf("%.*s: unknown key of a filter; there are file, line, function, "
			     "module, thread, allocator, domain, size, age and generation",
			     (int)word, text);
	return -EINVAL;
}

static bool
match_file(const char *pattern, const struct place *place)
{
	struct buffer text = BUFFER_INIT;
	char *file;
	bool matches;

	if (place->file && !strstr(place->file, ".pyc"))
		return glob_match(pattern, place->file);
	place_format_file(place, &text);
	file = xstrdup(buffer_string(&text));
	normalize_file(file);
	matches = glob_match(pattern, file);
	free(file);
	buffer_release(&text);
	return matches;
}

static bool
match_module(const char *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');

	return glob_match(pattern, path) || (slash && glob_match(pattern, slash + 1));
}

bool
filter_match_frame(const struct filter_condition *condition, const struct place *place)
{
	switch (condition->key) {
	case FILTER_FILE:
		return match_file(condition->pattern, place);
	case FILTER_LINE:
		return place->line == condition->line;
	case FILTER_FUNCTION:
		return place->function && glob_match(condition->pattern, place->function);
	case FILTER_MODULE:
		return place->module && match_module(condition->pattern, place->module);
	default:
		return true;
	}
}

static bool
match_block(const struct filter_condition *condition, const struct filter_block *block)
{
	uint64_t value;

	if (block == NULL)
		return false;
	value = condition->key == FILTER_SIZE  ? block->bytes
		: condition->key == FILTER_AGE ? block->age_ns
					       : block->generation;
	return value >= condition->low && value <= condition->high;
}

bool
filter_match_stack(const struct filter_condition *condition, const struct filter_stack *stack)
{
	const char *text;

	switch (condition->key) {
	case FILTER_THREAD:
		if (stack->thread_name != NULL &&
		    glob_match(condition->pattern, stack->thread_name))
			return true;
		text = stack->thread;
		break;
	case FILTER_ALLOCATOR:
		text = stack->allocator;
		break;
	case FILTER_DOMAIN:
		text = stack->domain;
		break;
	case FILTER_SIZE:
	case FILTER_AGE:
	case FILTER_GENERATION:
		return match_block(condition, stack->block);
	default:
		return true;
	}
	return text && glob_match(condition->pattern, text);
}
