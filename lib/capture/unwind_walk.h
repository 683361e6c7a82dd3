/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_walk.h - go outward, frame by frame, until the remembered trace is met
 *
 *      fresh      remembered
 *      [0] lex
 *      [1] parse2
 *                 [2] parse    top: the walk stands where this frame stood, and the words further
 *                 [1] main     out are as they were
 *                 [0] _start
 *
 * What is inside `top` at the end is in `memory->fresh`, innermost first. The regular steps are
 * here, so that they are compiled into the capture; the others are calls.
 *
 * Budget: three loads and one branch per verified word.
 */
#ifndef UNWIND_WALK_H
#define UNWIND_WALK_H

#include "arch/arch.h"
#include "base/base.h"
#include "capture/unwind_memory.h"
#include "capture/unwind_rules.h"

enum unwind_walk_end {
	WALK_GOES_ON,
	WALK_MATCHED,   /* the frames below `depth` are as remembered */
	WALK_COMPLETE,  /* the outermost frame was reached */
	WALK_TRUNCATED, /* it goes no further */
	WALK_CUT,       /* it has enough frames */
	WALK_IRREGULAR, /* only a full walk can tell */
};

/* Where the walk is, and what it needs of the thread's memory, copied: stores through pointers
 * would make the compiler load it again and again. */
struct unwind_walk {
	uint64_t ip, sp, bp;
	struct unwind_slots slots;
	const struct unwind_frame *top; /* the remembered frame that may match */
	struct unwind_frame *fresh;     /* where the next fresh frame goes */
	const struct unwind_frame *fresh_end;
	uint64_t stack_low, stack_span; /* words at low .. low + span can be read */
	bool guessed;                   /* some frame was taken for one by its looks */
	bool crosses; /* the words are of another stack, which was not asked for */
};

/* The word is beyond what is known to be readable: whether it can be read. [signal] */
bool unwind_walk_extend(struct unwind_memory *memory, struct unwind_walk *walk, uint64_t address);

/* Whether the frame's end is further in on the same stack: damaged tables must not make a loop.
 * [signal] */
bool unwind_walk_is_inward(const struct unwind_walk *walk, uint64_t cfa);

/* Step by a rule that few frames have. [signal] */
enum unwind_walk_end unwind_walk_step_rare(struct unwind_memory *memory, struct unwind_walk *walk,
					   struct rule rule);

/* Room for more fresh frames; false if the walk is deep enough, or memory is out. [signal] */
bool unwind_walk_make_room(struct unwind_memory *memory, struct unwind_walk *walk);

/* The check before `bad` does not hold: the frames between it and `top` become fresh, and the walk
 * goes on at the last of them. False if there is no room. [signal] */
bool unwind_walk_resume(struct unwind_memory *memory, struct unwind_walk *walk, uint32_t bad);

/* The part of a walk that is a copy of the memory's. */
static ALWAYS_INLINE void
unwind_walk_take_bounds(struct unwind_walk *w, const struct unwind_memory *m)
{
	w->stack_low = m->stack_low;
	w->stack_span = m->stack_high - m->stack_low - 8;
}

static inline void
unwind_walk_begin(const struct unwind_memory *m, struct unwind_walk *w)
{
	w->top = m->frames + m->depth - 1;
	w->fresh = m->fresh;
	w->fresh_end = m->fresh_end;
	unwind_walk_take_bounds(w, m);
}

/* Read a word of the stack. [hot] */
static ALWAYS_INLINE bool
unwind_walk_read(struct unwind_memory *m, struct unwind_walk *w, uint64_t address,
		 uint64_t *ret_word)
{
	if (unlikely(address - w->stack_low > w->stack_span)) {
		struct unwind_walk copy = *w;
		bool extended = unwind_walk_extend(m, &copy, address);

		/* By way of a copy, so that the hot path's state stays in registers. */
		*w = copy;
		if (!extended)
			return false;
	}
	*ret_word = *(const uint64_t *)address;
	return true;
}

/* Go out of a frame whose end and saved frame pointer are known. */
static ALWAYS_INLINE enum unwind_walk_end
unwind_walk_step_to(struct unwind_memory *m, struct unwind_walk *w, uint64_t cfa, uint64_t bp_slot,
		    bool bp_saved)
{
	uint64_t ip;

	if ((unlikely(cfa <= w->sp) && unwind_walk_is_inward(w, cfa)) ||
	    !unwind_walk_read(m, w, arch_return_slot(cfa), &ip))
		return WALK_TRUNCATED;
	w->slots = (struct unwind_slots){0, 0};
	if (bp_saved) {
		if (!unwind_walk_read(m, w, bp_slot, &w->bp))
			return WALK_TRUNCATED;
		w->slots.bp = (int32_t)(bp_slot - cfa);
	}
	w->ip = ip;
	w->sp = cfa;
	return likely(ip != 0) ? WALK_GOES_ON : WALK_COMPLETE;
}

/* Go to the caller of the frame at the walk's state. */
static ALWAYS_INLINE enum unwind_walk_end
unwind_walk_step(struct unwind_memory *m, struct unwind_walk *w, struct rule rule)
{
	enum rule_kind kind = rule_kind(rule);

	/* The common kinds by a comparison: a jump table is mispredicted for every other frame. */
	if (likely(kind <= RULE_FROM_BP)) {
		int64_t bp_offset = rule_bp_offset(rule);
		uint64_t cfa =
			(kind == RULE_FROM_SP ? w->sp : w->bp) + (uint64_t)rule_cfa_offset(rule);

		return unwind_walk_step_to(m, w, cfa, cfa + (uint64_t)bp_offset,
					   bp_offset != RULE_BP_UNSAVED);
	} else {
		struct unwind_walk copy = *w;
		enum unwind_walk_end end = unwind_walk_step_rare(m, &copy, rule);

		*w = copy;
		return end;
	}
}

static inline bool
unwind_walk_needs_bp(struct rule rule)
{
	return rule_kind(rule) != RULE_FROM_SP && rule_kind(rule) != RULE_END;
}

/* Add the frame at the walk's state. */
static ALWAYS_INLINE bool
unwind_walk_push(struct unwind_memory *m, struct unwind_walk *w, uint32_t frame, bool needs_bp)
{
	struct unwind_frame *f;

	if (unlikely(w->fresh == w->fresh_end)) {
		struct unwind_walk copy = *w;
		bool made = unwind_walk_make_room(m, &copy);

		*w = copy;
		if (!made)
			return false;
	}
	f = w->fresh++;
	f->sp = w->sp;
	f->ip = w->ip;
	f->bp = w->bp;
	f->slots = w->slots;
	f->frame = frame;
	f->needs_bp = needs_bp;
	return true;
}

static inline bool
unwind_walk_same_slots(struct unwind_slots a, struct unwind_slots b)
{
	return a.bp == b.bp && a.cfa == b.cfa;
}

/* Whether the walk stands where the remembered frame stood. A frame reached through others must
 * also have been reached by the same words, or its checks would not cover this trace. */
static ALWAYS_INLINE bool
unwind_walk_is_at(const struct unwind_walk *w, const struct unwind_frame *f,
		  const struct unwind_memory *m)
{
	return f->sp == w->sp && f->ip == w->ip && (f->bp == w->bp || !f->needs_bp) &&
	       (w->fresh == m->fresh || unwind_walk_same_slots(f->slots, w->slots));
}

/* Walk outward until the remembered trace is met and verified, or to the end. */
static ALWAYS_INLINE enum unwind_walk_end
unwind_walk_outward(struct unwind_memory *m, struct unwind_walk *w)
{
	const struct rule_table *rules = load_acquire(&unwind_rules_table);

	for (;;) {
		struct rule rule;
		enum unwind_walk_end end;

		while (w->top->sp < w->sp)
			w->top--;
		if (unwind_walk_is_at(w, w->top, m)) {
			uint32_t bad = unwind_memory_verify(m, w->top);

			if (likely(bad == 0))
				return WALK_MATCHED;
			if (!unwind_walk_resume(m, w, bad))
				return WALK_CUT;
			rule = unwind_rules_get(rules, w->ip);
		} else {
			rule = unwind_rules_get(rules, w->ip);
			if (unlikely(!unwind_walk_push(m, w, rule_frame(rule),
						       unwind_walk_needs_bp(rule))))
				return WALK_CUT;
		}
		end = unwind_walk_step(m, w, rule);
		if (unlikely(end != WALK_GOES_ON))
			return end;
	}
}

#endif
