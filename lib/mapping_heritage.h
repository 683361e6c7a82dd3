/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapping_heritage.h - a forked child is told who had mapped the pages that it has from its parent
 *
 * The child has no recording until its first event, and never sees its parent's. So the parent
 * leaves the ranges of its table, and the stacks that name them, in private memory before it forks:
 * the child finds them as they were. A name that was told once is told to all later children.
 *
 *     range 7f12.., site 9 --> site 9: frames 40, 31, 22 --> frame 22: value, object, its path
 *
 * Pages in which an allocator on top of malloc's has blocks are a heap's and are not among them:
 * the child knows of none of these blocks. A child whose parent called no function that forks has
 * none.
 */
#ifndef MAPPING_HERITAGE_H
#define MAPPING_HERITAGE_H

#include "base/base.h"

/* Before a fork, in the parent. [signal] */
void mapping_heritage_leave(void);

/* In a child whose tables are empty: its pages are those of the lines of its parent's. [init] */
void mapping_heritage_accept(void);

/* Whether some of these pages have been left to this process, which has no table yet. [signal] */
bool mapping_heritage_waits(const void *address, size_t bytes);

#endif
