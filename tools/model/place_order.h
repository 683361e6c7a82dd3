/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place_order.h - the order of places, and of stacks of them
 *
 * Ranks are dense; a place or a stack with a smaller rank comes first: by file name (code points),
 * line, function, module, offset; stacks by their places from the outermost on, a prefix first.
 */
#ifndef PLACE_ORDER_H
#define PLACE_ORDER_H

#include <stdint.h>

struct place_table;

/* The ranks of all places, and of all stacks, of the table; to free. */
uint32_t *place_order_rank(const struct place_table *table);
uint32_t *place_order_rank_stacks(const struct place_table *table);

#endif
