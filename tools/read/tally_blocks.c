/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_blocks.h"

#include <string.h>

#include "read/tally_format.h"
#include "util/buffer.h"
#include "util/varint.h"

#define BIRTH_MAX  (((uint64_t)1 << 42) - 1)
#define THREAD_MAX (((uint64_t)1 << 22) - 1)
#define COUNT_MAX  (((uint64_t)1 << 58) - 1)

size_t
tally_blocks_encode(const struct block_set *set, size_t first, struct buffer *chunk)
{
	struct block previous = {0};

	for (; first < set->count && chunk->length < TALLY_CHUNK_BYTES; first++) {
		struct block block = set->blocks[first];

		varint_put(chunk, block.address - previous.address);
		varint_put(chunk, block.bytes);
		varint_put(chunk, block.rounding);
		varint_put_signed(chunk, (int64_t)block.birth - (int64_t)previous.birth);
		varint_put_signed(chunk, (int64_t)block.thread - (int64_t)previous.thread);
		varint_put_signed(chunk, (int64_t)block.site - (int64_t)previous.site);
		previous = block;
	}
	return first;
}

void
tally_blocks_decode(struct tally_blocks *read, struct varint_input *input)
{
	uint64_t address = 0, birth = 0, thread = 0, site = 0;

	while (varint_has_more(input)) {
		uint64_t bytes, rounding;

		address += varint_get(input);
		bytes = varint_get(input);
		rounding = varint_get(input);
		birth += varint_get_signed(input);
		thread += varint_get_signed(input);
		site += varint_get_signed(input);
		if (input->bad || birth > BIRTH_MAX || thread > THREAD_MAX || site > UINT32_MAX ||
		    rounding > UINT32_MAX) {
			input->bad = true;
			return;
		}
		*array_push(&read->blocks) = (struct block){
			.address = address,
			.bytes = bytes,
			.birth = birth & BIRTH_MAX,
			.thread = thread & THREAD_MAX,
			.site = (uint32_t)site,
			.rounding = (uint32_t)rounding,
		};
	}
}

size_t
tally_blocks_encode_lifetimes(const struct block_set *set, size_t first, struct buffer *chunk)
{
	size_t next = 0;

	for (; first < set->lifetimes_count && chunk->length < TALLY_CHUNK_BYTES; first++) {
		const struct block_lifetimes *lifetimes = &set->lifetimes[first];

		if (lifetimes->count == 0)
			continue;
		varint_put(chunk, first - next);
		varint_put(chunk, lifetimes->sum);
		varint_put(chunk, lifetimes->count);
		for (uint32_t i = 0; i < lifetimes->count; i++) {
			varint_put(chunk, set->buckets[lifetimes->first + i].bucket);
			varint_put(chunk, set->buckets[lifetimes->first + i].blocks);
		}
		next = first + 1;
	}
	return first;
}

/* Sites without lifetimes, until the table has so many. */
static void
pad_lifetimes(struct tally_blocks *read, uint64_t count)
{
	while (read->lifetimes.count < count)
		*array_push(&read->lifetimes) =
			(struct block_lifetimes){.first = (uint32_t)read->buckets.count};
}

void
tally_blocks_decode_lifetimes(struct tally_blocks *read, uint32_t site_count,
			      struct varint_input *input)
{
	uint64_t site = 0;

	while (varint_has_more(input)) {
		struct block_lifetimes lifetimes = {.first = (uint32_t)read->buckets.count};
		uint64_t count;

		site += varint_get(input);
		lifetimes.sum = varint_get(input);
		count = varint_get(input);
		if (input->bad || site >= site_count || site < read->lifetimes.count ||
		    count > BLOCK_BUCKETS) {
			input->bad = true;
			return;
		}
		pad_lifetimes(read, site);
		for (; lifetimes.count < count; lifetimes.count++) {
			uint64_t bucket = varint_get(input), blocks = varint_get(input);

			input->bad |= bucket >= BLOCK_BUCKETS || blocks > COUNT_MAX;
			*array_push(&read->buckets) = (struct block_bucket){
				.blocks = blocks & COUNT_MAX, .bucket = bucket & 63};
		}
		*array_push(&read->lifetimes) = lifetimes;
		site++;
	}
}

bool
tally_blocks_finish(struct tally_blocks *read, bool kept, uint32_t site_count,
		    struct block_set *ret_set)
{
	struct block_set *set = ret_set;

	if (kept && read->blocks.count != read->expected)
		return false;
	if (read->lifetimes.count != 0)
		pad_lifetimes(read, site_count);
	*set = (struct block_set){
		.recorded = read->recorded,
		.is_read = read->recorded && kept,
		.blocks = read->blocks.items,
		.count = read->blocks.count,
		.missing = read->missing,
		.lifetimes = read->lifetimes.items,
		.lifetimes_count = (uint32_t)read->lifetimes.count,
		.buckets = read->buckets.items,
		.bucket_count = read->buckets.count,
	};
	memset(read, 0, sizeof(*read));
	return true;
}

void
tally_blocks_release(struct tally_blocks *read)
{
	array_release(&read->blocks);
	array_release(&read->lifetimes);
	array_release(&read->buckets);
	memset(read, 0, sizeof(*read));
}
