/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_branches.h - the inner parts of a thread's recent traces
 *
 * Programs allocate in turns from a few places that stand on the same outer frames. The last trace
 * alone (`unwind.h`) would be walked anew at every turn. So the inner part of a trace, a *branch*,
 * is kept with the words that were read for it, and with the frame it stands on.
 *
 *      frames      _start  main  loop          base: loop, remembered and verified as ever
 *      branch 1                   `- parse - lex - (malloc)
 *      branch 2                   `- emit - (malloc)
 *
 * A branch answers if its innermost state and the words of its frames are as they were, and the
 * remembered trace still has its base at the same depth, in the same state, on the same stack of
 * callers. Then the words further out than the base are verified, and the branch's node is the
 * answer. Nothing is believed that was not read.
 *
 * Where branches seldom answer they are left alone for a while.
 */
#ifndef UNWIND_BRANCHES_H
#define UNWIND_BRANCHES_H

#include "base/base.h"
#include "capture/unwind_memory.h"

#define BRANCH_COUNT  64u
#define BRANCH_CHECKS 24u

struct unwind_branch {
	uint64_t ip, sp, bp; /* of the innermost frame */
	uint64_t base_sp, base_bp;
	uint32_t needs_bp;
	uint32_t node;       /* of the innermost frame */
	uint32_t base_depth; /* frames it stands on */
	uint32_t base_node;
	uint32_t check_count;
	struct unwind_check checks[1 + BRANCH_CHECKS]; /* `unwind_check_end`, then outermost first,
							  those of the base included */
};

/* No branch is kept across this: for a new stack, and when modules go. */
void unwind_branches_forget(struct unwind_branches *branches);

/* The node of the trace, if a branch can tell; NODE_NONE. [hot] */
uint32_t unwind_branches_find(struct unwind_memory *memory, uint64_t ip, uint64_t sp, uint64_t bp);

/* The trace just remembered has `kept` frames that were there before: keep what stands on them.
 * [hot] */
void unwind_branches_keep(struct unwind_memory *memory, uint32_t kept);

#endif
