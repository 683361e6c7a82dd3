/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * column.h - the numbers that a report can show and sort by
 */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

enum column_unit {
	COLUMN_BYTES,
	COLUMN_BLOCKS,
};

struct column {
	const char *name;  /* in JSON, CSV and --sort */
	const char *alias; /* also understood by --sort */
	const char *title; /* in text */
	enum column_unit unit;
	size_t offset; /* in struct profile_values */
	size_t blocks; /* of the count that breaks ties */
	const char *help;
};

extern const struct column columns[];
extern const size_t column_count;

/* By name or alias; NULL if there is none. */
const struct column *column_find(const char *name);

/* Whether it is known when values are made of single blocks: what is live. */
bool column_is_of_blocks(const struct column *column);

/* Whether it is known only when somebody has looked at the memory for what is lost. */
bool column_is_of_look(const struct column *column);

/* As people read it, in text of HUMAN_BYTES, which is returned. */
char *column_format(const struct column *column, int64_t value, char *text);

static inline int64_t
column_get(const struct column *column, const struct profile_values *values)
{
	return *(const int64_t *)((const char *)values + column->offset);
}

static inline int64_t
column_get_blocks(const struct column *column, const struct profile_values *values)
{
	return *(const int64_t *)((const char *)values + column->blocks);
}

#endif
