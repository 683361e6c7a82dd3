/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * growth.h - who grows: what each group holds at every moment that is known, and a verdict on it
 *
 * The looks are the moments of the profile, whatever they come from: snapshots of `heaptally run`,
 * marks, or looks at a process that lives. Before them is the start, when nothing was allocated,
 * and among them the peak, if they missed it.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/verdict.h"

struct growth_row {
	uint32_t key, stack, caller; /* as in `struct group` */
	struct look_point *looks;    /* [look_count] of the growth */
	struct verdict verdict;
	int64_t most_bytes;
	int64_t lost_bytes, lost_blocks; /* where `last.has_lost` */
};

struct growth {
	struct place_table *table;
	struct look_point *looks; /* of all groups together */
	size_t look_count;
	bool from_start;         /* the first look is the start */
	bool has_mapped;         /* a row is what the program maps by itself: resident bytes */
	struct growth_row *rows; /* who grows first, the fastest first; then what else changed */
	size_t count;            /* of the rows; groups that did not change are none */
	size_t growing_count;    /* of them, the first ones */
	size_t same_count;       /* groups that did not change */
	struct verdict verdict;  /* on all groups together */
	struct group_set last;   /* as of the last look */
};

struct growth_options {
	const struct group_options *group;
	uint64_t from_ns, to_ns;
	bool is_watched; /* the looks began late: the start is none of them */
};

/* The profile is symbolized and has a moment. */
void growth_init(struct growth *growth, const struct profile *profile,
		 const struct growth_options *options);
void growth_release(struct growth *growth);

#endif
