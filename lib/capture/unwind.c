/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind.c - the call stack of an allocation, by verifying what is remembered
 *
 * A capture has two passes. The walk (`unwind_walk.h`) goes outward and puts frames that are not
 * remembered into `fresh`; `place_fresh` goes back inward over them, gives each its node and
 * remembers it.
 *
 * Budget: about 80 instructions and three cache lines (rule, node, remembered frame) per fresh
 * frame.
 */
#include "capture/unwind.h"

#include "data/trace_table.h"
#include "capture/python_frames.h"
#include "capture/unwind_branches.h"
#include "capture/unwind_finish.h"
#include "capture/unwind_rules.h"
#include "capture/unwind_stack.h"
#include "capture/unwind_walk.h"

static bool thread_roots;

/* Nothing that was read before counts any more. */
static void
drop_traces(struct unwind_memory *m)
{
	m->depth = m->check_count = 0;
	m->crosses = m->is_cut = false;
	unwind_branches_forget(&m->branches);
}

void
unwind_forget(struct unwind_memory *m)
{
	drop_traces(m);
	m->stack_low = m->stack_high = 0;
}

/* The checks of a frame that was reached from a realigned one or from a signal's; of the latter
 * nothing that was put down so far holds. */
static COLD struct unwind_check *
remember_rare(struct unwind_memory *m, const struct unwind_frame *f, struct unwind_check *check)
{
	uint64_t bp_slot = unwind_frame_bp_slot(f), state = bp_slot - ARCH_SIGNAL_BP;

	if (unwind_is_interrupted(f)) {
		m->met_signal = true;
		check = m->checks + f->check_first;
		*check++ = (struct unwind_check){(const uint64_t *)bp_slot, f->bp};
		*check++ = (struct unwind_check){(const uint64_t *)(state + ARCH_SIGNAL_SP), f->sp};
		*check++ = (struct unwind_check){(const uint64_t *)(state + ARCH_SIGNAL_IP),
						 f->ip & ~UNWIND_INTERRUPTED};
	} else {
		*check++ = (struct unwind_check){
			(const uint64_t *)(f->sp + (uint64_t)(int64_t)f->slots.cfa), f->sp};
	}
	return check;
}

/* Put a fresh frame on top of the remembered ones; returns the end of its checks. */
static ALWAYS_INLINE struct unwind_check *
remember(struct unwind_memory *m, struct unwind_frame *f, const struct unwind_frame *fresh,
	 uint32_t node, struct unwind_check *checks, struct unwind_check *check)
{
	const struct unwind_frame *outer = f - 1;

	*f = *fresh;
	f->node = node;
	f->check_first = (uint32_t)(check - checks);
	f->needs_bp |= (outer->slots.bp == 0) & outer->needs_bp;
	/* Verified from the last to the first, that is by rising address. */
	*check++ = (struct unwind_check){(const uint64_t *)arch_return_slot(f->sp), f->ip};
	if (f->slots.bp != 0 && f->needs_bp)
		*check++ = (struct unwind_check){
			(const uint64_t *)(f->sp + (uint64_t)(int64_t)f->slots.bp), f->bp};
	if (unlikely(f->slots.cfa != 0))
		return remember_rare(m, f, check);
	return check;
}

/* The trace is deeper than what is kept of one: `capture_deep` sees to it from now on. */
static inline void
mark_deep(struct unwind_memory *m)
{
	m->generation = ~load(&unwind_rules_generation);
}

static COLD void
leave_room(struct unwind_memory *m)
{
	while (m->depth > m->capacity) {
		if (!unwind_memory_grow(m)) {
			m->depth = m->check_count = 0;
			return;
		}
	}
	if (m->depth > unwind_depth.most)
		mark_deep(m);
}

/*
 * Give the fresh frames their nodes, outermost first, on top of the `kept` remembered ones, whose
 * node is `node`. NODE_NONE when the tree is full.
 */
static ALWAYS_INLINE uint32_t
place_fresh(struct unwind_memory *m, const struct unwind_walk *w, uint32_t kept, uint32_t node)
{
	struct unwind_frame *f = &m->frames[kept];
	const struct unwind_frame *fresh = w->fresh;
	struct unwind_check *checks = m->checks, *check = checks;
	struct trace_path path = {false};

	/* The checks of dropped frames go with them: they begin where the first of those did. */
	if (kept > 0)
		check += kept < m->depth ? f->check_first : m->check_count;
	while (fresh-- > m->fresh && node != NODE_NONE) {
		node = trace_table_path_child(&path, node, fresh->frame);
		check = remember(m, f++, fresh, node, checks, check);
	}
	if (unlikely(path.locked))
		trace_table_end_path(&path);
	if (unlikely(node == NODE_NONE)) {
		m->depth = m->check_count = 0;
		return NODE_NONE;
	}
	m->depth = (uint32_t)(f - m->frames);
	m->check_count = (uint32_t)(check - checks);
	if (unlikely(m->depth > m->room))
		leave_room(m);
	return node;
}

static COLD void
prepare_rare(struct unwind_memory *m, uintptr_t sp, uint32_t generation)
{
	if (m->capacity == 0)
		unwind_memory_grow(m);
	/* A trace that goes over several stacks is kept: a new one may lead to it. */
	if ((sp < m->stack_low || sp >= m->stack_high) && !unwind_stack_enter(m, sp) && !m->crosses)
		drop_traces(m);
	if (m->generation != generation && m->generation != ~generation) {
		drop_traces(m);
		m->generation = generation;
	}
}

/*
 * What was read on the word of a guess may not be of this stack: the walk may have gone on in the
 * memory next to it, which can go away while we remember it. Only a thread's own stack stays.
 */
static COLD void
distrust(struct unwind_memory *m, uintptr_t sp)
{
	if (m->crosses || m->stack_high > unwind_stack_find_end(m, sp))
		unwind_forget(m);
}

/* Remember the trace of a walk from `ip` that ended so. A deep one is no branch: `capture_deep`
 * would not look for it. */
static ALWAYS_INLINE struct unwind_result
keep_walk(struct unwind_memory *m, const struct unwind_walk *w, enum unwind_walk_end end,
	  uint64_t ip, bool deep)
{
	uint32_t kept = 0, node;

	if (likely(end == WALK_MATCHED)) {
		kept = (uint32_t)(w->top - m->frames) + 1;
		node = w->top->node;
	} else {
		node = unwind_finish_root(m, end);
	}
	node = place_fresh(m, w, kept, node);
	if (!deep && kept > 0 && kept < m->depth)
		unwind_branches_keep(m, kept);
	if (unlikely(end == WALK_CUT)) {
		m->is_cut = true;
		mark_deep(m);
	}
	if (unlikely(unwind_extras.any || end >= WALK_TRUNCATED)) {
		if (kept < m->steady)
			m->steady = kept;
		return unwind_finish_walk(m, end, ip, node);
	}
	return (struct unwind_result){node, false};
}

/* Keep the inner part of a remembered trace that has become too deep. */
static COLD void
cut_outer(struct unwind_memory *m)
{
	uint32_t shift = m->depth - unwind_depth.some, node = unwind_finish_root(m, WALK_CUT);
	uint32_t first = m->frames[shift].check_first;
	struct trace_path path = {false};

	for (uint32_t i = first; i < m->check_count; i++)
		m->checks[i - first] = m->checks[i];
	m->check_count -= first;
	m->depth = unwind_depth.some;
	m->steady = 0;
	m->is_cut = true;
	for (uint32_t i = 0; i < m->depth && node != NODE_NONE; i++) {
		struct unwind_frame *f = &m->frames[i];

		*f = m->frames[i + shift];
		f->check_first -= first;
		node = trace_table_path_child(&path, node, f->frame);
		f->node = node;
	}
	if (path.locked)
		trace_table_end_path(&path);
	if (node == NODE_NONE)
		drop_traces(m);
}

/* Walk from a place where the remembered trace is a deep one. */
static COLD struct unwind_result
capture_deep(struct unwind_memory *m, const struct unwind_walk *start)
{
	struct unwind_walk w = *start;
	struct unwind_result result;
	enum unwind_walk_end end;

	if (m->depth > unwind_depth.most)
		cut_outer(m);
	unwind_walk_begin(m, &w);
	end = unwind_walk_outward(m, &w);
	/* So much was left that too little is known: as if nothing were. */
	if (end == WALK_MATCHED && m->is_cut &&
	    (w.top - m->frames) + 1 + (w.fresh - m->fresh) < (ptrdiff_t)unwind_depth.least) {
		drop_traces(m);
		w = *start;
		unwind_walk_begin(m, &w);
		end = unwind_walk_outward(m, &w);
	}
	m->generation = load(&unwind_rules_generation);
	if (end != WALK_MATCHED)
		m->is_cut = false;
	if (end == WALK_IRREGULAR)
		result = unwind_finish_irregular(m, start->ip, start->sp);
	else
		result = keep_walk(m, &w, end, start->ip, true);
	if (m->is_cut) {
		result.cut = true;
		mark_deep(m);
	}
	if (w.guessed)
		distrust(m, start->sp);
	return result;
}

/* Walk from the state in w and remember the trace. */
static __attribute__((noinline)) struct unwind_result
capture_by_walk(struct unwind_memory *m, struct unwind_walk w)
{
	uint64_t ip = w.ip, sp = w.sp;
	enum unwind_walk_end end = unwind_walk_outward(m, &w);
	struct unwind_result result;

	if (unlikely(end == WALK_IRREGULAR))
		result = unwind_finish_irregular(m, ip, sp);
	else
		result = keep_walk(m, &w, end, ip, false);
	if (unlikely(w.guessed))
		distrust(m, sp);
	return result;
}

/* A branch has told the node of the stack at a state, and there is more to do. */
static __attribute__((noinline)) struct unwind_result
capture_branch(struct unwind_memory *m, uintptr_t ip, uintptr_t sp, uintptr_t bp, uint32_t node)
{
	struct unwind_result result = {node, false};
	struct unwind_walk w = {.ip = ip, .sp = sp, .bp = bp};

	if (unwind_finish_branch(m, ip, &result))
		return result;
	unwind_walk_begin(m, &w);
	while (w.top->sp < sp)
		w.top--;
	return capture_by_walk(m, w);
}

/* The trace is not simply the last one again. */
static __attribute__((noinline)) struct unwind_result
capture_anew(struct unwind_memory *m, uintptr_t ip, uintptr_t sp, uintptr_t bp)
{
	struct unwind_walk w = {.ip = ip, .sp = sp, .bp = bp};
	uint32_t generation = load(&unwind_rules_generation), node;

	if (unlikely(sp - m->stack_low >= m->stack_high - m->stack_low ||
		     m->generation != generation)) {
		prepare_rare(m, sp, generation);
		if (m->capacity == 0) {
			/* So that every capture comes here until there is room. */
			mark_deep(m);
			return unwind_finish_irregular(m, ip, sp);
		}
		if (m->generation != generation)
			return capture_deep(m, &w);
	}
	unwind_walk_begin(m, &w);
	while (w.top->sp < sp)
		w.top--;
	if (!unwind_walk_is_at(&w, w.top, m)) {
		node = unwind_branches_find(m, ip, sp, bp);
		if (node != NODE_NONE && !unwind_extras.limit)
			return likely(!unwind_extras.any) ? (struct unwind_result){node, false}
							  : capture_branch(m, ip, sp, bp, node);
	}
	return capture_by_walk(m, w);
}

HOT ALWAYS_INLINE struct unwind_result
unwind_capture(struct unwind_memory *m, uintptr_t ip, uintptr_t sp, uintptr_t bp)
{
	const struct unwind_frame *top = m->frames + m->depth - 1;

	/* A loop allocates at one place: the last trace once more. Its stack is in range, or the
	 * state would not be the same. */
	if (likely(m->depth > 0 && top->ip == ip && top->sp == sp && !unwind_extras.any) &&
	    (top->bp == bp || !top->needs_bp) && unwind_memory_verify(m, top) == 0 &&
	    likely(m->generation == load(&unwind_rules_generation)))
		return (struct unwind_result){top->node, false};
	return capture_anew(m, ip, sp, bp);
}

void
unwind_set_thread(struct unwind_memory *m, uint32_t thread, bool is_told)
{
	uint32_t node;

	unwind_forget(m);
	m->own_low = 0;
	m->root = NODE_ROOT;
	if (m->python != NULL)
		python_frames_forget(m->python);
	m->thread_frame = FRAME_NONE;
	if (!thread_roots && !is_told)
		return;
	m->thread_frame = unwind_rules_add_frame(FRAME_KIND_THREAD, thread, NULL);
	if (!thread_roots || m->thread_frame == FRAME_NONE)
		return;
	node = trace_table_child(NODE_ROOT, m->thread_frame);
	if (node != NODE_NONE)
		m->root = node;
}

void
unwind_set_threads(bool on)
{
	thread_roots = on;
}
