/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/group_functions.h"

#include <stdlib.h>
#include <string.h>

#include "model/group_set.h"
#include "model/place.h"

void
group_functions_release(struct group_functions *functions)
{
	array_release(&functions->names);
	array_release(&functions->first);
}

void
group_functions_insert(struct group_functions *functions, uint32_t group, const char *function)
{
	uint32_t *first;

	while (functions->first.count <= group)
		*array_push(&functions->first) = 0;
	first = &functions->first.items[group];
	for (uint32_t i = *first; i != 0; i = functions->names.items[i].next)
		if (functions->names.items[i].function == function)
			return;
	if (functions->names.count == 0)
		*array_push(&functions->names) = (struct group_function){NULL, 0};
	*array_push(&functions->names) = (struct group_function){function, *first};
	*first = (uint32_t)functions->names.count - 1;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
group_functions_merge(const struct group_functions *functions, struct place_table *table,
		      struct group *groups)
{
	ARRAY(const char *) found = {0};

	for (size_t i = 0; i < functions->first.count; i++) {
		uint32_t *stack = &groups[i].stack, outer, place;

		found.count = 0;
		for (uint32_t k = functions->first.items[i]; k != 0;
		     k = functions->names.items[k].next)
			*array_push(&found) = functions->names.items[k].function;
		if (found.count < 2)
			continue;
		qsort(found.items, found.count, sizeof(*found.items), compare_names);
		outer = place_table_get_outer(table, *stack);
		place = place_table_insert_instances(table, place_table_get_place(table, *stack),
						     found.items, found.count);
		*stack = place_table_insert_stack(table, outer, place);
	}
	array_release(&found);
}
