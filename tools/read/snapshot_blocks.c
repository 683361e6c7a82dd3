/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_blocks.c - read the single blocks of a recording
 *
 * Leaves are read in the order of their addresses, so the blocks arrive sorted. What the file has
 * no memory for is skipped: the section is as large as the heap once was, and a hostile file may
 * claim any size.
 *
 * While the process lives, a record may be read half written. Two readings of one record that are
 * equal were not: all fields are written between two stores of `site`, and no two blocks have the
 * same birth. So every piece is read twice, and the records that differ are read again, a few times
 * at most; what is still changing then was freed meanwhile and is left out.
 */
#include "config.h"
#include "read/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/profile.h"
#include "read/snapshot_private.h"
#include "util/array.h"
#include "util/xalloc.h"

/* No runtime has more leaves: 47 bits of addresses, in which leaves of 2^17 bytes are few. */
#define LEAVES_MAX (1u << 24)
/* No block is larger. */
#define BYTES_MAX ((uint64_t)1 << 47)

enum {
	PIECE_RECORDS = 2048,
	TRIES = 4,
};

struct leaf {
	uint64_t address;
	uint32_t number;
};

struct reading {
	struct snapshot *snapshot;
	unsigned shift;
	uint64_t offset; /* of the section */
	uint64_t leaf_count;
	uint32_t site_base;
	const uint64_t *freed_at; /* or NULL */
	ARRAY(struct block) blocks;
	ARRAY(struct block_freed) freed;
};

static int
compare_leaves(const void *a, const void *b)
{
	const struct leaf *left = a, *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

/* Sorted by address; the caller frees them. 0 or -errno. */
static int
read_leaves(const struct snapshot *snapshot, unsigned shift, struct leaf **ret_leaves,
	    uint32_t *ret_count)
{
	ARRAY(struct leaf) leaves = {0};
	struct snapshot_extent extent;
	const uint64_t span = (uint64_t)BLOCKS_PER_LEAF << shift;
	uint64_t piece[1024];
	int result = snapshot_file_read_extent(&snapshot->file, SECTION_LEAVES, sizeof(piece[0]),
					       LEAVES_MAX, &extent);

	for (uint32_t first = 0; result == 0 && first < extent.count; first += 1024) {
		uint32_t count = extent.count - first < 1024 ? extent.count - first : 1024;

		result = snapshot_file_read(&snapshot->file, piece, count * sizeof(piece[0]),
					    extent.offset + first * sizeof(piece[0]));
		for (uint32_t i = 0; i < count && result == 0; i++) {
			if (piece[i] == 0 || piece[i] % span != 0 || piece[i] >= BYTES_MAX)
				result = -EBADMSG;
			*array_push(&leaves) = (struct leaf){piece[i], first + i};
		}
	}
	if (result == 0 && leaves.count > 1)
		qsort(leaves.items, leaves.count, sizeof(*leaves.items), compare_leaves);
	for (size_t i = 1; i < leaves.count && result == 0; i++)
		if (leaves.items[i].address == leaves.items[i - 1].address)
			result = -EBADMSG;
	if (result != 0) {
		array_release(&leaves);
		return result;
	}
	*ret_leaves = leaves.items;
	*ret_count = (uint32_t)leaves.count;
	return 0;
}

/* Keep what this record says, if it says something. */
static void
take_record(struct reading *reading, const struct recording_block *record, uint64_t address)
{
	uint32_t place = record->rounding_place & ((1u << BLOCK_PLACE_BITS) - 1);
	struct block block = {
		.address = address + place,
		.bytes = record->bytes,
		.birth = record->birth >> BLOCK_THREAD_BITS,
		.thread = record->birth & ((1u << BLOCK_THREAD_BITS) - 1),
		.site = record->site - 1,
		.rounding = record->rounding_place >> BLOCK_PLACE_BITS,
	};

	if (record->site == SITE_NONE || record->site < reading->site_base ||
	    record->site > reading->snapshot->profile->site_count || place >> reading->shift != 0 ||
	    record->bytes > BYTES_MAX)
		return;
	if (record->death == 0)
		*array_push(&reading->blocks) = block;
	else if (reading->freed_at != NULL && block_holds(&block, *reading->freed_at))
		*array_push(&reading->freed) = (struct block_freed){
			.block = block,
			.death = record->death >> BLOCK_THREAD_BITS,
			.thread = record->death & ((1u << BLOCK_THREAD_BITS) - 1),
		};
}

/* Read one record until it is the same twice; zero it when it never is. */
static int
settle_record(const struct snapshot *snapshot, struct recording_block *record, uint64_t offset)
{
	for (int i = 0; i < TRIES; i++) {
		struct recording_block again;
		int result = snapshot_file_read(&snapshot->file, &again, sizeof(again), offset);

		if (result != 0)
			return result;
		if (memcmp(&again, record, sizeof(again)) == 0)
			return 0;
		*record = again;
	}
	memset(record, 0, sizeof(*record));
	return 0;
}

static int
read_piece(const struct snapshot *snapshot, struct recording_block *piece, uint32_t count,
	   uint64_t offset)
{
	struct recording_block again[PIECE_RECORDS];
	int result = snapshot_file_read(&snapshot->file, piece, count * sizeof(*piece), offset);

	if (result == 0 && snapshot->identity.alive)
		result = snapshot_file_read(&snapshot->file, again, count * sizeof(*piece), offset);
	if (result != 0 || !snapshot->identity.alive ||
	    memcmp(piece, again, count * sizeof(*piece)) == 0)
		return result;
	for (uint32_t i = 0; i < count && result == 0; i++) {
		if (memcmp(&piece[i], &again[i], sizeof(*piece)) == 0)
			continue;
		piece[i] = again[i];
		result = settle_record(snapshot, &piece[i], offset + i * sizeof(*piece));
	}
	return result;
}

/* Where the next data of the file are, at or after offset; UINT64_MAX if there are none. */
static uint64_t
find_data(const struct snapshot *snapshot, uint64_t offset)
{
	off_t data = lseek(snapshot->file.fd, (off_t)offset, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? UINT64_MAX : offset;
	return (uint64_t)data;
}

static int
read_leaf(struct reading *reading, const struct leaf *leaf)
{
	struct recording_block piece[PIECE_RECORDS];
	uint64_t start =
		reading->offset + (uint64_t)leaf->number * BLOCKS_PER_LEAF * sizeof(*piece);
	uint64_t end = start + BLOCKS_PER_LEAF * sizeof(*piece);

	uint32_t next = 0;

	/* The rest of a file that was cut is a hole too. */
	if (end > reading->snapshot->file.bytes)
		end = reading->snapshot->file.bytes;
	while (start + (next + 1) * sizeof(*piece) <= end) {
		uint64_t data = find_data(reading->snapshot, start + next * sizeof(*piece));
		uint32_t count = PIECE_RECORDS;
		int result;

		if (data >= end)
			return 0;
		next = (uint32_t)((data - start) / sizeof(*piece));
		if (count > (end - start) / sizeof(*piece) - next)
			count = (uint32_t)((end - start) / sizeof(*piece)) - next;
		result = read_piece(reading->snapshot, piece, count, start + next * sizeof(*piece));
		if (result != 0)
			return result;
		for (uint32_t i = 0; i < count; i++)
			take_record(reading, &piece[i],
				    leaf->address + ((uint64_t)(next + i) << reading->shift));
		next += count;
	}
	return 0;
}

static int
compare_deaths(const void *a, const void *b)
{
	const struct block_freed *left = a, *right = b;

	if (left->death != right->death)
		return left->death > right->death ? -1 : 1;
	return (left->block.address > right->block.address) -
	       (left->block.address < right->block.address);
}

/* Hand over what was read. */
static void
finish(struct reading *reading)
{
	struct profile *profile = reading->snapshot->profile;
	struct block_set *set = &profile->blocks;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	int64_t live = last->sum.live_blocks;

	set->blocks = reading->blocks.items;
	set->count = reading->blocks.count;
	set->freed = reading->freed.items;
	set->freed_count = reading->freed.count;
	set->is_read = true;
	if (set->freed_count > 1)
		qsort(set->freed, set->freed_count, sizeof(*set->freed), compare_deaths);
	/* The runtime counts those that got no record, also when they are freed by now. */
	set->missing = reading->snapshot->file.header.missing_blocks;
	if (live < 0 || (uint64_t)live <= set->count)
		set->missing = 0;
	else if (set->missing > (uint64_t)live - set->count)
		set->missing = (uint64_t)live - set->count;
}

/* Where the blocks are, as the header has it. */
static int
check_section(struct reading *reading)
{
	const struct recording_header *header = &reading->snapshot->file.header;
	const struct recording_extent *blocks = &header->sections[SECTION_BLOCKS];
	uint64_t bytes, end;

	if (header->block_shift > BLOCK_PLACE_BITS || blocks->count > blocks->capacity ||
	    blocks->record_bytes != sizeof(struct recording_block) ||
	    __builtin_mul_overflow(blocks->count, sizeof(struct recording_block), &bytes) ||
	    __builtin_add_overflow(blocks->offset, bytes, &end) || end > INT64_MAX)
		return -EBADMSG;
	reading->shift = (unsigned)header->block_shift;
	reading->offset = blocks->offset;
	reading->leaf_count = blocks->count / BLOCKS_PER_LEAF;
	return 0;
}

int
snapshot_update_blocks(struct snapshot *snapshot, const uint64_t *freed_at)
{
	struct reading reading = {
		.snapshot = snapshot,
		.freed_at = freed_at,
		.site_base = snapshot->file.header.control.site_base,
	};
	struct leaf *leaves = NULL;
	uint32_t leaf_count = 0;
	int result;

	block_set_drop(&snapshot->profile->blocks);
	if (!snapshot->profile->blocks.recorded || snapshot->profile->moment_count == 0)
		return 0;
	result = check_section(&reading);
	if (result == 0)
		result = read_leaves(snapshot, reading.shift, &leaves, &leaf_count);
	/* Leaves that came after the header was read can wait. */
	for (uint32_t i = 0; result == 0 && i < leaf_count; i++)
		if (leaves[i].number < reading.leaf_count)
			result = read_leaf(&reading, &leaves[i]);
	free(leaves);
	if (result == 0) {
		finish(&reading);
		return 0;
	}
	array_release(&reading.blocks);
	array_release(&reading.freed);
	return result;
}
