/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind.c - the call stack of an allocation, by verifying what is remembered
 *
 * Budget: three loads and one branch per verified word; about two cache lines per fresh frame.
 */
#include "unwind.h"

#include "arena.h"
#include "lock.h"
#include "os.h"
#include "recording_map.h"
#include "trace_table.h"
#include "unwind_full.h"

#define FIRST_CAPACITY 16u
#define NEW_STACK_GAP  ((uintptr_t)1 << 20)

static uint32_t frames_limit;
static uint32_t crosscheck_every;

enum walk_end {
	WALK_MATCHED,   /* the frames below `depth` are as remembered */
	WALK_COMPLETE,  /* the outermost frame was reached */
	WALK_TRUNCATED, /* it goes no further */
	WALK_IRREGULAR, /* only a full walk can tell */
};

struct walk {
	uint64_t ip, sp, bp;
	uint32_t fresh; /* frames in memory->fresh */
	uint64_t bp_slot, cfa_slot;
};

static COLD bool
grow(struct unwind_memory *m)
{
	uint32_t capacity = m->capacity == 0 ? FIRST_CAPACITY : m->capacity * 2;
	struct unwind_frame *frames, *fresh;
	struct unwind_check *checks;

	if (capacity > UNWIND_DEPTH_MAX)
		return false;
	frames = arena_allocate(capacity * sizeof *frames, true);
	fresh = arena_allocate(capacity * sizeof *fresh, true);
	checks = arena_allocate(3 * capacity * sizeof *checks, true);
	if (frames == NULL || fresh == NULL || checks == NULL)
		return false;
	for (uint32_t i = 0; i < m->capacity; i++) {
		frames[i] = m->frames[i];
		fresh[i] = m->fresh[i];
	}
	for (uint32_t i = 0; i < m->check_count; i++)
		checks[i] = m->checks[i];
	m->frames = frames;
	m->fresh = fresh;
	m->checks = checks;
	m->capacity = capacity;
	return true;
}

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

/* The stack pointer left the known range: grow it downward if the stack goes on, else start one. */
static COLD void
enter_stack(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t page = sp & ~(uintptr_t)(PAGE_BYTES - 1);

	if (sp < m->stack_low && m->stack_low - sp < NEW_STACK_GAP &&
	    pages_readable(page + PAGE_BYTES, m->stack_low)) {
		m->stack_low = page;
		return;
	}
	m->depth = m->check_count = 0;
	m->stack_low = page;
	m->stack_high = page + PAGE_BYTES;
}

/* Whether the word can be read; extends the known range upward. */
static COLD bool
extend_stack(struct unwind_memory *m, uint64_t address)
{
	if (address < m->stack_low || address % 8 != 0 ||
	    address - m->stack_high > (uint64_t)UNWIND_DEPTH_MAX * 64)
		return false;
	while (address + 8 > m->stack_high) {
		if (!os_readable(m->stack_high))
			return false;
		m->stack_high += PAGE_BYTES;
	}
	return true;
}

static inline bool
read_stack(struct unwind_memory *m, uint64_t address, uint64_t *ret_word)
{
	if (unlikely(address < m->stack_low || address + 8 > m->stack_high || address % 8 != 0) &&
	    !extend_stack(m, address))
		return false;
	*ret_word = *(const uint64_t *)address;
	return true;
}

/* Go to the caller of the frame at the walk's state. */
static inline enum walk_end
step(struct unwind_memory *m, struct walk *w, struct rule rule)
{
	int64_t cfa_offset = rule_cfa_offset(rule), bp_offset = rule_bp_offset(rule);
	enum rule_kind kind = rule_kind(rule);
	uint64_t cfa, bp = w->bp;

	w->bp_slot = w->cfa_slot = 0;
	/* The common kinds by comparisons: a jump table is mispredicted for every other frame. */
	if (likely(kind == RULE_RSP)) {
		cfa = w->sp + (uint64_t)cfa_offset;
	} else if (likely(kind == RULE_RBP)) {
		cfa = w->bp + (uint64_t)cfa_offset;
	} else if (kind == RULE_END) {
		return WALK_COMPLETE;
	} else if (kind == RULE_REALIGNED) {
		w->cfa_slot = w->bp + (uint64_t)cfa_offset;
		if (!read_stack(m, w->cfa_slot, &cfa))
			return WALK_TRUNCATED;
	} else if (kind == RULE_GUESS) {
		/* No table: believe rbp if it points a little further out on this stack. The psABI
		 * marks the outermost frame with a zero. */
		if (w->bp == 0)
			return WALK_COMPLETE;
		cfa = w->bp + 16;
		bp_offset = -16;
		if (w->bp < w->sp || w->bp - w->sp > 0x4000)
			return WALK_TRUNCATED;
	} else {
		return WALK_IRREGULAR;
	}
	/* Outward only: damaged tables must not make a loop. */
	if (unlikely(cfa <= w->sp))
		return WALK_TRUNCATED;
	if (bp_offset != RULE_BP_UNSAVED) {
		w->bp_slot = kind == RULE_REALIGNED ? w->bp + (uint64_t)bp_offset - 8
						    : cfa + (uint64_t)bp_offset;
		if (!read_stack(m, w->bp_slot, &bp))
			return WALK_TRUNCATED;
	}
	if (!read_stack(m, cfa - 8, &w->ip))
		return WALK_TRUNCATED;
	w->sp = cfa;
	w->bp = bp;
	return w->ip != 0 ? WALK_MATCHED : WALK_COMPLETE;
}

static inline bool
push_fresh(struct unwind_memory *m, struct walk *w, struct rule rule)
{
	struct unwind_frame *f;

	/* One more than is needed now: `frames` gets them all. */
	if (unlikely(w->fresh + m->depth >= m->capacity) && !grow(m))
		return false;
	f = &m->fresh[w->fresh++];
	f->sp = w->sp;
	f->ip = w->ip;
	f->bp = w->bp;
	f->rule = rule;
	f->bp_slot = w->bp_slot;
	f->cfa_slot = w->cfa_slot;
	return true;
}

/*
 * The words that led outward from the frame at index `top`, from the inside outward, one at a time:
 * what is further out may be read only while everything further in is as it was. Returns the index
 * after the first bad one; 0 if all are good.
 */
static inline uint32_t
verify(const struct unwind_memory *m, uint32_t top)
{
	const struct unwind_check *checks = m->checks;

	for (uint32_t i = m->frames[top].check_first; i > 0; i--) {
		if (unlikely(*checks[i - 1].address != checks[i - 1].word))
			return i;
	}
	return 0;
}

/*
 * A word changed. The frames between the match (`m->depth` - 1) and the change keep their state but
 * need new nodes: they become fresh. The walk goes on at the last of them. Its rbp may have been
 * dead under the old trace and so not verified: read it anew where it was saved.
 */
static bool
resume_at_change(struct unwind_memory *m, struct walk *w, uint32_t bad)
{
	uint32_t i = m->depth - 1;

	while (push_fresh(m, w, m->frames[i].rule)) {
		const struct unwind_frame *outer = &m->frames[i - 1];

		if (outer->check_first < bad) {
			m->depth = i;
			return true;
		}
		w->ip = outer->ip;
		w->sp = outer->sp;
		w->bp_slot = outer->bp_slot;
		w->cfa_slot = outer->cfa_slot;
		if (outer->bp_slot != 0)
			w->bp = *(const uint64_t *)outer->bp_slot;
		i--;
	}
	return false;
}

/* Whether the walk stands where a remembered frame stood. A frame reached through others must also
 * have been reached by the same words, or its checks would not cover this trace. */
static inline bool
is_at(const struct walk *w, const struct unwind_frame *f)
{
	return f->sp == w->sp && f->ip == w->ip && (f->bp == w->bp || !f->bp_live) &&
	       (w->fresh == 0 || (f->bp_slot == w->bp_slot && f->cfa_slot == w->cfa_slot));
}

/* Walk outward until the remembered trace is met and verified, or to the end. */
static HOT enum walk_end
walk(struct unwind_memory *m, struct walk *w)
{
	for (;;) {
		struct rule rule;
		enum walk_end end;

		while (m->depth > 0 && m->frames[m->depth - 1].sp < w->sp)
			m->depth--;
		if (m->depth > 0 && is_at(w, &m->frames[m->depth - 1])) {
			uint32_t bad = verify(m, m->depth - 1);

			if (likely(bad == 0))
				return WALK_MATCHED;
			if (!resume_at_change(m, w, bad))
				return WALK_TRUNCATED;
			rule = m->fresh[w->fresh - 1].rule;
		} else {
			rule = unwind_rules_get(w->ip);
			if (unlikely(rule_kind(rule) == RULE_GUESS))
				rule = unwind_rules_recheck(w->ip, rule);
			if (unlikely(!push_fresh(m, w, rule)))
				return WALK_TRUNCATED;
		}
		end = step(m, w, rule);
		if (unlikely(end != WALK_MATCHED))
			return end;
	}
}

static inline void
add_check(struct unwind_memory *m, uint64_t address, uint64_t word)
{
	m->checks[m->check_count++] = (struct unwind_check){(const uint64_t *)address, word};
}

/* Put a fresh frame on top of the remembered ones. */
static inline void
remember(struct unwind_memory *m, const struct unwind_frame *fresh, uint32_t node)
{
	struct unwind_frame *f = &m->frames[m->depth];
	const struct unwind_frame *outer = f - 1;
	enum rule_kind kind = rule_kind(fresh->rule);

	*f = *fresh;
	f->node = node;
	f->check_first = m->check_count;
	f->bp_live = kind == RULE_RBP || kind == RULE_REALIGNED || kind == RULE_GUESS ||
		     (m->depth > 0 && outer->bp_slot == 0 && outer->bp_live);
	m->depth++;
	/* Verified from the last to the first, that is by rising address. */
	add_check(m, f->sp - 8, f->ip);
	if (f->bp_slot != 0 && f->bp_live)
		add_check(m, f->bp_slot, f->bp);
	if (f->cfa_slot != 0)
		add_check(m, f->cfa_slot, f->sp);
	f->check_end = m->check_count;
}

/* Give the fresh frames their nodes, outermost first. NODE_NONE when the tree is full. */
static inline uint32_t
place_fresh(struct unwind_memory *m, uint32_t fresh, uint32_t node)
{
	/* The checks of dropped frames go with them. */
	m->check_count = m->depth > 0 ? m->frames[m->depth - 1].check_end : 0;
	for (uint32_t i = fresh; i-- > 0;) {
		node = trace_table_child(node, rule_frame(m->fresh[i].rule));
		if (unlikely(node == NODE_NONE)) {
			m->depth = m->check_count = 0;
			return NODE_NONE;
		}
		remember(m, &m->fresh[i], node);
	}
	return node;
}

/* The same stack without its outer part, below a root that says how much was cut. */
static COLD uint32_t
limited_node(const struct unwind_memory *m)
{
	static struct lock cut_lock;
	static uint32_t *cut_frames;
	uint32_t cut = m->depth - frames_limit, node = NODE_NONE;

	if (!lock_take(&cut_lock))
		return NODE_NONE;
	if (cut_frames == NULL)
		cut_frames = arena_allocate(UNWIND_DEPTH_MAX * sizeof *cut_frames, false);
	if (cut_frames != NULL && cut_frames[cut] == 0)
		cut_frames[cut] = unwind_rules_add_frame(FRAME_KIND_CUT, cut);
	if (cut_frames != NULL && cut_frames[cut] != 0)
		node = trace_table_child(NODE_ROOT, cut_frames[cut]);
	lock_drop(&cut_lock);
	for (uint32_t i = cut; i < m->depth && node != NODE_NONE; i++)
		node = trace_table_child(node, rule_frame(m->frames[i].rule));
	return node;
}

static COLD struct unwind_result
capture_full(struct unwind_memory *m, uintptr_t ip, uintptr_t sp)
{
	uint32_t depth = 0, node;
	bool complete = false;

	m->depth = m->check_count = 0;
	node = unwind_full(ip, sp, &depth, &complete);
	fetch_add(&recording.header->full_walks, 1);
	if (node == NODE_NONE) {
		/* Without libunwind the caller alone is known. */
		node = trace_table_child(NODE_ROOT, FRAME_TRUNCATED);
		if (node != NODE_NONE)
			node = trace_table_child(node, rule_frame(unwind_rules_get(ip)));
	}
	return (struct unwind_result){node, !complete};
}

static COLD void
crosscheck(uintptr_t ip, uint32_t node)
{
	static uint32_t since;

	if (++since % crosscheck_every != 0)
		return;
	fetch_add(&recording.header->crosschecks, 1);
	if (!unwind_full_agrees(ip, node))
		fetch_add(&recording.header->crosscheck_differences, 1);
}

HOT struct unwind_result
unwind_capture(struct unwind_memory *m, uintptr_t ip, uintptr_t sp, uintptr_t bp)
{
	struct walk w = {.ip = ip, .sp = sp, .bp = bp};
	struct unwind_result result = {NODE_ROOT, false};
	uint32_t generation = load(&unwind_rules_generation);
	enum walk_end end;

	if (unlikely(sp < m->stack_low || sp >= m->stack_high))
		enter_stack(m, sp);
	if (unlikely(m->generation != generation)) {
		m->depth = m->check_count = 0;
		m->generation = generation;
	}
	end = walk(m, &w);
	if (likely(end == WALK_MATCHED)) {
		result.node = m->frames[m->depth - 1].node;
	} else if (end == WALK_IRREGULAR) {
		return capture_full(m, ip, sp);
	} else {
		m->depth = 0;
		if (end == WALK_TRUNCATED) {
			result.node = trace_table_child(NODE_ROOT, FRAME_TRUNCATED);
			result.cut = true;
		}
	}
	result.node = place_fresh(m, w.fresh, result.node);
	/* A truncated trace ends where memory could not be read, which no check covers. */
	if (unlikely(end == WALK_TRUNCATED))
		m->depth = m->check_count = 0;
	if (unlikely(crosscheck_every != 0) && result.node != NODE_NONE)
		crosscheck(ip, result.node);
	if (unlikely(frames_limit != 0 && m->depth > frames_limit))
		return (struct unwind_result){limited_node(m), true};
	return result;
}

void
unwind_set_limit(uint32_t frames)
{
	frames_limit = frames;
}

void
unwind_set_crosscheck(uint32_t every)
{
	crosscheck_every = every;
}
