/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * retained.h - how much each owner and each site keeps alive
 *
 *     retained    what would be lost without it: all paths to these blocks lead through it
 *     reachable   what it leads to at all; others may lead there, too
 *
 * What a stack or registers hold besides others does not count: functions return. Blocks that
 * several owners hold are retained by none of them: they are `shared`. A site retains
 * what its blocks do, one by one; a block within what another one of the site retains counts once.
 */
#ifndef RETAINED_H
#define RETAINED_H

#include <stddef.h>
#include <stdint.h>

#include "model/components.h"
#include "model/dominators.h"

struct graph;
struct owner_set;

struct retained_amount {
	uint64_t blocks, bytes;
};

#define RETAINED_NO_GROUP UINT32_MAX

struct retained {
	const struct graph *graph;
	const struct owner_set *owners;
	struct flow flow;
	uint64_t
		*first; /* of `flow`: nodes are the blocks, then the owners, then the root of all */
	uint32_t *targets;
	struct dominators dominators;
	struct retained_amount *nodes; /* that each dominates, itself with it if it is a block */
	struct retained_amount live;   /* all blocks */
	struct retained_amount held;   /* of these, what an owner leads to */
	struct retained_amount shared; /* of these, what no owner retains */
	/* For what is reachable, made when that is first asked for. */
	struct components components;
	struct retained_amount *component_amounts;
	uint32_t *by_component; /* blocks */
};

void retained_init(struct retained *retained, const struct graph *graph,
		   const struct owner_set *owners, const struct dominators_progress *progress);
void retained_release(struct retained *retained);

/* What an owner retains. */
const struct retained_amount *retained_get_owner(const struct retained *retained, uint32_t owner);

/*
 * What groups of blocks retain: `groups` has that of each block, or RETAINED_NO_GROUP, and
 * ret_amounts one for each of `count` groups. `ret_own`: the held blocks of the group.
 */
void retained_sum_groups(const struct retained *retained, const uint32_t *groups, uint32_t count,
			 struct retained_amount *ret_amounts, struct retained_amount *ret_own);

/* The group that an owner retains most of by blocks that nothing else stands between, and how many
 * of these: RETAINED_NO_GROUP if there is none. By owner. */
struct retained_first {
	uint32_t group;
	uint64_t blocks, bytes;
};

void retained_find_first(const struct retained *retained, const uint32_t *groups,
			 struct retained_first *ret_firsts);

#define RETAINED_REACH_MOST 64

/*
 * What up to RETAINED_REACH_MOST starting points lead to, each for itself: owners, or groups, which
 * count with their own blocks. One pass over the graph for all of them.
 */
void retained_reach_owners(struct retained *retained, const uint32_t *owners, unsigned count,
			   struct retained_amount *ret_amounts);
void retained_reach_groups(struct retained *retained, const uint32_t *groups,
			   const uint32_t *wanted, unsigned count,
			   struct retained_amount *ret_amounts);

#endif
