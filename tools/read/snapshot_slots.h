/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_slots.h - the slots of a leaf, as a recording tells their shape
 *
 *     leaf: slot, slot, ...    one for each 2^slot_shift bytes of memory; 0: no block begins there
 *     slot: site | place | size | rounding    each some bits, or none
 *
 * Nothing that the recording tells is trusted before it was checked.
 */
#ifndef SNAPSHOT_SLOTS_H
#define SNAPSHOT_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"

struct memory_block;

enum {
	SNAPSHOT_LEAF_BYTES_MAX = 1 << 20,
	SNAPSHOT_ADDRESS_BITS_MAX = 47,
};

/* Whether a table can have this shape; then a leaf has SNAPSHOT_LEAF_BYTES_MAX at most. */
bool snapshot_slots_are_valid(const struct recording_table *shape);

/* Of one leaf. */
size_t snapshot_slots_count(const struct recording_table *shape);

/* The slot of this index. */
uint64_t snapshot_slots_get(const struct recording_table *shape, const uint8_t *leaf, size_t index);

/* The blocks of a leaf that is about the memory from first_address on, but for those that are
 * beside the table. There is room for all; returns how many there are. */
size_t snapshot_slots_unpack(const struct recording_table *shape, const uint8_t *leaf,
			     uint64_t first_address, struct memory_block *ret_blocks);

#endif
