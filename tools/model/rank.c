/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/rank.h"

#include <stdlib.h>

#include "model/place_order.h"

struct order {
	const struct column *column;
	const uint32_t *keys;
};

static int
compare_groups(const void *a, const void *b, void *context)
{
	const struct group *left = a, *right = b;
	const struct order *order = context;
	int64_t values[2] = {column_get(order->column, &left->values),
			     column_get(order->column, &right->values)};
	int64_t blocks[2] = {column_get_blocks(order->column, &left->values),
			     column_get_blocks(order->column, &right->values)};

	if (values[0] != values[1])
		return values[0] > values[1] ? -1 : 1;
	if (blocks[0] != blocks[1])
		return blocks[0] > blocks[1] ? -1 : 1;
	return order->keys[left->key] > order->keys[right->key] ? -1 : 1;
}

uint32_t *
rank_keys(const struct place_table *table, enum group_by by)
{
	return by == GROUP_BY_STACK ? place_order_rank_stacks(table) : place_order_rank(table);
}

void
rank_groups(struct group_set *set, enum group_by by, const struct column *column,
	    const struct place_table *table)
{
	uint32_t *keys = rank_keys(table, by);
	struct order order = {column, keys};

	if (set->count > 1)
		qsort_r(set->groups, set->count, sizeof(*set->groups), compare_groups, &order);
	free(keys);
}
