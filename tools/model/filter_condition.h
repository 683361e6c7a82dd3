/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter_condition.h - the conditions that a filter is made of
 */
#ifndef FILTER_CONDITION_H
#define FILTER_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/place.h"
#include "util/array.h"

enum filter_key {
	FILTER_FILE,
	FILTER_LINE,
	FILTER_FUNCTION,
	FILTER_MODULE,
	FILTER_THREAD,
	FILTER_ALLOCATOR,
	FILTER_DOMAIN,
	FILTER_SIZE,
	FILTER_AGE,
	FILTER_GENERATION,
};

struct filter_condition {
	enum filter_key key;
	char *pattern;
	uint32_t line;
	uint64_t low, high; /* both included */
};

struct filter {
	bool inclusive, any_frame;
	ARRAY(struct filter_condition) conditions;
};

/* What the conditions on a single block look at. */
struct filter_block {
	uint64_t bytes, age_ns;
	uint32_t thread, generation;
};

/* What the conditions on a whole stack look at. */
struct filter_stack {
	const char *allocator;            /* "malloc", ..., or NULL */
	const char *thread;               /* thread id in decimal, or NULL */
	const char *thread_name;          /* or NULL */
	const char *domain;               /* "malloc", or the name of a pool of the program's own */
	const struct filter_block *block; /* or NULL: conditions on single blocks do not hold */
};

/*
 * Add what one condition in text says, of length bytes: FILE:LINE is two. 0; -EINVAL with a
 * sentence in *ret_why, to free.
 */
int filter_parse_condition(struct filter *filter, const char *text, size_t length, char **ret_why);

/* Whether the condition holds for a place; those on whole stacks and blocks do. */
bool filter_match_frame(const struct filter_condition *condition, const struct place *place);

/* Whether it holds for a stack, or for a block of it; those on frames do. */
bool filter_match_stack(const struct filter_condition *condition, const struct filter_stack *stack);

#endif
