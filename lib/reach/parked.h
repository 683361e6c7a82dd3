/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parked.h - where the stacks of threads end that wait in a system call
 *
 * The kernel says where a thread waits. One that waits at the same place before and after the copy
 * of the process was made has most likely not run in between; what lies below its stack pointer is
 * only possibly in use. The copy learns of the second answer through memory that both share.
 */
#ifndef PARKED_H
#define PARKED_H

#include "base/base.h"
#include "reach/roots.h"

#define PARKED_MAX 128

struct parked;

/* Ask about all threads but this one; NULL when memory is out. To be released. [signal] */
struct parked *parked_new(uint32_t own_thread);
void parked_free(struct parked *parked);

/* Ask again: whoever has moved is not known. Then the copy may go on. [signal] */
void parked_confirm(struct parked *parked);

/* In the copy: wait for that, a tenth of a second at most; those that are known. [signal] */
const struct root_stack *parked_await(struct parked *parked, size_t *ret_count);

#endif
