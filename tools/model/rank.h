/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rank.h - the order of groups
 *
 * Descending on (the column, its blocks, the key), as Python's tracemalloc orders statistics. No
 * two groups have equal keys, so the order is total and the same on every machine.
 */
#ifndef RANK_H
#define RANK_H

#include <stdint.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"

/* The position of every key in ascending order: of places, or of stacks. The caller frees it. */
uint32_t *rank_keys(const struct place_table *table, enum group_by by);

/* Sort the groups of a set. */
void rank_groups(struct group_set *set, enum group_by by, const struct column *column,
		 const struct place_table *table);

#endif
