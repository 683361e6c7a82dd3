/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stacks.h - allocate below one of up to a million different call stacks
 *
 * A stack number has STACKS_DIGITS digits of a base of at most STACKS_BASE_LIMIT. Each digit picks
 * the call site of one level, so every number is a stack of its own, all have the same depth, and
 * two numbers drawn at random differ in nearly all of these frames.
 */
#ifndef STACKS_H
#define STACKS_H

#include <stddef.h>

#define STACKS_DIGITS     4
#define STACKS_BASE_LIMIT 32

/* How many stacks there are for `base`. */
unsigned long stacks_count(unsigned base);

/* malloc(size) called by stack number `number`, which is below stacks_count(base). */
void *stacks_malloc(unsigned base, unsigned long number, size_t size);

#endif
