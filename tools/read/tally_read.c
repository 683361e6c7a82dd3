/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_read.c - read snapshot files
 *
 *     tally_input --tag, payload--> find_decoder --> tally_draft --DONE--> profile
 *
 * A number that is not known is no damage: a newer version wrote it. As wrong bytes may look like
 * that too, the rest of the stream is read then, for its checksum.
 */
#include "config.h"
#include "read/tally.h"

#include <errno.h>
#include <stdlib.h>

#include <zstd.h>

#include "model/profile.h"
#include "read/tally_blocks.h"
#include "read/tally_draft.h"
#include "read/tally_format.h"
#include "read/tally_input.h"
#include "read/tally_leaks.h"
#include "read/tally_moments.h"
#include "read/tally_names.h"
#include "read/tally_process.h"
#include "read/tally_resident.h"
#include "read/tally_stacks.h"
#include "util/varint.h"
#include "util/xalloc.h"

/* No item takes more memory than this for each of its bytes in a chunk: a string of two letters. */
#define ITEM_GROWTH 40

typedef void decoder(struct tally_draft *, struct varint_input *);

struct tally_reader {
	struct tally_input input;
	struct tally_draft draft;
	bool ended;
	uint32_t process_count;
};

/* --- what knows no draft --- */

static void
decode_parts(struct tally_draft *draft, struct varint_input *input)
{
	tally_resident_decode(&draft->resident, input);
}

static void
decode_mapped(struct tally_draft *draft, struct varint_input *input)
{
	tally_resident_decode_mapped(&draft->resident, (uint32_t)draft->sites.count, input);
}

static void
decode_blocks_info(struct tally_draft *draft, struct varint_input *input)
{
	draft->blocks.recorded = true;
	draft->blocks.expected = varint_get(input);
	draft->blocks.missing = varint_get(input);
}

static void
decode_blocks(struct tally_draft *draft, struct varint_input *input)
{
	if (draft->keeps_blocks)
		tally_blocks_decode(&draft->blocks, input);
}

static void
decode_lifetimes(struct tally_draft *draft, struct varint_input *input)
{
	tally_blocks_decode_lifetimes(&draft->blocks, (uint32_t)draft->sites.count, input);
}

static void
decode_leaks_info(struct tally_draft *draft, struct varint_input *input)
{
	/* Every site may get values. */
	if (!tally_draft_has_room(draft, (uint64_t)draft->sites.count * sizeof(struct leak_values)))
		draft->too_big = true;
	else
		tally_leaks_decode_info(&draft->leaks, input);
}

static void
decode_leaks(struct tally_draft *draft, struct varint_input *input)
{
	input->bad |= !draft->leaks.set.is_known;
	tally_leaks_decode_sites(&draft->leaks, (uint32_t)draft->sites.count, input);
}

static void
decode_leak_parts(struct tally_draft *draft, struct varint_input *input)
{
	input->bad |= !draft->leaks.set.is_known;
	tally_leaks_decode_parts(&draft->leaks, input);
}

static void
decode_leak_classes(struct tally_draft *draft, struct varint_input *input)
{
	tally_leaks_decode_classes(&draft->leaks, draft->profile->strings, input);
}

/* --- chunks --- */

static decoder *
find_decoder(uint32_t tag)
{
	switch ((enum tally_tag)tag) {
	case TALLY_STRINGS:
		return tally_names_decode_strings;
	case TALLY_MODULES:
		return tally_names_decode_modules;
	case TALLY_FILES:
		return tally_names_decode_files;
	case TALLY_LOCATIONS:
		return tally_names_decode_locations;
	case TALLY_SYMBOLS:
		return tally_names_decode_symbols;
	case TALLY_FRAMES:
		return tally_stacks_decode_frames;
	case TALLY_THREADS:
		return tally_stacks_decode_threads;
	case TALLY_NODES:
		return tally_stacks_decode_nodes;
	case TALLY_SITES:
		return tally_stacks_decode_sites;
	case TALLY_MOMENT:
		return tally_moments_decode_moment;
	case TALLY_VALUES:
		return tally_moments_decode_values;
	case TALLY_SAMPLES:
		return tally_moments_decode_samples;
	case TALLY_MARKS:
		return tally_process_decode_marks;
	case TALLY_PARTS:
		return decode_parts;
	case TALLY_MAPPED:
		return decode_mapped;
	case TALLY_PAUSE:
		return tally_process_decode_pause;
	case TALLY_PYTHON:
		return tally_process_decode_python;
	case TALLY_NOTES:
		return tally_process_decode_notes;
	case TALLY_ARGUMENTS:
		return tally_process_decode_arguments;
	case TALLY_RESIDENT:
		return tally_process_decode_resident;
	case TALLY_UNSEEN:
		return tally_process_decode_unseen;
	case TALLY_BLOCKS_INFO:
		return decode_blocks_info;
	case TALLY_BLOCKS:
		return decode_blocks;
	case TALLY_LIFETIMES:
		return decode_lifetimes;
	case TALLY_LEAKS_INFO:
		return decode_leaks_info;
	case TALLY_LEAKS:
		return decode_leaks;
	case TALLY_LEAK_PARTS:
		return decode_leak_parts;
	case TALLY_LEAK_CLASSES:
		return decode_leak_classes;
	case TALLY_DONE:
		return tally_process_decode_done;
	case TALLY_PROCESS:
	case TALLY_END:
		break;
	}
	return NULL;
}

/* Four letters. */
static bool
is_tag(uint32_t tag)
{
	for (int i = 0; i < 4; i++) {
		uint8_t letter = (uint8_t)(tag >> 8 * i) | 0x20;

		if (letter < 'a' || letter > 'z')
			return false;
	}
	return true;
}

/* Read the next chunk. 1; 0 if the file ends first; or -errno. */
static int
read_chunk(struct tally_reader *reader, uint32_t *ret_tag)
{
	uint32_t length;
	int result = tally_input_read_head(&reader->input, ret_tag, &length);

	if (result <= 0)
		return result;
	reader->draft.file_bytes = reader->input.read_bytes;
	if (!tally_draft_has_room(&reader->draft, (uint64_t)length * ITEM_GROWTH))
		return -EFBIG;
	result = tally_input_read_payload(&reader->input, length);
	reader->draft.file_bytes = reader->input.read_bytes;
	return result;
}

/* Take the chunk that was read in. 0 or -errno. */
static int
take_chunk(struct tally_reader *reader, uint32_t tag)
{
	struct tally_draft *draft = &reader->draft;
	struct varint_input input = {
		.next = reader->input.chunk.bytes,
		.end = reader->input.chunk.bytes + reader->input.chunk.length,
	};
	decoder *decode = find_decoder(tag);

	if (tag == TALLY_PROCESS && draft->profile == NULL) {
		draft->profile = profile_new();
		tally_process_decode(draft, &input);
	} else if (tag == TALLY_END && draft->profile == NULL) {
		reader->ended = true;
		input.bad = varint_get(&input) != reader->process_count;
	} else if (decode != NULL && draft->profile != NULL) {
		decode(draft, &input);
	} else if (tag == TALLY_PROCESS || tag == TALLY_END || decode != NULL || !is_tag(tag)) {
		return -EBADMSG;
	} else {
		tally_draft_take_known(draft, (tag & TALLY_TAG_OPTIONAL) != 0);
	}
	if (draft->newer) {
		int result = tally_input_skip(&reader->input);

		return result == 0 ? -EPROTO : result;
	}
	if (draft->too_big)
		return -EFBIG;
	return input.bad ? -EBADMSG : 0;
}

/* --- the whole --- */

bool
tally_has_magic(const uint8_t *bytes, size_t length)
{
	return length >= 4 && TALLY_TAG(bytes[0], bytes[1], bytes[2], bytes[3]) == ZSTD_MAGICNUMBER;
}

void
tally_reader_keep_blocks(struct tally_reader *reader)
{
	reader->draft.keeps_blocks = true;
}

int
tally_reader_next(struct tally_reader *reader, struct profile **ret_profile)
{
	while (!reader->ended) {
		uint32_t tag = 0;
		int result = read_chunk(reader, &tag);

		if (result == 0)
			return -ENODATA;
		if (result > 0)
			result = take_chunk(reader, tag);
		if (result < 0)
			return result;
		if (tag != TALLY_DONE)
			continue;
		result = tally_draft_finish(&reader->draft, ret_profile);
		reader->process_count += result == 0;
		return result == 0 ? 1 : result;
	}
	return tally_input_finish(&reader->input);
}

int
tally_reader_new(int fd, struct tally_reader **ret_reader)
{
	struct tally_reader *reader = xcalloc(1, sizeof(*reader));
	int result = tally_input_init(&reader->input, fd);

	if (result != 0) {
		tally_reader_free(reader);
		return result;
	}
	*ret_reader = reader;
	return 0;
}

void
tally_reader_free(struct tally_reader *reader)
{
	if (reader == NULL)
		return;
	tally_draft_release(&reader->draft);
	tally_input_release(&reader->input);
	free(reader);
}
