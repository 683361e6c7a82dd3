/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/place_order.h"

#include <stdlib.h>
#include <string.h>

#include "model/place.h"
#include "util/buffer.h"
#include "util/intern.h"
#include "util/xalloc.h"

struct ranked_place {
	const char *file;
	const struct place *place;
	uint32_t number;
};

static int
compare_text(const char *left, const char *right)
{
	return strcmp(left ? left : "", right ? right : "");
}

static int
compare_places(const void *a, const void *b)
{
	const struct ranked_place *left = a, *right = b;
	int order = strcmp(left->file, right->file);

	if (order == 0)
		order = (left->place->line > right->place->line) -
			(left->place->line < right->place->line);
	if (order == 0)
		order = compare_text(left->place->function, right->place->function);
	if (order == 0)
		order = compare_text(left->place->module, right->place->module);
	if (order == 0)
		order = (left->place->offset > right->place->offset) -
			(left->place->offset < right->place->offset);
	return order ? order : (left->number > right->number) - (left->number < right->number);
}

uint32_t *
place_order_rank(const struct place_table *table)
{
	size_t count = place_table_count(table);
	struct intern *strings = intern_new();
	struct ranked_place *sorted = xmalloc((count + 1) * sizeof(*sorted));
	uint32_t *ranks = xmalloc((count + 1) * sizeof(*ranks));

	for (size_t i = 0; i < count; i++) {
		const struct place *place = place_table_get(table, (uint32_t)i);
		struct buffer text = BUFFER_INIT;

		sorted[i] = (struct ranked_place){place->file, place, (uint32_t)i};
		if (!place->file) {
			place_format_file(place, &text);
			sorted[i].file = intern_insert_string(strings, buffer_string(&text));
			buffer_release(&text);
		}
	}
	qsort(sorted, count, sizeof(*sorted), compare_places);
	for (size_t i = 0; i < count; i++)
		ranks[sorted[i].number] = (uint32_t)i;
	free(sorted);
	intern_free(strings);
	return ranks;
}

/* Children of one stack stand together, in the order of their places. */
struct ranked_stack {
	uint32_t outer, rank, number;
};

static int
compare_stacks(const void *a, const void *b)
{
	const struct ranked_stack *left = a, *right = b;

	if (left->outer != right->outer)
		return left->outer < right->outer ? -1 : 1;
	return (left->rank > right->rank) - (left->rank < right->rank);
}

/*
 * A walk of the tree in preorder, children in the order of their places, visits stacks in the order
 * of their keys. It keeps a stack of its own, for the tree may be deep.
 */
uint32_t *
place_order_rank_stacks(const struct place_table *table)
{
	size_t count = place_table_stack_count(table), pending = 0;
	uint32_t *place_ranks = place_order_rank(table);
	uint32_t *ranks = xmalloc(count * sizeof(*ranks));
	uint32_t *first = xcalloc(count + 1, sizeof(*first)); /* child, in `sorted` */
	uint32_t *todo = xmalloc(count * sizeof(*todo));
	struct ranked_stack *sorted = xmalloc(count * sizeof(*sorted));
	uint32_t next_rank = 0;

	for (size_t i = 1; i < count; i++)
		sorted[i - 1] = (struct ranked_stack){
			place_table_get_outer(table, (uint32_t)i),
			place_ranks[place_table_get_place(table, (uint32_t)i)], (uint32_t)i};
	qsort(sorted, count - 1, sizeof(*sorted), compare_stacks);
	for (size_t i = 0, outer = 0; outer < count; outer++) {
		first[outer] = (uint32_t)i;
		while (i < count - 1 && sorted[i].outer == outer)
			i++;
	}
	first[count] = (uint32_t)(count - 1);
	todo[pending++] = 0;
	while (pending > 0) {
		uint32_t stack = todo[--pending];

		ranks[stack] = next_rank++;
		for (uint32_t i = first[stack + 1]; i > first[stack]; i--)
			todo[pending++] = sorted[i - 1].number;
	}
	free(sorted);
	free(todo);
	free(first);
	free(place_ranks);
	return ranks;
}
