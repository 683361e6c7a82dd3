/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_hook.h - is a hook of ours still on the stack, or has longjmp left it behind
 */
#ifndef UNWIND_HOOK_H
#define UNWIND_HOOK_H

#include "base/base.h"

enum unwind_hook {
	UNWIND_HOOK_ACTIVE,  /* the walk came to code of ours */
	UNWIND_HOOK_LEFT,    /* it came past the place, and to none */
	UNWIND_HOOK_UNKNOWN, /* it came to neither */
};

/*
 * Walk from the caller of a function of ours, whose frame is at `frame` (STACK), out past `hook`,
 * which is such a place, too, or UINTPTR_MAX if it is not known. By the rules of tables alone:
 * nothing is guessed, and only what lies between the two is read. [signal]
 */
enum unwind_hook unwind_hook_find(uintptr_t frame, uintptr_t hook);

#endif
