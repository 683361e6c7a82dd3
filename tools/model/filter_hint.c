/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/filter_hint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/filter_condition.h"
#include "util/glob.h"
#include "util/xalloc.h"

/* What a pattern is compared with. */
enum name {
	NAME_FILE,
	NAME_FUNCTION,
	NAME_MODULE,      /* its path */
	NAME_MODULE_BASE, /* its last part */
};

static const char *
get_name(const struct place *place, enum name name)
{
	const char *slash;

	if (place->instances != NULL)
		return NULL; /* no function is called so */
	if (name == NAME_FILE)
		return place->file;
	if (name == NAME_FUNCTION)
		return place->kind == PLACE_CODE ? place->function : NULL;
	slash = place->module != NULL ? strrchr(place->module, '/') : NULL;
	return name == NAME_MODULE_BASE && slash != NULL ? slash + 1 : place->module;
}

/* The first place whose name the pattern matches, or NULL. */
static const struct place *
find_place(const struct place_table *table, enum name name, const char *pattern)
{
	for (size_t i = 0; i < place_table_count(table); i++) {
		const struct place *place = place_table_get(table, (uint32_t)i);
		const char *text = get_name(place, name);

		if (text != NULL && glob_match(pattern, text))
			return place;
	}
	return NULL;
}

/* "function=NAME" of a function that is called so, with its classes and arguments, to free. */
static char *
find_function(const struct place_table *table, const char *pattern)
{
	static const char *const forms[] = {"%s", "%s(*", "*::%s", "*::%s(*"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *percent = strchr(forms[i], '%');
		char *wider = xasprintf("%.*s%s%s", (int)(percent - forms[i]), forms[i], pattern,
					percent + 2);
		char *hint = NULL;

		if (find_place(table, NAME_FUNCTION, wider) != NULL)
			hint = xasprintf("did you mean 'function=%s'?", wider);
		free(wider);
		if (hint != NULL)
			return hint;
	}
	return NULL;
}

/* line_text is ":LINE" or empty. */
static char *
hint_file(const struct place_table *table, const char *pattern, const char *line_text)
{
	const char *part = strncmp(pattern, "./", 2) == 0 ? pattern + 2 : pattern;
	char *wider = xasprintf("*/%s", part);
	const struct place *place = find_place(table, NAME_FILE, wider);
	char *hint = NULL;

	if (place != NULL)
		hint = xasprintf("the file is %s; write '%s%s'", place->file, wider, line_text);
	free(wider);
	if (hint == NULL)
		hint = find_function(table, pattern);
	if (hint == NULL && find_place(table, NAME_MODULE_BASE, pattern) != NULL)
		hint = xasprintf("did you mean 'module=%s'?", pattern);
	return hint;
}

static char *
hint_module(const struct place_table *table, const char *pattern)
{
	static const enum name names[] = {NAME_MODULE_BASE, NAME_MODULE};
	char *hint = NULL;

	for (size_t i = 0; i < 2 && hint == NULL; i++) {
		char *wider = names[i] == NAME_MODULE ? xasprintf("*/%s", pattern)
						      : xasprintf("%s*", pattern);
		const struct place *place = find_place(table, names[i], wider);

		if (place != NULL)
			hint = xasprintf("the module is %s; write 'module=%s'", place->module,
					 wider);
		free(wider);
	}
	return hint;
}

static bool
is_about_names(const struct filter_condition *condition)
{
	return condition->key == FILTER_FILE || condition->key == FILTER_FUNCTION ||
	       condition->key == FILTER_MODULE;
}

static bool
matches_any(const struct place_table *table, const struct filter_condition *condition)
{
	for (size_t i = 0; i < place_table_count(table); i++) {
		if (filter_match_frame(condition, place_table_get(table, (uint32_t)i)))
			return true;
	}
	return false;
}

static char *
hint_condition(const struct place_table *table, const struct filter *filter, size_t index)
{
	const struct filter_condition *condition = &filter->conditions.items[index];
	const struct filter_condition *next =
		index + 1 < filter->conditions.count ? condition + 1 : NULL;
	char line_text[16] = "";

	switch (condition->key) {
	case FILTER_FILE:
		if (next != NULL && next->key == FILTER_LINE)
			snprintf(line_text, sizeof(line_text), ":%u", (unsigned)next->line);
		return hint_file(table, condition->pattern, line_text);
	case FILTER_FUNCTION:
		return find_function(table, condition->pattern);
	default:
		return hint_module(table, condition->pattern);
	}
}

/* Whether a filter is about nothing but the places of frames, and one in the table has them all. */
static bool
matches_a_frame(const struct filter_list *list, const struct place_table *table)
{
	const struct filter *filter = &list->filters[0];

	for (size_t k = 0; k < filter->conditions.count; k++) {
		if (filter->conditions.items[k].key > FILTER_MODULE)
			return false;
	}
	for (size_t i = 0; i < place_table_count(table); i++) {
		if (filter_list_match_place(list, place_table_get(table, (uint32_t)i)) != 0)
			return true;
	}
	return false;
}

char *
filter_hint(const struct filter_list *list, const struct place_table *table)
{
	bool is_part = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct filter *filter = &list->filters[i];

		for (size_t k = 0; filter->inclusive && k < filter->conditions.count; k++) {
			const struct filter_condition *condition = &filter->conditions.items[k];
			char *hint;

			if (!is_about_names(condition) || matches_any(table, condition))
				continue;
			is_part = true;
			hint = hint_condition(table, filter, k);
			if (hint != NULL)
				return hint;
		}
	}
	if (is_part)
		return xstrdup("a pattern has to match a whole name, as '*/name.c' or "
			       "'function=name*'");
	if (list->count == 1 && list->filters[0].inclusive && !list->filters[0].any_frame &&
	    matches_a_frame(list, table))
		return xstrdup("what matches has allocated nothing itself; with --any-frame what "
			       "it called counts");
	return NULL;
}
