/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_library.h - libunwind, opened privately and fed through its accessors
 *
 * libunwind exports the `_Unwind_*` functions of C++ exceptions and would take them over if it were
 * linked, so it is opened with RTLD_LOCAL; nor does it see what the program exports. It interprets
 * the unwind tables only: registers and memory come from our accessors, the table of an address
 * from `loader_find_object`. So it opens no pipe, takes no loader lock and makes no system call.
 *
 * It runs on a stack of its own, because the program's may have only a few hundred bytes left, and
 * under one lock.
 */
#ifndef UNWIND_LIBRARY_H
#define UNWIND_LIBRARY_H

#include "base/base.h"

/* What libunwind sees while it works: registers, and how to read a word of memory. */
struct unwind_view {
	uint64_t registers[ARCH_REGISTERS]; /* by enum arch_register */
	/* False where there is nothing to read. */
	bool (*read_word)(struct unwind_view *view, uint64_t address, uint64_t *ret_word);
	uint64_t code_start, code_end; /* what the table says is one function; 0: there is none */
};

/* Read a word of the program's memory if it is there; for a step or a walk. [signal] */
bool unwind_view_read(struct unwind_view *view, uint64_t address, uint64_t *ret_word);

/* Whether a call could have left this return address: one stands before it. `page` is 0, or where
 * this walk has read code already, and is set to that. [signal] */
bool unwind_follows_call(uint64_t ip, uint64_t *page);

enum unwind_step {
	UNWIND_STEP_OK,
	UNWIND_STEP_END,     /* the outermost frame */
	UNWIND_STEP_FAILED,  /* the tables are damaged or say something that is not understood */
	UNWIND_STEP_NO_INFO, /* no table covers the address, or one that never ends */
};

/* Open the library. False if it is not installed. [init] */
bool unwind_library_open(void);
bool unwind_library_is_open(void);

/* Enter and leave the lock of the library. False when the caller has to do without. [signal] */
bool unwind_library_enter(void);
void unwind_library_leave(void);

/* One step outward from the registers of a view that is at the call before `address`; the caller is
 * inside the lock. The view's instruction, stack and frame pointers are replaced by the caller's,
 * and the function is told. */
enum unwind_step unwind_library_step(struct unwind_view *view);

/*
 * Walk from the registers in view, all the way out. Return addresses go to `addresses`, at most
 * `limit`; the walk keeps its own state. Returns how many; *ret_complete tells whether the
 * outermost frame was reached. `skip_to` is the stack pointer below which frames are left out (our
 * own).
 */
size_t unwind_library_walk(struct unwind_view *view, uint64_t skip_to, uint64_t *addresses,
			   size_t limit, bool *ret_complete);

/* `unw_backtrace` of the same library, for the cross-check: NULL if it was not found. */
extern int (*unwind_library_backtrace)(void **addresses, int limit);

#endif
