/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owner_growth.h - what has come between two looks at one process, and who holds it
 *
 * A block has come if the earlier look has none of its address, size and site. The way to it leads
 * from an owner through blocks that were there before, the last of which has gained a child, and
 * perhaps through others that have come: it hangs on the first of these, but not on blocks that
 * came in the place of others, of whose site as many have gone. What only a stack or registers hold
 * is at work, and no growth.
 */
#ifndef OWNER_GROWTH_H
#define OWNER_GROWTH_H

#include <stddef.h>
#include <stdint.h>

struct graph;
struct owner_paths;
struct owner_set;

#define OWNER_GROWTH_NONE UINT32_MAX

/* What of one group has come and hangs on nothing that has. */
struct owner_growth_row {
	uint32_t group;
	uint64_t blocks, bytes;
	uint64_t hung_blocks, hung_bytes; /* that hang on these, of any group */
	uint32_t example;                 /* one of the blocks, held as most of them are */
	uint32_t holders;                 /* ways to be held: owners, or groups of old blocks */
	uint32_t part, part_count;        /* what hangs on it, in `parts`; the largest first */
};

struct owner_growth_part {
	uint32_t group;
	uint64_t blocks, bytes;
};

struct owner_growth {
	struct owner_growth_row *rows;
	struct owner_growth_part *parts;
	size_t row_count, part_count;
	uint32_t *of_group; /* row of each group, or OWNER_GROWTH_NONE */
	/* By the number of a site in the graphs: blocks that have come, but for those at work, and
	 * that have gone. */
	uint64_t *came, *went;
	uint32_t site_count;
};

/* `groups` has that of each block of graph, or OWNER_GROWTH_NONE; there are group_count. */
void owner_growth_init(struct owner_growth *growth, const struct graph *earlier,
		       const struct graph *graph, const struct owner_set *owners,
		       const struct owner_paths *paths, const uint32_t *groups,
		       uint32_t group_count);
void owner_growth_release(struct owner_growth *growth);

#endif
