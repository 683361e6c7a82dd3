/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_finish.h - what most captures need not do
 *
 * Python's frames, a limit of frames and the cross-check come after the walk; a walk that no rule
 * could end is done once more by libunwind.
 */
#ifndef UNWIND_FINISH_H
#define UNWIND_FINISH_H

#include "base/base.h"
#include "capture/unwind_memory.h"
#include "capture/unwind_walk.h"

/* What was asked for by the functions at the end. */
struct unwind_extras {
	uint32_t limit;      /* of frames; 0 is none */
	uint32_t crosscheck; /* every so many traces; 0 is never */
	bool python;
	bool any; /* one of them is set; read by every capture */
};

extern struct unwind_extras unwind_extras;

/* The node that a trace hangs from whose walk ended so, and did not meet what is remembered.
 * [signal] */
uint32_t unwind_finish_root(const struct unwind_memory *memory, enum unwind_walk_end end);

/* Of the trace of a walk from `ip` that was remembered as `node`, what is counted. [signal] */
struct unwind_result unwind_finish_walk(struct unwind_memory *memory, enum unwind_walk_end end,
					uintptr_t ip, uint32_t node);

/* The same of a branch, whose frames are not there; *result has its node. False if it cannot be
 * told without them. [signal] */
bool unwind_finish_branch(struct unwind_memory *memory, uintptr_t ip, struct unwind_result *result);

/* The stack by a full walk; nothing of it is remembered. [signal] */
struct unwind_result unwind_finish_irregular(struct unwind_memory *memory, uintptr_t ip,
					     uintptr_t sp);

/* Keep the N innermost frames of every stack; 0 is all but of very deep ones, see `struct
 * unwind_depth`. [init] */
void unwind_set_limit(uint32_t frames);

/* Whether stacks may have Python frames (`python.h`). [signal] */
void unwind_set_python(bool on);

/* Compare every Nth trace with a full walk; 0 is never. [init] */
void unwind_set_crosscheck(uint32_t every);

#endif
