/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group_blocks.h - what groups and filters want to know of single blocks
 */
#ifndef GROUP_BLOCKS_H
#define GROUP_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/filter.h"
#include "model/profile.h"

/* How old the live blocks of a group are. */
struct group_ages {
	uint64_t blocks; /* whose age is known */
	uint64_t oldest_ns, median_ns, youngest_ns;
	uint32_t sites; /* of the group, in `group_set.links`; 0 is none */
};

/* When generations end: at marks, and at snapshots that were taken before the last moment. */
struct group_marks {
	uint64_t *times_ns; /* ascending */
	size_t count;
};

void group_marks_init(struct group_marks *marks, const struct profile *profile);
void group_marks_release(struct group_marks *marks);

/* What conditions on single blocks look at. */
void group_describe_block(const struct block *block, const struct group_marks *marks,
			  uint64_t now_ns, struct filter_block *ret_described);

/*
 * Fill the ages of count groups, and of all of them together, at a time in nanoseconds. The group
 * of a block, in group_of_block, is UINT32_MAX for those of none.
 */
void group_fill_ages(struct group_ages *groups, size_t count, struct group_ages *all_groups,
		     const struct block_set *blocks, const uint32_t *group_of_block,
		     uint64_t now_ns);

#endif
