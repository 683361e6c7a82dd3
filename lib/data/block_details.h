/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block_details.h - size, birth, death and thread of every block, on request
 *
 * With the option `blocks` each block has a record in the recording (recording.h, struct
 * recording_block), at a place that follows from its address. So every live block can be listed,
 * asked for by any address within it, and told the age of, also after the process was killed; and a
 * block that was freed can be told from an address that never was one.
 *
 *     address  | ... top ... | ... leaf ... | slot | place |
 *              top[] -> leaves[] -> { number in SECTION_LEAVES, which pieces have memory }
 *
 * It costs 32 bytes for each 32 bytes of heap (16 with other allocators than glibc's) and the time
 * of two looks at the clock for each block.
 */
#ifndef BLOCK_DETAILS_H
#define BLOCK_DETAILS_H

#include "base/base.h"
#include "include/recording.h"

/* False when memory is out: nothing is described then. [init] */
bool block_details_init(bool is_glibc);

/* A block of `bytes`, with `rounding` more usable, was made at a site by a thread; `birth` is of
 * `block_details_died`, or 0 for now. [signal] */
void block_details_born(const void *address, size_t bytes, uint64_t rounding, uint32_t site,
			uint32_t thread, uint64_t birth);

/* It is about to be freed. Its birth, or 0 when it has no record; *ret_units is how long it lived,
 * in the units of recording.h. [signal] */
uint64_t block_details_died(const void *address, uint32_t thread, uint64_t *ret_units);

/* Age in nanoseconds, and the thread, of a block that lives. False when it has no record. */
bool block_details_find(const void *address, uint64_t *ret_age_ns, uint64_t *ret_thread);

/* The ranges of SECTION_BLOCKS that have memory behind them. */
void block_details_each_piece(void (*visit)(void *context, uint64_t first, uint64_t count),
			      void *context);

/* The block belongs to another site now. */
void block_details_move(const void *address, uint32_t site);

/* It was not freed after all. [signal] */
void block_details_revive(const void *address);

#endif
