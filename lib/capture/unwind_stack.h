/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_stack.h - which words of the current stack can be read
 *
 *      page        page        page
 *     |-----------|-----------|-----------|
 *     stack_low     sp                    stack_high
 *
 * The range of a thread's memory is pages that were asked for once. It grows downward when a stack
 * pointer comes below it with readable pages between, and upward when a walk goes on there.
 */
#ifndef UNWIND_STACK_H
#define UNWIND_STACK_H

#include "base/base.h"
#include "capture/unwind_memory.h"

#define UNWIND_STACK_STRIDE ((uintptr_t)64 << 10) /* a frame that is longer is another stack's */

/* Whether every page from start (a page) up to end can be read. [signal] */
bool unwind_stack_is_readable(uintptr_t start, uintptr_t end);

/* The stack pointer left the known range: grow it downward if the stack goes on, else start one.
 * Whether it is the same stack. [signal] */
bool unwind_stack_enter(struct unwind_memory *memory, uintptr_t sp);

/* Whether the word can be read; extends the known range upward, page by page. [signal] */
bool unwind_stack_extend(struct unwind_memory *memory, uint64_t address);

/* Whether both are on the stack that the kernel made for the first thread, and all that is between
 * them, which stays for as long as the process lives. [signal] */
bool unwind_stack_is_first(uintptr_t sp, uintptr_t end);

/* The end of the stack that the kernel or libc made for the thread, if sp is on it; else 0.
 * [signal]
 */
uintptr_t unwind_stack_find_end(struct unwind_memory *memory, uintptr_t sp);

#endif
