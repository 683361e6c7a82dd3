/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/snapshot_slots.h"

#include <string.h>

#include "model/memory.h"

static uint64_t
get_field(uint64_t slot, unsigned shift, unsigned bits)
{
	return bits == 0 ? 0
			 : slot >> shift & (bits < 64 ? (UINT64_C(1) << bits) - 1 : ~UINT64_C(0));
}

size_t
snapshot_slots_count(const struct recording_table *shape)
{
	return (size_t)1 << (shape->leaf_shift - shape->slot_shift);
}

uint64_t
snapshot_slots_get(const struct recording_table *shape, const uint8_t *leaf, size_t index)
{
	uint64_t wide;
	uint32_t narrow;

	if (shape->slot_bytes == 4) {
		memcpy(&narrow, leaf + index * 4, 4);
		return narrow;
	}
	memcpy(&wide, leaf + index * 8, 8);
	return wide;
}

static bool
is_field(unsigned shift, unsigned bits, unsigned slot_bytes)
{
	return bits <= 64 && shift + bits <= slot_bytes * 8;
}

bool
snapshot_slots_are_valid(const struct recording_table *shape)
{
	if (shape->top == 0 || shape->address_bits > SNAPSHOT_ADDRESS_BITS_MAX ||
	    (shape->slot_bytes != 4 && shape->slot_bytes != 8))
		return false;
	if (shape->slot_shift == 0 || shape->slot_shift > shape->leaf_shift ||
	    shape->leaf_shift >= shape->top_shift || shape->top_shift > shape->address_bits)
		return false;
	if (shape->address_bits - shape->top_shift > 16 ||
	    shape->top_shift - shape->leaf_shift > 24 || shape->leaf_shift > 20 ||
	    snapshot_slots_count(shape) * shape->slot_bytes > SNAPSHOT_LEAF_BYTES_MAX)
		return false;
	return is_field(shape->site_shift, shape->site_bits, shape->slot_bytes) &&
	       shape->site_bits <= 32 && shape->place_bits <= 1 &&
	       is_field(shape->place_shift, shape->place_bits, shape->slot_bytes) &&
	       is_field(shape->size_shift, shape->size_bits, shape->slot_bytes) &&
	       is_field(shape->rounding_shift, shape->rounding_bits, shape->slot_bytes) &&
	       shape->rounding_bits <= 32;
}

static bool
is_beside(const struct recording_table *shape, uint64_t slot)
{
	uint64_t all = (UINT64_C(1) << shape->rounding_bits) - 1;

	return shape->rounding_bits != 0 &&
	       get_field(slot, shape->rounding_shift, shape->rounding_bits) == all;
}

static struct memory_block
unpack(const struct recording_table *shape, uint64_t address, uint64_t slot)
{
	uint64_t place = get_field(slot, shape->place_shift, shape->place_bits);

	return (struct memory_block){
		.address = address + (place << (shape->slot_shift - 1)),
		.bytes = get_field(slot, shape->size_shift, shape->size_bits),
		.rounding = (uint32_t)get_field(slot, shape->rounding_shift, shape->rounding_bits),
		.site = (uint32_t)get_field(slot, shape->site_shift, shape->site_bits),
	};
}

size_t
snapshot_slots_unpack(const struct recording_table *table, const uint8_t *leaf,
		      uint64_t first_address, struct memory_block *ret_blocks)
{
	/* A copy, so that the compiler knows that writing blocks does not change it. */
	const struct recording_table shape = *table;
	size_t slots = snapshot_slots_count(&shape), count = 0;

	for (size_t i = 0; i < slots; i++) {
		uint64_t slot = snapshot_slots_get(&shape, leaf, i);

		if (slot != 0 && !is_beside(&shape, slot))
			ret_blocks[count++] = unpack(
				&shape, first_address + ((uint64_t)i << shape.slot_shift), slot);
	}
	return count;
}
