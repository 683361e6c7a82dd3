/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_memory.h - what is remembered of a thread's last stack, for `unwind.h` to verify
 */
#ifndef UNWIND_MEMORY_H
#define UNWIND_MEMORY_H

#include "base/base.h"

/* Where a frame's sp and bp were read from, as distances from its sp. */
struct unwind_slots {
	int32_t bp;  /* 0: bp is the next inner frame's */
	int32_t cfa; /* 0: sp was computed (the inner frame is not realigned); odd: the inner frame
			is a signal's, `cfa / 2` the high half of the distance to the saved bp */
};

/* One frame of the thread's last trace: the state in which the walk was at its return address. */
struct unwind_frame {
	uint64_t sp;
	uint64_t ip;
	uint64_t bp;
	struct unwind_slots slots;
	uint32_t frame;       /* id of the interned frame */
	uint32_t node;        /* not of a fresh one */
	uint32_t check_first; /* its words are checks[check_first..]; those further out before */
	uint32_t needs_bp;    /* this frame does, or one further out that has the same bp */
};

/* Whether the next inner frame is a signal's. */
static inline bool
unwind_is_interrupted(const struct unwind_frame *f)
{
	return f->slots.cfa % 2 != 0;
}

/* Where its bp was read from. */
static inline uint64_t
unwind_frame_bp_slot(const struct unwind_frame *f)
{
	if (unlikely(unwind_is_interrupted(f)))
		return f->sp + ((uint64_t)(int64_t)(f->slots.cfa >> 1) << 32) +
		       (uint32_t)f->slots.bp;
	return f->sp + (uint64_t)(int64_t)f->slots.bp;
}

struct unwind_check {
	const uint64_t *address;
	uint64_t word;
};

/* Goes before the first check: it never agrees, and so ends the search for a word that changed
 * without a test of the count. */
extern const struct unwind_check unwind_check_end;

/*
 * Compare words from the inside outward, one at a time: what is further out may be read only while
 * everything further in is as it was. Returns the last check that disagrees of those before `end`;
 * it is `unwind_check_end` if all agree. [hot]
 */
static ALWAYS_INLINE const struct unwind_check *
unwind_check_changed(const struct unwind_check *end)
{
	do
		end--;
	while (*end->address == end->word);
	return end;
}

struct unwind_branch;

/* The inner parts of recent traces, see `unwind_branches.h`. */
struct unwind_branches {
	struct unwind_branch *table; /* [BRANCH_COUNT], or NULL */
	uint32_t asked, answered;    /* in this period */
	uint32_t idle;               /* captures to leave out */
};

/* The memory of one thread's last trace. All zero is a valid empty one. */
struct unwind_memory {
	struct unwind_frame *frames;    /* outermost first; frames[-1] is beyond all stacks */
	struct unwind_frame *fresh;     /* new ones, innermost first */
	struct unwind_frame *fresh_end; /* a walk that comes here is deep enough, or needs room */
	struct unwind_check *checks;    /* outermost first; checks[-1] is `unwind_check_end` */
	uint32_t depth;
	uint32_t capacity;
	uint32_t check_count;
	uint32_t generation;
	uint32_t steady;       /* that many frames are as they were, see `python_stack.c` */
	uint32_t root;         /* node that the stacks of this thread hang from */
	uint32_t thread_frame; /* FRAME_KIND_THREAD of this thread, or FRAME_NONE */
	uintptr_t stack_low;
	uintptr_t stack_high;
	bool crosses;       /* the trace goes on to another stack */
	bool is_cut;        /* the trace goes on further out than is remembered */
	bool met_signal;    /* some trace of this thread went through a signal handler */
	uint32_t room;      /* a depth that needs nothing more of anybody */
	uintptr_t own_low;  /* from here to its control block is the thread's stack; 0 not known */
	uint64_t code_page; /* where this walk has read code last */
	struct unwind_branches branches;
	struct python_memory *python; /* NULL until it is needed, see `python_frames.h` */
};

/* Compare the words that led outward from the frame at `top`. Returns the index after the first bad
 * one; 0 if all are good. [hot] */
static ALWAYS_INLINE uint32_t
unwind_memory_verify(const struct unwind_memory *m, const struct unwind_frame *top)
{
	const struct unwind_check *first = m->checks;

	return (uint32_t)(unwind_check_changed(first + top->check_first) - first) + 1;
}

/* What a capture tells. */
struct unwind_result {
	uint32_t node;
	bool cut; /* not the whole stack */
};

#define UNWIND_DEPTH_MAX (1u << 18)

/*
 * Deeper stacks lose their outer part: at least `least` of the innermost frames are kept, at most
 * `most`, and `some` in between when it has to be decided anew. The distances keep what that costs
 * from coming with every call and return.
 */
struct unwind_depth {
	uint32_t least, some, most;
};

extern struct unwind_depth unwind_depth;

/* Make room for twice as many frames, or the first ones. False when memory is out or the stack is
 * too deep. */
bool unwind_memory_grow(struct unwind_memory *memory);

#endif
