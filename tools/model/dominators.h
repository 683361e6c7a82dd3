/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dominators.h - through which node all paths to another one lead
 *
 * A node dominates another if every path from the root to that one goes through it. What a block
 * dominates is what would be lost if nothing pointed at the block any more.
 */
#ifndef DOMINATORS_H
#define DOMINATORS_H

#include <stdint.h>

#define DOMINATOR_NONE UINT32_MAX

/* Arcs of node i are those from first[i] up to first[i + 1]. */
struct flow {
	uint32_t count; /* nodes */
	const uint64_t *first;
	const uint32_t *targets; /* nodes */
};

/* To hear how far it has come; `report` may be NULL. */
struct dominators_progress {
	void (*report)(void *context, uint64_t done, uint64_t all);
	void *context;
};

struct dominators {
	/* By node, the last one besides itself that all paths from the root lead through. The root,
	 * and what it does not reach, has DOMINATOR_NONE. */
	uint32_t *of;
	uint32_t *order; /* all that is reached, each behind its dominator; the root first */
	uint32_t reached;
};

void dominators_init(struct dominators *dominators, const struct flow *flow, uint32_t root,
		     const struct dominators_progress *progress);
void dominators_release(struct dominators *dominators);

#endif
