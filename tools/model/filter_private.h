/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter_private.h - what the parts of the filters share
 */
#ifndef FILTER_PRIVATE_H
#define FILTER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/filter.h"
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

/* Whether the condition holds for a place; those on whole stacks and blocks do. */
bool filter_match_frame(const struct filter_condition *condition, const struct place *place);

#endif
