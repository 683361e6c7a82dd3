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
 * saved frame pointer where a frame further out needs it, and the loaded CFA of a realigned frame.
 * A saved frame pointer that nobody needs is not compared: it is a general register in most code
 * and changes all the time.
 *
 * Reads stay between `stack_low` and `stack_high`, pages of the current stack that were asked for
 * once; a stack pointer elsewhere starts a new range and forgets the trace. A frame without an
 * unwind table is guessed and may lead into other memory: that is trusted again only on a thread's
 * own stack.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include "base/base.h"
#include "capture/unwind_memory.h"

/*
 * The node of the stack that a hook was called from: `ip` its return address, `sp` the stack
 * pointer after its return, `bp` the frame pointer at the call. [hot] [signal], but not twice at a
 * time for one memory.
 */
struct unwind_result unwind_capture(struct unwind_memory *memory, uintptr_t ip, uintptr_t sp,
				    uintptr_t bp);

/* Forget the last trace and the stack it was on. */
void unwind_forget(struct unwind_memory *memory);

/* The memory is a thread's from now on. It has a frame if its stacks end in it, or if it is to be
 * told from others. [signal] */
void unwind_set_thread(struct unwind_memory *memory, uint32_t thread, bool is_told);

/* Whether every stack ends in the thread that it was on. [init] */
void unwind_set_threads(bool on);

#endif
