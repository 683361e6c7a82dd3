/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arena.h - memory for the runtime's own tables
 *
 * A bump allocator over mapped chunks. Nothing is ever given back: the tables that live here only
 * grow. In a forked child most of it reads as zero, so a table that is found there can be used
 * again as new, and `arena_reset` goes on in fresh chunks.
 *
 * A signal handler may fork while it interrupts the runtime, and the child returns into that. So
 * what would lead code astray if it changed to zero under it is *lasting*: the child finds it as it
 * was.
 */
#ifndef ARENA_H
#define ARENA_H

#include "base/base.h"

/* Zeroed, aligned to a cache line; NULL when memory is out. `populate` makes the pages present now,
 * in one system call instead of one fault each. [signal] */
void *arena_allocate(size_t bytes, bool populate);

/* The same of memory that a forked child keeps. [signal] */
void *arena_allocate_lasting(size_t bytes, bool populate);

/* The same as the first, for what finds blocks, apart from all else: where no forked child but a
 * copy of the process is made, that is kept. [signal] */
void *arena_allocate_blocks(size_t bytes, bool populate);

/* Whether core files get what finds blocks, as it is needed by whoever looks into them. [init] */
void arena_set_dumps_blocks(bool dumps);
bool arena_dumps_blocks(void);

/* Memory that was mapped elsewhere is of that kind, too. [signal] */
void arena_note_blocks(void *memory, size_t bytes);

/* Make a table zero again, so that it needs no memory. False if that was refused. [signal] */
bool arena_wipe(void *table, size_t bytes);

/* Bytes handed out that have memory behind them. [signal] */
uint64_t arena_bytes(void);

/* Count memory that was mapped elsewhere as ours, too. [signal] */
void arena_add_bytes(uint64_t bytes);

/* Forget all but what is lasting: for a forked child. [signal] */
void arena_reset(void);

#endif
