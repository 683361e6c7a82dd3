/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group_functions.h - the functions that the sites of one line are in
 *
 * Instances of a template, and whatever a macro made, share a line.
 */
#ifndef GROUP_FUNCTIONS_H
#define GROUP_FUNCTIONS_H

#include <stdint.h>

#include "util/array.h"

struct group;
struct place_table;

struct group_function {
	const char *function; /* of the table */
	uint32_t next;        /* in `names`; 0 is the end */
};

struct group_functions {
	ARRAY(struct group_function) names; /* the first one is none */
	ARRAY(uint32_t) first; /* by group, in `names`; of the last groups it may be missing */
};

void group_functions_release(struct group_functions *functions);

/* A site of the group is in a function, a string of the table of places. */
void group_functions_insert(struct group_functions *functions, uint32_t group,
			    const char *function);

/* A line of several functions carries the name of none: its place is that of all of them. */
void group_functions_merge(const struct group_functions *functions, struct place_table *table,
			   struct group *groups);

#endif
