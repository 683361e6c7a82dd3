/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_copies.h - copies of the parts of unwind tables that were read
 *
 * A program may forbid any page of an object at any time, so a page is asked for before it is read:
 * a system call. For each new rule that were about eight, most of them for the same few pages. What
 * was read is kept, and so read once. Only of objects that were there at the start: the loader
 * never lets those go, and their tables do not change.
 */
#ifndef UNWIND_COPIES_H
#define UNWIND_COPIES_H

#include "base/base.h"

struct link_map;

/* Note the objects that stay. Before the program can open any more. [init] */
void unwind_copies_init(void);

/* Whether what is read of an object may be kept. [signal] */
bool unwind_copies_may_keep(const struct link_map *object);

/* A word of such an object. False if it cannot be read. For one thread at a time. [signal] */
bool unwind_copies_read(uint64_t address, uint64_t *ret_word);

#endif
