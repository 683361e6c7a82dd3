/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_table.h - live blocks by address
 *
 * A shadow of the address space: one slot for every 32 bytes (what glibc's blocks are apart; 16 for
 * other allocators), in leaves that are made when an address first falls into them.
 *
 *     address  | ........ leaf ........ | slot | low bits |
 *              directory[leaf] --> leaf[slot]                   0 is no block
 *
 *     glibc    32-bit slots:  site:25 place:1 rounding:6
 *     others   64-bit slots:  site:26 place:1 size:24 rounding:13
 *
 * Of glibc's blocks the requested size is not stored: it is the usable size, which the chunk says,
 * less the rounding; other allocators would have to be asked, and only in the process. `place`
 * tells blocks apart that start in the same slot; a second one there, and a size or rounding that
 * does not fit, live beside it (`block_side.h`). `block_table_describe` tells the command. Each
 * block owns its slot, so no lock is needed for it: whoever hands a block to another thread orders
 * the accesses. Insert after the real allocation, remove before the real free.
 */
#ifndef BLOCK_TABLE_H
#define BLOCK_TABLE_H

#include "base/base.h"
#include "data/block.h"
#include "include/recording.h"

/* False when memory is out. [init] */
bool block_table_init(bool is_glibc);

/* Where the table is and how it is made, for who reads it from outside. [init] */
void block_table_describe(struct recording_table *ret_shape);

/* Where a block that starts at address will be kept, or NULL; the memory is on its way to the cache
 * afterwards. [hot] */
void *block_table_prepare(const void *address);

/* Remember a block of `usable` bytes, whatever its `size`; `slot` is what `block_table_prepare`
 * said. If the address was known (its free was not seen) the old block is returned, else
 * BLOCK_NONE. False through *ret_stored when there is no memory for it. [hot] */
struct block block_table_insert(void *slot, const void *address, struct block block, size_t usable,
				bool *ret_stored);

/* Forget and return a block; BLOCK_NONE if it is not known. [hot] */
struct block block_table_remove(const void *address);

/* Look a block up by its start. */
struct block block_table_find(const void *address);

/* The block with the highest start that is not above address and less than `reach` below it; its
 * caller looks whether it is large enough. Where no blocks have been, 64 GiB are passed over at
 * once; where they have been and are no more, 0.3 MB in a microsecond or so. */
struct block block_table_find_around(const void *address, uintptr_t reach, void **ret_start);

/* --- all of them --- */

#define BLOCK_TABLE_BATCH 64 /* at most so many are told of at once */

/* Keep others from changing the shape of the table: until `block_table_let_go`, which a copy of the
 * process need not call. False when somebody is at it for too long. [signal] */
bool block_table_hold(void);
void block_table_let_go(void);

/*
 * Tell of every block that lives, in ascending order of address. Of those that other threads make
 * or free meanwhile some may be missing. To be called while the table is held. False when memory is
 * out. [signal]
 */
bool block_table_each(void (*tell)(void *context, const struct block_found *found, size_t count),
		      void *context);

/* Tell of all memory where blocks have been, in ascending order, in large pieces. [signal] */
void block_table_each_region(void (*tell)(void *context, uintptr_t start, uintptr_t end),
			     void *context);

/* Whether a copy of the process that is made now gets the table, which a forked child does not. A
 * child that is forked meanwhile empties it by itself. While it is held. [signal] */
void block_table_keep_on_fork(bool kept);

#endif
