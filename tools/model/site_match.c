/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/site_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/filter.h"
#include "model/place.h"
#include "model/site_group.h"
#include "util/buffer.h"
#include "util/xalloc.h"

/* Those that match a filter; their number is added to *count. 0, or -errno with a sentence. */
static int
match_filter(const struct site_group_set *groups, const struct place_table *table, const char *text,
	     bool *ret_matches, uint32_t *count, char **ret_why)
{
	struct filter_list filters = {0};
	int result = filter_list_insert(&filters, text, true, false, ret_why);

	if (result == 0 && (filter_list_has_stack(&filters) || filter_list_has_block(&filters))) {
		*ret_why = xasprintf("%s: a place goes by file, line, function and module", text);
		result = -EINVAL;
	}
	for (uint32_t i = 0; i < groups->count && result == 0; i++) {
		uint32_t place = place_table_get_place(table, groups->groups[i].stack);

		ret_matches[i] =
			filter_list_match_place(&filters, place_table_get(table, place)) != 0;
		*count += ret_matches[i];
	}
	filter_list_release(&filters);
	return result;
}

/* A name as one glob, whose commas do not end it: "f(int, char)". To free. */
static char *
make_glob(const char *name)
{
	struct buffer text = BUFFER_INIT;
	char *glob;
	bool is_set = false;

	for (const char *next = name; *next != '\0'; next++) {
		if (*next == '[')
			is_set |= strchr(next + 1, ']') != NULL;
		else if (*next == ']')
			is_set = false;
		buffer_insert_format(&text, *next == ',' && !is_set ? "[%c]" : "%c", *next);
	}
	glob = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return glob;
}

int
site_match(const struct site_group_set *groups, const struct place_table *table, const char *site,
	   bool *ret_matches, uint32_t *ret_count, char **ret_why)
{
	static const char *const before[] = {"", "*/", "function=", "function="};
	static const char *const after[] = {"", "", "", "(*"};
	bool is_filter = strchr(site, '=') != NULL;
	char *glob = is_filter ? xstrdup(site) : make_glob(site);
	unsigned forms = is_filter ? 1 : sizeof(before) / sizeof(*before);
	uint32_t count = 0;
	int result = 0;

	for (unsigned i = 0; i < forms && count == 0 && result == 0; i++) {
		char *text = xasprintf("%s%s%s", before[i], glob, after[i]);

		result = match_filter(groups, table, text, ret_matches, &count, ret_why);
		free(text);
	}
	free(glob);
	if (result == 0)
		*ret_count = count;
	return result;
}
