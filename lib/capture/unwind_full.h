/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_full.h - a whole walk by libunwind, for irregular frames and for the cross-check
 */
#ifndef UNWIND_FULL_H
#define UNWIND_FULL_H

#include "base/base.h"

/*
 * Walk from the caller of a hook outward. `ip` and `sp` are the hook's return address and the stack
 * pointer after it returns: the walk starts in the runtime and drops what is below. Returns the
 * node of the innermost frame, on top of `root`; NODE_NONE if no walk was possible. *ret_depth is
 * the number of frames, about `unwind_depth.some` at most, *ret_complete whether the outermost one
 * was reached. [signal]
 */
uint32_t unwind_full(uint32_t root, uintptr_t ip, uintptr_t sp, uint32_t *ret_depth,
		     bool *ret_complete);

/* Compare the path of a node with `unw_backtrace` taken here. True if they agree. */
bool unwind_full_agrees(uintptr_t ip, uint32_t node);

#endif
