/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_side.h - blocks beside the table: those that do not fit into their slot
 *
 * Open addressing under a lock. Few programs have any: two blocks in one slot's bytes, or a size or
 * a rounding that a slot cannot hold. `block_table.c` is the only user.
 */
#ifndef BLOCK_SIDE_H
#define BLOCK_SIDE_H

#include "base/base.h"
#include "data/block.h"

/* Start empty. [init] */
void block_side_reset(void);

/* Where it is, a struct recording_side, for who reads it from outside. */
uintptr_t block_side_place(void);

/* Remember a block, or change what is known of it. False when memory is out. [signal] */
bool block_side_insert(const struct block_found *block);

/* Look a block up by its start, and forget it unless it is to be kept. False if it is not known.
 * [signal] */
bool block_side_take(uintptr_t start, bool keep, struct block_found *ret_block);

/* Keep others from changing it, until `block_side_let_go`. False when somebody is at it for too
 * long. [signal] */
bool block_side_hold(void);
void block_side_let_go(void);

/* All of them in ascending order, to be given back by `os_unmap`; NULL if there are none. False
 * when memory is out. While it is held. [signal] */
bool block_side_copy(struct block_found **ret_blocks, size_t *ret_count, size_t *ret_bytes);

#endif
