/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_table.h - blocks of an allocator on top of malloc's, by address
 *
 * Like the table of malloc's blocks a shadow of the address space, for blocks that no allocator can
 * be asked the size of, and that are as close as 16 bytes: one slot of eight bytes for every 16.
 *
 *     slot    size:38 site:26        0 is no block
 *
 * Another thread may use the slot beside, never the same one: each block owns its slot. An address
 * that is no multiple of 16 is not taken.
 */
#ifndef DOMAIN_TABLE_H
#define DOMAIN_TABLE_H

#include "base/base.h"
#include "include/recording.h"

struct domain_block {
	uint32_t site; /* 0: none */
	uint64_t bytes;
};

#define DOMAIN_BLOCK_BYTES_MAX (((uint64_t)1 << 38) - 1)

/* Start empty. False when memory is out. [init] */
bool domain_table_init(void);

/* Where the table is and how it is made, for who reads it from outside. [init] */
void domain_table_describe(struct recording_table *ret_shape);

/* False if there is no place for it. *ret_old is what was there, if its free was not seen.
 * [signal]; no lock but for the first block of a region. */
bool domain_table_insert(const void *address, struct domain_block block,
			 struct domain_block *ret_old);

/* Whether a block begins in a range. [signal] */
bool domain_table_has_block(uintptr_t start, uintptr_t end);

/* Take a block out. [hot] */
struct domain_block domain_table_remove(const void *address);

#endif
