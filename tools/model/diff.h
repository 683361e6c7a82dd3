/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff.h - what changed between two profiles
 *
 * The union of their groups: what is only in the new one counts in full, what is only in the old
 * one has zeros and negative changes. Groups that did not change are kept.
 *
 * Places are matched across builds, in this order, each at most once:
 *
 *     same module name, function, file and line, and the function has not moved
 *     the same distance from the start of the same function, wherever that is now
 *     the same, when the source tree has moved: only the name of the file is the same
 *     the other lines of a function, in their order, if old and new have as many
 *
 * Addresses without any name match by build-id and offset.
 */
#ifndef DIFF_H
#define DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

struct diff_row {
	struct profile_values old, new; /* zeros where there is no such group */
	bool in_old, in_new;
	uint32_t key;   /* as in `struct group` */
	uint32_t stack; /* of the new group, else of the old one */
	uint32_t caller;
	uint32_t moved_from; /* line in the old build if that differs, else 0 */
};

struct diff {
	struct diff_row *rows;
	size_t count;
	struct profile_values old, new; /* sums over what passed the filters */
	struct group_set old_set, new_set;
	uint32_t *alias; /* by place: the place of the new build that it is */
	size_t alias_count;
};

struct diff_side {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct profile_mapped *mapped; /* as in `struct group_options` */
	size_t mapped_count;
};

/*
 * Compare two sides. With match_moved false places match by their names alone, as tracemalloc does.
 * The table must be empty and made for `across_builds`.
 */
void diff_profiles(const struct diff_side *old, const struct diff_side *new,
		   const struct group_options *options, bool match_moved, struct place_table *table,
		   struct diff *ret_diff);

/* Sort rows: descending on (|change|, value, |change of blocks|, blocks, key). */
void diff_rank(struct diff *diff, enum group_by by, const struct column *column,
	       const struct place_table *table);

/* Whether the value of column, or the blocks that are counted with it, changed. */
bool diff_row_has_changed(const struct diff_row *row, const struct column *column);

/* Leave only the rows of which column has grown. The sums stay. */
void diff_keep_growth(struct diff *diff, const struct column *column);

void diff_release(struct diff *diff);

#endif
