/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_branches.h"

#include "memory/arena.h"
#include "base/hash.h"
#include "data/trace_table.h"

#define PERIOD  4096u
#define IDLE    (16 * PERIOD)
#define WARM_UP 1024u /* a thread with few events gets no table */
#define FEW     (PERIOD / 4)

static ALWAYS_INLINE struct unwind_branch *
branch_of(const struct unwind_branches *b, uint64_t ip, uint64_t sp)
{
	return &b->table[(ip ^ sp << 7) * HASH_MULTIPLIER >> 58];
}

_Static_assert(BRANCH_COUNT == 1u << (64 - 58), "the hash has as many bits as the table");

/* Decide whether it is worth to go on. */
static COLD void
end_period(struct unwind_branches *b)
{
	if (b->answered < FEW)
		b->idle = IDLE;
	b->asked = b->answered = 0;
}

static ALWAYS_INLINE bool
unchanged(const struct unwind_check *first, uint32_t count)
{
	return unwind_check_changed(first + count) < first;
}

static ALWAYS_INLINE bool
stands_on(const struct unwind_branch *branch, const struct unwind_memory *m)
{
	const struct unwind_frame *base = &m->frames[branch->base_depth - 1];

	return branch->base_depth <= m->depth && base->node == branch->base_node &&
	       base->sp == branch->base_sp && (base->bp == branch->base_bp || !base->needs_bp);
}

HOT uint32_t
unwind_branches_find(struct unwind_memory *m, uint64_t ip, uint64_t sp, uint64_t bp)
{
	struct unwind_branches *b = &m->branches;
	const struct unwind_branch *branch;

	if (unlikely(b->table == NULL))
		return NODE_NONE;
	if (unlikely(b->idle != 0)) {
		b->idle--;
		return NODE_NONE;
	}
	if (unlikely(++b->asked == PERIOD))
		end_period(b);
	branch = branch_of(b, ip, sp);
	if (branch->ip != ip || branch->sp != sp || (branch->bp != bp && branch->needs_bp) ||
	    !stands_on(branch, m) || !unchanged(branch->checks + 1, branch->check_count) ||
	    !unchanged(m->checks, m->frames[branch->base_depth - 1].check_first))
		return NODE_NONE;
	b->answered++;
	return branch->node;
}

static COLD bool
make_table(struct unwind_branches *b)
{
	if (++b->asked < WARM_UP)
		return false;
	b->table = arena_allocate_lasting(BRANCH_COUNT * sizeof *b->table, true);
	b->asked = 0;
	return b->table != NULL;
}

HOT void
unwind_branches_keep(struct unwind_memory *m, uint32_t kept)
{
	struct unwind_branches *b = &m->branches;
	const struct unwind_frame *base = &m->frames[kept - 1], *top = &m->frames[m->depth - 1];
	uint32_t count = top->check_first - base->check_first;
	struct unwind_branch *branch;

	if (unlikely(b->idle != 0) || count > BRANCH_CHECKS ||
	    (unlikely(b->table == NULL) && !make_table(b)))
		return;
	branch = branch_of(b, top->ip, top->sp);
	branch->ip = top->ip;
	branch->sp = top->sp;
	branch->bp = top->bp;
	branch->needs_bp = top->needs_bp;
	branch->node = top->node;
	branch->base_sp = base->sp;
	branch->base_bp = base->bp;
	branch->base_depth = kept;
	branch->base_node = base->node;
	branch->check_count = count;
	branch->checks[0] = unwind_check_end;
	for (uint32_t i = 0; i < count; i++)
		branch->checks[i + 1] = m->checks[base->check_first + i];
}

void
unwind_branches_forget(struct unwind_branches *b)
{
	for (uint32_t i = 0; b->table != NULL && i < BRANCH_COUNT; i++)
		b->table[i].ip = 0;
}
