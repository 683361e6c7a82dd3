/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base/thread_layout.h - ask libc how it finds thread-local variables
 *
 * It has constants that tell debuggers where what is in its structures.
 */
#ifndef BASE_THREAD_LAYOUT_H
#define BASE_THREAD_LAYOUT_H

#include "include/thread_layout.h"

/* All zero if this libc does not tell, or in another way. [signal] */
void thread_layout_find(struct thread_layout *ret_layout);

#endif
