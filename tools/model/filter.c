/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

/* The end of the condition at text: a comma that is not inside [] closes it. */
static size_t
condition_length(const char *text)
{
	size_t length = 0;

	while (text[length] && text[length] != ',') {
		/* `[,]` is a set of one comma; an unclosed bracket is a plain character. */
		const char *close = text[length] == '[' && text[length + 1]
					    ? strchr(text + length + 2, ']')
					    : NULL;

		length = close ? (size_t)(close - text) + 1 : length + 1;
	}
	return length;
}

static void
release_filter(struct filter *filter)
{
	array_each (&filter->conditions, condition)
		free(condition->pattern);
	array_release(&filter->conditions);
}

int
filter_list_insert(struct filter_list *list, const char *text, bool inclusive, bool any_frame,
		   char **ret_why)
{
	struct filter filter = {.inclusive = inclusive, .any_frame = any_frame};
	const char *whole = text;

	if (list->count == FILTERS_MAX) {
		*ret_why = xasprintf("more than %d filters", FILTERS_MAX);
		return -E2BIG;
	}
	for (;;) {
		size_t length = condition_length(text);
		int result = -EINVAL;

		if (length == 0)
			*ret_why = xasprintf("\"%s\": a filter has an empty condition", whole);
		else
			result = filter_parse_condition(&filter, text, length, ret_why);
		if (result < 0) {
			release_filter(&filter);
			return result;
		}
		if (!text[length])
			break;
		text += length + 1;
	}
	list->filters = xreallocarray(list->filters, list->count + 1, sizeof(*list->filters));
	list->filters[list->count++] = filter;
	return 0;
}

void
filter_list_release(struct filter_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		release_filter(&list->filters[i]);
	free(list->filters);
	memset(list, 0, sizeof(*list));
}

static bool
has_key(const struct filter_list *list, enum filter_key first, enum filter_key last)
{
	for (size_t i = 0; i < list->count; i++) {
		for (size_t k = 0; k < list->filters[i].conditions.count; k++) {
			enum filter_key key = list->filters[i].conditions.items[k].key;

			if (key >= first && key <= last)
				return true;
		}
	}
	return false;
}

bool
filter_list_has_thread(const struct filter_list *list)
{
	return has_key(list, FILTER_THREAD, FILTER_THREAD);
}

bool
filter_list_has_stack(const struct filter_list *list)
{
	return has_key(list, FILTER_THREAD, FILTER_DOMAIN);
}

bool
filter_list_has_block(const struct filter_list *list)
{
	return has_key(list, FILTER_SIZE, FILTER_GENERATION);
}

uint64_t
filter_list_match_place(const struct filter_list *list, const struct place *place)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool matches = true;

		for (size_t k = 0; k < list->filters[i].conditions.count; k++)
			matches = matches &&
				  filter_match_frame(&list->filters[i].conditions.items[k], place);
		bits |= (uint64_t)matches << i;
	}
	return bits;
}

bool
filter_list_keep(const struct filter_list *list, uint64_t site, uint64_t any,
		 const struct filter_stack *stack)
{
	bool has_includes = false, included = false, excluded = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct filter *filter = &list->filters[i];
		bool matches = (filter->any_frame ? any : site) >> i & 1;

		for (size_t k = 0; k < filter->conditions.count; k++)
			matches =
				matches && filter_match_stack(&filter->conditions.items[k], stack);
		has_includes |= filter->inclusive;
		included |= filter->inclusive && matches;
		excluded |= !filter->inclusive && matches;
	}
	return (!has_includes || included) && !excluded;
}
