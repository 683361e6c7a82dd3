/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind.c - the call stack of an allocation, by verifying what is remembered
 *
 * A capture has two passes. `walk` goes outward and puts frames that are not remembered into
 * `fresh`; `place_fresh` goes back inward over them, gives each its node and remembers it.
 *
 * Budget: three loads and one branch per verified word; about 80 instructions and three cache lines
 * (rule, node, remembered frame) per fresh frame.
 */
#include "capture/unwind.h"

#include <sys/auxv.h>

#include "memory/arena.h"
#include "base/lock.h"
#include "base/os.h"
#include "recording/recording_map.h"
#include "data/trace_table.h"
#include "capture/python.h"
#include "capture/python_frames.h"
#include "capture/python_stack.h"
#include "capture/unwind_branches.h"
#include "capture/unwind_cut.h"
#include "capture/unwind_full.h"
#include "capture/unwind_library.h"
#include "capture/unwind_rules.h"

#define NEW_STACK_GAP   ((uintptr_t)1 << 20)
#define MAIN_STACK_MAX  ((uintptr_t)128 << 20) /* Linux keeps so much below it free */
#define GUESS_FRAME_MAX 0x4000u
#define STACK_STRIDE    ((uintptr_t)64 << 10) /* a frame that is longer is another stack's */
#define SEEK_MAX        2048
#define OWN_STACK_MAX   ((uintptr_t)2 << 20) /* to look through; a longer one may be several */

static uint32_t frames_limit;
static uint32_t crosscheck_every;
static bool with_python;
static bool rare_work; /* one of them is set */
static bool thread_roots;

enum walk_end {
	WALK_GOES_ON,
	WALK_MATCHED,   /* the frames below `depth` are as remembered */
	WALK_COMPLETE,  /* the outermost frame was reached */
	WALK_TRUNCATED, /* it goes no further */
	WALK_CUT,       /* it has enough frames */
	WALK_IRREGULAR, /* only a full walk can tell */
};

/* Where the walk is, and what it needs of the thread's memory, copied: stores through pointers
 * would make the compiler load it again and again. */
struct walk {
	uint64_t ip, sp, bp;
	struct unwind_slots slots;
	const struct unwind_frame *top; /* the remembered frame that may match */
	struct unwind_frame *fresh;     /* where the next fresh frame goes */
	const struct unwind_frame *fresh_end;
	uint64_t stack_low, stack_span; /* words at low .. low + span can be read */
	bool guessed;                   /* some frame was taken for one by its looks */
	bool crosses; /* the words are of another stack, which was not asked for */
};

/* Whether every page from start (a page) up to end can be read. */
static bool
pages_readable(uintptr_t start, uintptr_t end)
{
	for (; start < end; start += PAGE_BYTES) {
		if (!os_readable(start))
			return false;
	}
	return true;
}

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

/* The stack pointer left the known range: grow it downward if the stack goes on, else start one. A
 * trace that goes over several stacks is kept: the new one may lead to it. */
static COLD void
enter_stack(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t page = page_of(sp);

	if (sp < m->stack_low && m->stack_low - sp < NEW_STACK_GAP &&
	    pages_readable(page + PAGE_BYTES, m->stack_low)) {
		m->stack_low = page;
		return;
	}
	if (!m->crosses)
		drop_traces(m);
	m->stack_low = page;
	m->stack_high = page + PAGE_BYTES;
}

/* Whether the word can be read; extends the known range upward, page by page. */
static COLD bool
extend_stack(struct unwind_memory *m, uint64_t address)
{
	if (address < m->stack_low || address % 8 != 0 || address - m->stack_high > STACK_STRIDE)
		return false;
	while (address + 8 > m->stack_high) {
		if (!os_readable(m->stack_high))
			return false;
		m->stack_high += PAGE_BYTES;
	}
	return true;
}

/* The part of a walk that is a copy of the memory's. */
static ALWAYS_INLINE void
take_bounds(struct walk *w, const struct unwind_memory *m)
{
	w->stack_low = m->stack_low;
	w->stack_span = m->stack_high - m->stack_low - 8;
}

/* The walk came to `sp` in no way that goes by the order of addresses: find the remembered frame
 * there, or else one further out on the same stack. */
static COLD void
seek_top(const struct unwind_memory *m, struct walk *w, uint64_t sp)
{
	const struct unwind_frame *f = m->frames + m->depth, *near = m->frames - 1;
	const struct unwind_frame *end = m->depth > SEEK_MAX ? f - SEEK_MAX : m->frames;

	while (f-- > end) {
		if (f->sp == sp) {
			w->top = f;
			return;
		}
		if (near < m->frames && f->sp > sp && f->sp - sp < STACK_STRIDE)
			near = f;
	}
	w->top = near;
}

/* The word is on another stack, or on the next page of it. */
static COLD bool
cross_to(struct unwind_memory *m, struct walk *w, uint64_t address)
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

static COLD bool
extend_walk(struct unwind_memory *m, struct walk *w, uint64_t address)
{
	if (!w->crosses && extend_stack(m, address)) {
		take_bounds(w, m);
		return true;
	}
	return address % 8 == 0 && cross_to(m, w, address);
}

/* Whether the frame's end is further in on the same stack: damaged tables must not make a loop. */
static COLD bool
is_inward(const struct walk *w, uint64_t cfa)
{
	return w->sp - cfa < STACK_STRIDE && pages_readable(page_of(cfa), page_of(w->sp));
}

static ALWAYS_INLINE bool
read_stack(struct unwind_memory *m, struct walk *w, uint64_t address, uint64_t *ret_word)
{
	if (unlikely(address - w->stack_low > w->stack_span)) {
		struct walk copy = *w;
		bool extended = extend_walk(m, &copy, address);

		/* By way of a copy, so that the hot path's state stays in registers. */
		*w = copy;
		if (!extended)
			return false;
	}
	*ret_word = *(const uint64_t *)address;
	return true;
}

/* Go out of a frame whose end and saved frame pointer are known. */
static ALWAYS_INLINE enum walk_end
step_to(struct unwind_memory *m, struct walk *w, uint64_t cfa, uint64_t bp_slot, bool bp_saved)
{
	uint64_t ip;

	if ((unlikely(cfa <= w->sp) && is_inward(w, cfa)) ||
	    !read_stack(m, w, arch_return_slot(cfa), &ip))
		return WALK_TRUNCATED;
	w->slots = (struct unwind_slots){0, 0};
	if (bp_saved) {
		if (!read_stack(m, w, bp_slot, &w->bp))
			return WALK_TRUNCATED;
		w->slots.bp = (int32_t)(bp_slot - cfa);
	}
	w->ip = ip;
	w->sp = cfa;
	return likely(ip != 0) ? WALK_GOES_ON : WALK_COMPLETE;
}

/*
 * No table: believe the frame pointer if it points a little further out on this stack, to something
 * that looks like a frame. Nothing says that it is one: the register may hold anything, and the
 * stack may end before it. So it never ends a stack, either: a zero says only that the walk goes no
 * further.
 */
static COLD enum walk_end
step_by_guess(struct unwind_memory *m, struct walk *w)
{
	uint64_t slot = w->bp + ARCH_FRAME_BYTES;

	if (w->bp < w->sp || w->bp - w->sp > GUESS_FRAME_MAX || w->bp % 8 != 0)
		return WALK_TRUNCATED;
	/* Also of this stack: what lies further out may be another one, and have gone. */
	if (((slot - 1) ^ w->sp) >= PAGE_BYTES && (!os_readable(w->bp) || !os_readable(slot - 8)))
		return WALK_TRUNCATED;
	/* Between two walks anything may be unmapped. */
	if (!w->guessed)
		m->code_page = 0;
	if (!unwind_follows_call(*(const uint64_t *)arch_return_slot(slot), &m->code_page))
		return WALK_TRUNCATED;
	w->guessed = true;
	return step_to(m, w, slot, w->bp, true);
}

/* To the code that the signal of this frame interrupted. */
static COLD enum walk_end
step_over_signal(struct unwind_memory *m, struct walk *w)
{
	uint64_t bp_slot = w->sp + ARCH_SIGNAL_BP, ip, sp, bp;
	int64_t distance;

	if (!read_stack(m, w, w->sp + ARCH_SIGNAL_IP, &ip) ||
	    !read_stack(m, w, w->sp + ARCH_SIGNAL_SP, &sp) || !read_stack(m, w, bp_slot, &bp) ||
	    ip == 0)
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

static enum walk_end step_rare(struct unwind_memory *m, struct walk *w, struct rule rule);

/* Go to the caller of the frame at the walk's state. */
static ALWAYS_INLINE enum walk_end
step(struct unwind_memory *m, struct walk *w, struct rule rule)
{
	enum rule_kind kind = rule_kind(rule);

	/* The common kinds by a comparison: a jump table is mispredicted for every other frame. */
	if (likely(kind <= RULE_FROM_BP)) {
		int64_t bp_offset = rule_bp_offset(rule);
		uint64_t cfa =
			(kind == RULE_FROM_SP ? w->sp : w->bp) + (uint64_t)rule_cfa_offset(rule);

		return step_to(m, w, cfa, cfa + (uint64_t)bp_offset, bp_offset != RULE_BP_UNSAVED);
	} else {
		struct walk copy = *w;
		enum walk_end end = step_rare(m, &copy, rule);

		*w = copy;
		return end;
	}
}

static inline bool
needs_bp(struct rule rule)
{
	return rule_kind(rule) != RULE_FROM_SP && rule_kind(rule) != RULE_END;
}

/* A frame of code that was unknown when its rule was made, and may have come to be known. */
static COLD enum walk_end
step_unknown(struct unwind_memory *m, struct walk *w, struct rule rule)
{
	struct unwind_frame *f = w->fresh - 1;

	rule = unwind_rules_recheck(w->ip, rule);
	f->frame = rule_frame(rule);
	f->needs_bp = needs_bp(rule);
	return rule_kind(rule) == RULE_GUESS ? step_by_guess(m, w) : step(m, w, rule);
}

/* The end of the stack, and the frames that few programs have. */
static COLD enum walk_end
step_rare(struct unwind_memory *m, struct walk *w, struct rule rule)
{
	uint64_t cfa_slot = w->bp + (uint64_t)rule_cfa_offset(rule), cfa;
	enum walk_end end;

	switch (rule_kind(rule)) {
	case RULE_END:
		return WALK_COMPLETE;
	case RULE_GUESS:
		return step_unknown(m, w, rule);
	case RULE_SIGNAL:
		return step_over_signal(m, w);
	case RULE_REALIGNED:
		if (!read_stack(m, w, cfa_slot, &cfa))
			return WALK_TRUNCATED;
		if ((int64_t)(cfa_slot - cfa) != (int32_t)(cfa_slot - cfa) || cfa % 8 != 0 ||
		    cfa_slot % 8 != 0)
			return WALK_IRREGULAR;
		end = step_to(m, w, cfa, w->bp + (uint64_t)rule_bp_offset(rule) - 8,
			      rule_bp_offset(rule) != RULE_BP_UNSAVED);
		w->slots.cfa = (int32_t)(cfa_slot - cfa);
		return end;
	default:
		return WALK_IRREGULAR;
	}
}

static COLD bool
make_room(struct unwind_memory *m, struct walk *w)
{
	ptrdiff_t top = w->top - m->frames, fresh = w->fresh - m->fresh;

	if (fresh >= (ptrdiff_t)unwind_depth.some || !unwind_memory_grow(m))
		return false;
	w->top = m->frames + top;
	w->fresh = m->fresh + fresh;
	w->fresh_end = m->fresh_end;
	return true;
}

/* Add the frame at the walk's state. */
static ALWAYS_INLINE bool
push_fresh(struct unwind_memory *m, struct walk *w, uint32_t frame, bool needs_bp)
{
	struct unwind_frame *f;

	if (unlikely(w->fresh == w->fresh_end)) {
		struct walk copy = *w;
		bool made = make_room(m, &copy);

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

/* The words that led outward from the frame at `top`. Returns the index after the first bad one; 0
 * if all are good. */
static ALWAYS_INLINE uint32_t
verify(const struct unwind_memory *m, const struct unwind_frame *top)
{
	const struct unwind_check *first = m->checks;

	return (uint32_t)(unwind_check_changed(first + top->check_first) - first) + 1;
}

static inline uint64_t
bp_slot_of(const struct unwind_frame *f)
{
	if (unlikely(unwind_is_interrupted(f)))
		return f->sp + ((uint64_t)(int64_t)(f->slots.cfa >> 1) << 32) +
		       (uint32_t)f->slots.bp;
	return f->sp + (uint64_t)(int64_t)f->slots.bp;
}

/*
 * A word changed. The frames between the match (`top`) and the change keep their state but need new
 * nodes: they become fresh. The walk goes on at the last of them. Its bp may have been dead under
 * the old trace and so not verified: read it anew where it was saved.
 */
static COLD bool
resume_at_change(struct unwind_memory *m, struct walk *w, uint32_t bad)
{
	for (;;) {
		struct rule rule = unwind_rules_get(unwind_rules_table, w->ip);
		const struct unwind_frame *outer;

		if (!push_fresh(m, w, w->top->frame, needs_bp(rule)))
			return false;
		outer = --w->top;
		if (outer->check_first < bad)
			return true;
		w->ip = outer->ip;
		w->sp = outer->sp;
		w->slots = outer->slots;
		if (outer->slots.bp != 0)
			w->bp = *(const uint64_t *)bp_slot_of(outer);
	}
}

static inline bool
same_slots(struct unwind_slots a, struct unwind_slots b)
{
	return a.bp == b.bp && a.cfa == b.cfa;
}

/* Whether the walk stands where the remembered frame stood. A frame reached through others must
 * also have been reached by the same words, or its checks would not cover this trace. */
static ALWAYS_INLINE bool
is_at(const struct walk *w, const struct unwind_frame *f, const struct unwind_memory *m)
{
	return f->sp == w->sp && f->ip == w->ip && (f->bp == w->bp || !f->needs_bp) &&
	       (w->fresh == m->fresh || same_slots(f->slots, w->slots));
}

/* Some word is not as remembered; by way of a copy, see `step`. */
static inline bool
resume(struct unwind_memory *m, struct walk *w, uint32_t bad)
{
	struct walk copy = *w;
	bool resumed = resume_at_change(m, &copy, bad);

	*w = copy;
	return resumed;
}

/* Walk outward until the remembered trace is met and verified, or to the end. */
static ALWAYS_INLINE enum walk_end
walk(struct unwind_memory *m, struct walk *w)
{
	const struct rule_table *rules = load_acquire(&unwind_rules_table);

	for (;;) {
		struct rule rule;
		enum walk_end end;

		while (w->top->sp < w->sp)
			w->top--;
		if (is_at(w, w->top, m)) {
			uint32_t bad = verify(m, w->top);

			if (likely(bad == 0))
				return WALK_MATCHED;
			if (!resume(m, w, bad))
				return WALK_CUT;
			rule = unwind_rules_get(rules, w->ip);
		} else {
			rule = unwind_rules_get(rules, w->ip);
			if (unlikely(!push_fresh(m, w, rule_frame(rule), needs_bp(rule))))
				return WALK_CUT;
		}
		end = step(m, w, rule);
		if (unlikely(end != WALK_GOES_ON))
			return end;
	}
}

/* The checks of a frame that was reached from a realigned one or from a signal's; of the latter
 * nothing that was put down so far holds. */
static COLD struct unwind_check *
remember_rare(const struct unwind_frame *f, struct unwind_check *checks, struct unwind_check *check)
{
	uint64_t bp_slot = bp_slot_of(f), state = bp_slot - ARCH_SIGNAL_BP;

	if (unwind_is_interrupted(f)) {
		check = checks + f->check_first;
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
remember(struct unwind_frame *f, const struct unwind_frame *fresh, uint32_t node,
	 struct unwind_check *checks, struct unwind_check *check)
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
		return remember_rare(f, checks, check);
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
place_fresh(struct unwind_memory *m, const struct walk *w, uint32_t kept, uint32_t node)
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
		check = remember(f++, fresh, node, checks, check);
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

/* The same stack without its outer part, below a root that says how much was cut. */
static COLD uint32_t
limited_node(const struct unwind_memory *m)
{
	uint32_t first = m->depth - frames_limit;
	uint32_t node = unwind_cut_root(m->root, m->is_cut ? 0 : first);

	for (uint32_t i = first; i < m->depth && node != NODE_NONE; i++)
		node = trace_table_child(node, m->frames[i].frame);
	return node;
}

/* The walk did not meet what is remembered: nothing of it is kept. */
static COLD uint32_t
root_of(const struct unwind_memory *m, enum walk_end end)
{
	return end == WALK_TRUNCATED || end == WALK_CUT
		       ? trace_table_child(m->root, FRAME_TRUNCATED)
		       : m->root;
}

static COLD void
crosscheck_python(struct unwind_memory *m, enum walk_end end, uint32_t node)
{
	uint32_t root = root_of(m, m->is_cut ? WALK_CUT : end);

	if (frames_limit == 0 && !python_stack_agrees(m, root, node))
		fetch_add(&recording.header->crosscheck_differences, 1);
}

/* The stack with Python frames in it. The one that the walk has found is remembered. */
static __attribute__((noinline)) struct unwind_result
add_python(struct unwind_memory *m, enum walk_end end, uint32_t node)
{
	struct unwind_result result = {node, end == WALK_TRUNCATED || m->is_cut};
	bool cut = false;

	if (!python_stack_find(m, node, true, frames_limit, &result.node, &cut))
		result.node = python_stack_make(m, node, root_of(m, m->is_cut ? WALK_CUT : end),
						frames_limit, &cut);
	if (unlikely(crosscheck_every != 0) && result.node != node)
		crosscheck_python(m, end, result.node);
	if (result.node == node && frames_limit != 0 && m->depth > frames_limit)
		return (struct unwind_result){limited_node(m), true};
	result.cut |= cut;
	return result;
}

static COLD struct unwind_result
capture_full(struct unwind_memory *m, uintptr_t ip, uintptr_t sp)
{
	struct unwind_walked walked;

	m->depth = m->check_count = 0;
	walked = unwind_full(m->root, ip, sp);
	fetch_add(&recording.header->full_walks, 1);
	if (walked.node == NODE_NONE) {
		/* Without libunwind the caller alone is known. */
		walked.node = trace_table_child(m->root, FRAME_TRUNCATED);
		if (walked.node != NODE_NONE)
			walked.node =
				trace_table_child(walked.node, rule_frame(unwind_rules_find(ip)));
	}
	/* What a handler interrupted may be about to change Python's chain of frames. */
	if (python_is_readable() && !walked.interrupted)
		return add_python(m, walked.complete ? WALK_COMPLETE : WALK_TRUNCATED, walked.node);
	return (struct unwind_result){walked.node, !walked.complete};
}

static COLD void
crosscheck(uintptr_t ip, uint32_t node)
{
	static uint32_t since;
	enum unwind_comparison compared;

	if (fetch_add(&since, 1) % crosscheck_every != 0)
		return;
	compared = unwind_full_compare(ip, node);
	if (compared == UNWIND_NOT_COMPARED)
		return;
	fetch_add(&recording.header->crosschecks, 1);
	if (compared == UNWIND_DIFFERENT)
		fetch_add(&recording.header->crosscheck_differences, 1);
}

/* Everything that most captures need not do. */
static __attribute__((noinline)) struct unwind_result
finish_rare(struct unwind_memory *m, enum walk_end end, uintptr_t ip, uint32_t node)
{
	struct unwind_result result = {node, end == WALK_TRUNCATED || m->is_cut};

	if (crosscheck_every != 0 && node != NODE_NONE)
		crosscheck(ip, node);
	if (python_is_readable())
		result = add_python(m, end, node);
	else if (frames_limit != 0 && m->depth > frames_limit)
		result = (struct unwind_result){limited_node(m), true};
	/* It was refused after it had been found: no event need come here for it any more. */
	if (unlikely(with_python && !python_is_readable()))
		unwind_set_python(false);
	/* A truncated trace ends where memory could not be read, which no check covers. */
	if (end == WALK_TRUNCATED)
		m->depth = m->check_count = 0;
	return result;
}

/* The same of a branch, whose frames are not there. False if it cannot be told without them. */
static __attribute__((noinline)) bool
finish_branch(struct unwind_memory *m, uintptr_t ip, struct unwind_result *result)
{
	if (!python_is_readable()) {
		*result = finish_rare(m, WALK_MATCHED, ip, result->node);
		return true;
	}
	if (crosscheck_every != 0)
		crosscheck(ip, result->node);
	return python_stack_find(m, result->node, false, 0, &result->node, &result->cut);
}

static COLD void
prepare_rare(struct unwind_memory *m, uintptr_t sp, uint32_t generation)
{
	if (m->capacity == 0)
		unwind_memory_grow(m);
	if (sp < m->stack_low || sp >= m->stack_high)
		enter_stack(m, sp);
	if (m->generation != generation && m->generation != ~generation) {
		drop_traces(m);
		m->generation = generation;
	}
}

/*
 * The end of the stack that the kernel or libc made for the thread, if sp is on it; else 0. Of the
 * first thread's, AT_RANDOM is near the end, and nothing else comes below it for as long as
 * MAIN_STACK_MAX. Any other has its thread's control block at the end: when all pages up to there
 * can be read there is no guard page in between, so it is one stack.
 */
static COLD uintptr_t
own_stack_end(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t first = getauxval(AT_RANDOM), control = arch_thread_control();
	uintptr_t low = page_of(sp);

	if (sp < first && first - sp < MAIN_STACK_MAX)
		return page_of(first) + PAGE_BYTES;
	if (sp >= control || control - sp > OWN_STACK_MAX)
		return 0;
	if (m->own_low == 0)
		m->own_low = page_of(control);
	if (low < m->own_low) {
		if (!pages_readable(low, m->own_low))
			return 0;
		m->own_low = low;
	}
	return page_of(control) + PAGE_BYTES;
}

/*
 * What was read on the word of a guess may not be of this stack: the walk may have gone on in the
 * memory next to it, which can go away while we remember it. Only a thread's own stack stays.
 */
static COLD void
distrust(struct unwind_memory *m, uintptr_t sp)
{
	if (m->crosses || m->stack_high > own_stack_end(m, sp))
		unwind_forget(m);
}

/* Remember the trace of a walk from `ip` that ended so. A deep one is no branch: `capture_deep`
 * would not look for it. */
static ALWAYS_INLINE struct unwind_result
keep_walk(struct unwind_memory *m, const struct walk *w, enum walk_end end, uint64_t ip, bool deep)
{
	uint32_t kept = 0, node;

	if (likely(end == WALK_MATCHED)) {
		kept = (uint32_t)(w->top - m->frames) + 1;
		node = w->top->node;
	} else {
		node = root_of(m, end);
	}
	node = place_fresh(m, w, kept, node);
	if (!deep && kept > 0 && kept < m->depth)
		unwind_branches_keep(m, kept);
	if (unlikely(end == WALK_CUT)) {
		m->is_cut = true;
		mark_deep(m);
	}
	if (unlikely(rare_work || end >= WALK_TRUNCATED)) {
		if (kept < m->steady)
			m->steady = kept;
		return finish_rare(m, end, ip, node);
	}
	return (struct unwind_result){node, false};
}

/* Keep the inner part of a remembered trace that has become too deep. */
static COLD void
cut_outer(struct unwind_memory *m)
{
	uint32_t shift = m->depth - unwind_depth.some, node = root_of(m, WALK_CUT);
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

static inline void
begin_walk(const struct unwind_memory *m, struct walk *w)
{
	w->top = m->frames + m->depth - 1;
	w->fresh = m->fresh;
	w->fresh_end = m->fresh_end;
	take_bounds(w, m);
}

/* Walk from a place where the remembered trace is a deep one. */
static COLD struct unwind_result
capture_deep(struct unwind_memory *m, const struct walk *start)
{
	struct walk w = *start;
	struct unwind_result result;
	enum walk_end end;

	if (m->depth > unwind_depth.most)
		cut_outer(m);
	begin_walk(m, &w);
	end = walk(m, &w);
	/* So much was left that too little is known: as if nothing were. */
	if (end == WALK_MATCHED && m->is_cut &&
	    (w.top - m->frames) + 1 + (w.fresh - m->fresh) < (ptrdiff_t)unwind_depth.least) {
		drop_traces(m);
		w = *start;
		begin_walk(m, &w);
		end = walk(m, &w);
	}
	m->generation = load(&unwind_rules_generation);
	if (end != WALK_MATCHED)
		m->is_cut = false;
	if (end == WALK_IRREGULAR)
		result = capture_full(m, start->ip, start->sp);
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
capture_by_walk(struct unwind_memory *m, struct walk w)
{
	uint64_t ip = w.ip, sp = w.sp;
	enum walk_end end = walk(m, &w);
	struct unwind_result result;

	if (unlikely(end == WALK_IRREGULAR))
		result = capture_full(m, ip, sp);
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
	struct walk w = {.ip = ip, .sp = sp, .bp = bp};

	if (finish_branch(m, ip, &result))
		return result;
	begin_walk(m, &w);
	while (w.top->sp < sp)
		w.top--;
	return capture_by_walk(m, w);
}

/* The trace is not simply the last one again. */
static __attribute__((noinline)) struct unwind_result
capture_anew(struct unwind_memory *m, uintptr_t ip, uintptr_t sp, uintptr_t bp)
{
	struct walk w = {.ip = ip, .sp = sp, .bp = bp};
	uint32_t generation = load(&unwind_rules_generation), node;

	if (unlikely(sp - m->stack_low >= m->stack_high - m->stack_low ||
		     m->generation != generation)) {
		prepare_rare(m, sp, generation);
		if (m->capacity == 0) {
			/* So that every capture comes here until there is room. */
			mark_deep(m);
			return capture_full(m, ip, sp);
		}
		if (m->generation != generation)
			return capture_deep(m, &w);
	}
	begin_walk(m, &w);
	while (w.top->sp < sp)
		w.top--;
	if (!is_at(&w, w.top, m)) {
		node = unwind_branches_find(m, ip, sp, bp);
		if (node != NODE_NONE && frames_limit == 0)
			return likely(!rare_work) ? (struct unwind_result){node, false}
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
	if (likely(m->depth > 0 && top->ip == ip && top->sp == sp && !rare_work) &&
	    (top->bp == bp || !top->needs_bp) && verify(m, top) == 0 &&
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

static void
set_rare_work(void)
{
	store(&rare_work, (frames_limit | crosscheck_every) != 0 || with_python);
}

void
unwind_set_limit(uint32_t frames)
{
	frames_limit = frames;
	set_rare_work();
	if (frames > unwind_depth.least)
		unwind_depth =
			(struct unwind_depth){frames, frames + frames / 8, frames + frames / 4};
}

void
unwind_set_crosscheck(uint32_t every)
{
	crosscheck_every = every;
	set_rare_work();
}

void
unwind_set_python(bool on)
{
	with_python = on;
	set_rare_work();
}
