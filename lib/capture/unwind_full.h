/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_full.h - a whole walk by libunwind, for irregular frames and for the cross-check
 */
#ifndef UNWIND_FULL_H
#define UNWIND_FULL_H

#include "base/base.h"

struct unwind_walked {
	uint32_t node;    /* of the innermost frame; NODE_NONE if no walk was possible */
	bool complete;    /* the outermost frame was reached */
	bool interrupted; /* a signal's frame is among them */
};

/*
 * Walk from the caller of a hook outward, about `unwind_depth.some` frames at most, on top of
 * `root`. `ip` and `sp` are the hook's return address and the stack pointer after it returns: the
 * walk starts in the runtime and drops what is below. [signal]
 */
struct unwind_walked unwind_full(uint32_t root, uintptr_t ip, uintptr_t sp);

enum unwind_comparison {
	UNWIND_EQUAL,
	UNWIND_DIFFERENT,
	UNWIND_NOT_COMPARED /* no libunwind, or a handler interrupted a comparison */
};

/* Compare the path of a node with `unw_backtrace` taken here. One thread at a time: for tests. */
enum unwind_comparison unwind_full_compare(uintptr_t ip, uint32_t node);

#endif
