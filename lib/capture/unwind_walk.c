/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_walk.c - the steps that few walks take: to other pages and other stacks, by guess, over a
 * signal, out of realigned frames
 */
#include "capture/unwind_walk.h"

#include "base/os_memory.h"
#include "capture/unwind_library.h"
#include "capture/unwind_stack.h"

#define GUESS_FRAME_MAX 0x4000u
#define SEEK_MAX        2048

/* The walk came to `sp` in no way that goes by the order of addresses: find the remembered frame
 * there, or else one further out on the same stack. */
static COLD void
seek_top(const struct unwind_memory *m, struct unwind_walk *w, uint64_t sp)
{
	const struct unwind_frame *f = m->frames + m->depth, *near = m->frames - 1;
	const struct unwind_frame *end = m->depth > SEEK_MAX ? f - SEEK_MAX : m->frames;

	while (f-- > end) {
		if (f->sp == sp) {
			w->top = f;
			return;
		}
		if (near < m->frames && f->sp > sp && f->sp - sp < UNWIND_STACK_STRIDE)
			near = f;
	}
	w->top = near;
}

/* The word is on another stack, or on the next page of it. */
static COLD bool
cross_to(struct unwind_memory *m, struct unwind_walk *w, uint64_t address)
{
	uint64_t page = page_of(address), high = w->stack_low + w->stack_span + 8;

	if (!os_readable(page))
		return false;
	if (w->crosses && page == high) {
		w->stack_span += PAGE_BYTES;
		return true;
	}
	w->stack_low = page;
	w->stack_span = PAGE_BYTES - 8;
	w->crosses = m->crosses = true;
	seek_top(m, w, address + 8);
	return true;
}

COLD bool
unwind_walk_extend(struct unwind_memory *m, struct unwind_walk *w, uint64_t address)
{
	if (!w->crosses && unwind_stack_extend(m, address)) {
		unwind_walk_take_bounds(w, m);
		return true;
	}
	return address % 8 == 0 && cross_to(m, w, address);
}

/* Whether the frame's end is further in on the same stack: damaged tables must not make a loop. */
COLD bool
unwind_walk_is_inward(const struct unwind_walk *w, uint64_t cfa)
{
	return w->sp - cfa < UNWIND_STACK_STRIDE &&
	       unwind_stack_is_readable(page_of(cfa), page_of(w->sp));
}

/* Whether the words up to `end` can be read without asking: the walk knows them, and they are of a
 * stack that stays. What lies further out than another one's frame may be a third, and have gone.
 */
static bool
is_there(const struct unwind_walk *w, uint64_t start, uint64_t end)
{
	return start - w->stack_low <= w->stack_span && end - 8 - w->stack_low <= w->stack_span &&
	       unwind_stack_is_first(w->sp, end);
}

/*
 * No table: believe the frame pointer if it points a little further out on this stack, to something
 * that looks like a frame. Nothing says that it is one: the register may hold anything, and the
 * stack may end before it. So it never ends a stack, either: a zero says only that the walk goes no
 * further.
 */
static COLD enum unwind_walk_end
step_by_guess(struct unwind_memory *m, struct unwind_walk *w)
{
	uint64_t slot = w->bp + ARCH_FRAME_BYTES, ip;

	if (w->bp < w->sp || w->bp - w->sp > GUESS_FRAME_MAX || w->bp % 8 != 0)
		return WALK_TRUNCATED;
	if (((slot - 1) ^ w->sp) >= PAGE_BYTES && !is_there(w, w->bp, slot) &&
	    (!os_readable(w->bp) || !os_readable(slot - 8)))
		return WALK_TRUNCATED;
	/* Between two walks anything may be unmapped. */
	if (!w->guessed)
		m->code_page = 0;
	ip = *(const uint64_t *)arch_return_slot(slot);
	/* What was looked at once need not be read again, for which the kernel would be asked. */
	if (!unwind_rules_has(ip) && !unwind_follows_call(ip, &m->code_page))
		return WALK_TRUNCATED;
	w->guessed = true;
	return unwind_walk_step_to(m, w, slot, w->bp, true);
}

/* To the code that the signal of this frame interrupted. */
static COLD enum unwind_walk_end
step_over_signal(struct unwind_memory *m, struct unwind_walk *w)
{
	uint64_t bp_slot = w->sp + ARCH_SIGNAL_BP, ip, sp, bp;
	int64_t distance;

	if (!unwind_walk_read(m, w, w->sp + ARCH_SIGNAL_IP, &ip) ||
	    !unwind_walk_read(m, w, w->sp + ARCH_SIGNAL_SP, &sp) ||
	    !unwind_walk_read(m, w, bp_slot, &bp) || ip == 0)
		return WALK_TRUNCATED;
	distance = (int64_t)(bp_slot - sp);
	/* No address of a program is further away than that. */
	if ((int32_t)distance == 0 || distance >> ADDRESS_BITS != distance >> 63)
		return WALK_IRREGULAR;
	w->slots = (struct unwind_slots){(int32_t)distance, (int32_t)(distance >> 32) * 2 + 1};
	w->ip = ip | UNWIND_INTERRUPTED;
	w->sp = sp;
	w->bp = bp;
	seek_top(m, w, sp);
	return WALK_GOES_ON;
}

/* A frame of code that was unknown when its rule was made, and may have come to be known. */
static COLD enum unwind_walk_end
step_unknown(struct unwind_memory *m, struct unwind_walk *w, struct rule rule)
{
	struct unwind_frame *f = w->fresh - 1;

	rule = unwind_rules_recheck(w->ip, rule);
	f->frame = rule_frame(rule);
	f->needs_bp = unwind_walk_needs_bp(rule);
	return rule_kind(rule) == RULE_GUESS ? step_by_guess(m, w) : unwind_walk_step(m, w, rule);
}

/* The end of the stack, and the frames that few programs have. */
COLD enum unwind_walk_end
unwind_walk_step_rare(struct unwind_memory *m, struct unwind_walk *w, struct rule rule)
{
	uint64_t cfa_slot = w->bp + (uint64_t)rule_cfa_offset(rule), cfa;
	enum unwind_walk_end end;

	switch (rule_kind(rule)) {
	case RULE_END:
		return WALK_COMPLETE;
	case RULE_GUESS:
		return step_unknown(m, w, rule);
	case RULE_SIGNAL:
		return step_over_signal(m, w);
	case RULE_REALIGNED:
		if (!unwind_walk_read(m, w, cfa_slot, &cfa))
			return WALK_TRUNCATED;
		if ((int64_t)(cfa_slot - cfa) != (int32_t)(cfa_slot - cfa) || cfa % 8 != 0 ||
		    cfa_slot % 8 != 0)
			return WALK_IRREGULAR;
		end = unwind_walk_step_to(m, w, cfa, w->bp + (uint64_t)rule_bp_offset(rule) - 8,
					  rule_bp_offset(rule) != RULE_BP_UNSAVED);
		w->slots.cfa = (int32_t)(cfa_slot - cfa);
		return end;
	default:
		return WALK_IRREGULAR;
	}
}

COLD bool
unwind_walk_make_room(struct unwind_memory *m, struct unwind_walk *w)
{
	ptrdiff_t top = w->top - m->frames, fresh = w->fresh - m->fresh;

	if (fresh >= (ptrdiff_t)unwind_depth.some || !unwind_memory_grow(m))
		return false;
	w->top = m->frames + top;
	w->fresh = m->fresh + fresh;
	w->fresh_end = m->fresh_end;
	return true;
}

/*
 * A word changed. The frames between the match (`top`) and the change keep their state but need new
 * nodes: they become fresh. The walk goes on at the last of them. Its bp may have been dead under
 * the old trace and so not verified: read it anew where it was saved.
 */
COLD bool
unwind_walk_resume(struct unwind_memory *m, struct unwind_walk *w, uint32_t bad)
{
	for (;;) {
		struct rule rule = unwind_rules_get(unwind_rules_table, w->ip);
		const struct unwind_frame *outer;

		if (!unwind_walk_push(m, w, w->top->frame, unwind_walk_needs_bp(rule)))
			return false;
		outer = --w->top;
		if (outer->check_first < bad)
			return true;
		w->ip = outer->ip;
		w->sp = outer->sp;
		w->slots = outer->slots;
		if (outer->slots.bp != 0)
			w->bp = *(const uint64_t *)unwind_frame_bp_slot(outer);
	}
}
