/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind.h - the call stack of an allocation, by verifying what is remembered
 *
 * An unwinder is a deterministic function of its start state (ip, sp, bp), of the memory words it
 * reads, and of the unwind tables in force. So if the walk meets a state that the thread's previous
 * trace went through, and every word which that trace read from there outward is unchanged, the
 * rest of the trace is the same. Nothing is assumed about calls, returns, longjmp, exceptions or
 * stack switches in between: they merely cause a mismatch.
 *
 *      remembered             now
 *      [3] lex    sp 0x..40   parse2  sp 0x..50    fresh: step by its rule
 *      [2] parse  sp 0x..80   parse   sp 0x..80    same state: verify the words below
 *      [1] main   sp 0x..c0     v  return address of main unchanged
 *      [0] _start sp 0x..f0     v  return address of _start unchanged
 *
 * The words to verify (`struct unwind_check`) are the return address that led to each frame, the
 * saved rbp where a frame further out needs it, and the loaded CFA of a realigned frame. A saved
 * rbp that nobody needs is not compared: it is a general register in most code and changes all the
 * time.
 *
 * Reads stay between `stack_low` and `stack_high`, pages of the current stack that were asked for
 * once; a stack pointer elsewhere starts a new range and forgets the trace. A frame without an
 * unwind table is guessed and may lead into other memory: that is trusted again only on a thread's
 * own stack.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include "base/base.h"
#include "capture/unwind_rules.h"

/* Where a frame's sp and bp were read from, as distances from its sp. */
struct unwind_slots {
	int32_t bp;  /* 0: bp is the next inner frame's */
	int32_t cfa; /* 0: sp was computed (the inner frame is not realigned) */
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
	struct unwind_frame *frames; /* outermost first; frames[-1] is beyond all stacks */
	struct unwind_frame *fresh;  /* new ones, innermost first */
	struct unwind_check *checks; /* outermost first; checks[-1] is `unwind_check_end` */
	uint32_t depth;
	uint32_t capacity;
	uint32_t check_count;
	uint32_t generation;
	uint32_t root; /* node that the stacks of this thread hang from */
	uintptr_t stack_low;
	uintptr_t stack_high;
	uintptr_t own_low; /* from here to its control block is the thread's stack; 0 not known */
	struct unwind_branches branches;
};

/* Deeper stacks lose their outer part. */
#define UNWIND_DEPTH_MAX (1u << 20)

struct unwind_result {
	uint32_t node;
	bool cut; /* not the whole stack */
};

/*
 * The node of the stack that a hook was called from: `ip` its return address, `sp` the stack
 * pointer after its return, `bp` rbp at the call. [hot] [signal], but not twice at a time for one
 * memory.
 */
struct unwind_result unwind_capture(struct unwind_memory *memory, uintptr_t ip, uintptr_t sp,
				    uintptr_t bp);

/* Forget the last trace and the stack it was on. */
void unwind_forget(struct unwind_memory *memory);

/* The memory is a thread's from now on. [signal] */
void unwind_set_thread(struct unwind_memory *memory, uint32_t thread);

/* Whether every stack ends in the thread that it was on. [init] */
void unwind_set_threads(bool on);

/* Keep the N innermost frames of every stack; 0 is all. [init] */
void unwind_set_limit(uint32_t frames);

/* Compare every Nth trace with a full walk; 0 is never. [init] */
void unwind_set_crosscheck(uint32_t every);

#endif
