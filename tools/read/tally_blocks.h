/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_blocks.h - single blocks and lifetimes as bytes of a snapshot file
 *
 * Each chunk stands for itself. A block is the differences to the one before it: of neighbours the
 * address, the birth, the thread and the site differ little, so that most fields are a byte or two.
 */
#ifndef TALLY_BLOCKS_H
#define TALLY_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "util/array.h"

struct buffer;
struct varint_input;

/* What was read so far. */
struct tally_blocks {
	bool recorded;
	uint64_t expected, missing;
	ARRAY(struct block) blocks;
	ARRAY(struct block_lifetimes) lifetimes;
	ARRAY(struct block_bucket) buckets;
};

/* Append items from `first` on until the chunk is long enough; returns the first that was not. */
size_t tally_blocks_encode(const struct block_set *set, size_t first, struct buffer *chunk);
size_t tally_blocks_encode_lifetimes(const struct block_set *set, size_t first,
				     struct buffer *chunk);

/* Append what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_blocks_decode(struct tally_blocks *read, struct varint_input *input);
void tally_blocks_decode_lifetimes(struct tally_blocks *read, uint32_t site_count,
				   struct varint_input *input);

/*
 * Hand everything over to set. False, and set is empty, when it is not what was announced; kept
 * tells whether blocks were decoded at all.
 */
bool tally_blocks_finish(struct tally_blocks *read, bool kept, uint32_t site_count,
			 struct block_set *ret_set);

void tally_blocks_release(struct tally_blocks *read);

#endif
