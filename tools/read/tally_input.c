/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "read/tally_format.h"

/* zstd can make gigabytes of kilobytes. Real tallies shrink 5 to 50 times. */
#define EXPANSION_FREE_BYTES ((uint64_t)256 << 20)
#define EXPANSION_MAX        200

/* 1 if there are compressed bytes now, 0 at the end of the file, or -errno. */
static int
fill_compressed(struct tally_input *input)
{
	ssize_t got;

	if (input->compressed_used < input->compressed.length)
		return 1;
	if (input->end_of_file)
		return 0;
	do
		got = read(input->fd, input->compressed.bytes, input->compressed.capacity);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->compressed.length = (size_t)got;
	input->compressed_used = 0;
	input->read_bytes += (uint64_t)got;
	input->end_of_file = got == 0;
	return got != 0;
}

/* 1 if there are plain bytes now, 0 at the end of the stream, or -errno. */
static int
fill_plain(struct tally_input *input)
{
	while (input->plain_used == input->plain.length) {
		int result = fill_compressed(input);
		ZSTD_inBuffer in = {input->compressed.bytes, input->compressed.length,
				    input->compressed_used};
		ZSTD_outBuffer out = {input->plain.bytes, input->plain.capacity, 0};
		size_t hint;

		if (result < 0)
			return result;
		hint = ZSTD_decompressStream(input->context, &out, &in);
		if (ZSTD_isError(hint))
			return -EBADMSG;
		if (in.pos != input->compressed_used || out.pos != 0)
			input->frame_is_complete = hint == 0;
		input->compressed_used = in.pos;
		input->plain.length = out.pos;
		input->plain_used = 0;
		input->made_bytes += out.pos;
		if (input->made_bytes > EXPANSION_FREE_BYTES &&
		    input->made_bytes / EXPANSION_MAX > input->read_bytes)
			return -EFBIG;
		if (result == 0 && out.pos == 0)
			return 0;
	}
	return 1;
}

/* Append length bytes of the stream to buffer. 1; 0 if it ends before; or -errno. */
static int
read_plain(struct tally_input *input, struct buffer *buffer, size_t length)
{
	while (length != 0) {
		int result = fill_plain(input);
		size_t there = input->plain.length - input->plain_used;

		if (result <= 0)
			return result;
		if (there > length)
			there = length;
		buffer_insert(buffer, input->plain.bytes + input->plain_used, there);
		input->plain_used += there;
		length -= there;
	}
	return 1;
}

static uint32_t
get_little_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

int
tally_input_read_head(struct tally_input *input, uint32_t *ret_tag, uint32_t *ret_length)
{
	uint32_t length;
	int result;

	buffer_clear(&input->chunk);
	result = read_plain(input, &input->chunk, 8);
	if (result <= 0)
		return result;
	length = get_little_endian(input->chunk.bytes + 4);
	if (length > TALLY_CHUNK_MAX_BYTES)
		return -EBADMSG;
	*ret_tag = get_little_endian(input->chunk.bytes);
	*ret_length = length;
	return 1;
}

int
tally_input_read_payload(struct tally_input *input, uint32_t length)
{
	buffer_clear(&input->chunk);
	return read_plain(input, &input->chunk, length);
}

int
tally_input_skip(struct tally_input *input)
{
	int result;

	do
		input->plain_used = input->plain.length;
	while ((result = fill_plain(input)) == 1);
	return result < 0 ? result : input->frame_is_complete ? 0 : -ENODATA;
}

int
tally_input_finish(struct tally_input *input)
{
	int result = fill_plain(input);

	if (result < 0)
		return result;
	if (result > 0)
		return -EBADMSG;
	return input->frame_is_complete ? 0 : -ENODATA;
}

/* 0 if the version that stands in the first line is ours, or -errno. */
static int
check_version(const char *digits)
{
	size_t length = strspn(digits, "0123456789");

	if (length == 0 || digits[0] == '0' || (digits[length] != '\n' && digits[length] != '\0'))
		return -EBADMSG;
	return digits[length] == '\n' && strtol(digits, NULL, 10) == TALLY_VERSION ? 0 : -EPROTO;
}

/* The first line of the stream. 0 or -errno. */
static int
read_title(struct tally_input *input)
{
	const size_t length = strlen(TALLY_TITLE);
	const char *text;
	int result;

	do
		result = read_plain(input, &input->chunk, 1);
	while (result == 1 && input->chunk.length < length + 8 &&
	       input->chunk.bytes[input->chunk.length - 1] != '\n');
	if (result < 0)
		return result;
	text = buffer_string(&input->chunk);
	if (result == 0)
		return -ENODATA;
	if (strncmp(text, TALLY_TITLE, length) != 0)
		return -EBADMSG;
	return check_version(text + length);
}

int
tally_input_init(struct tally_input *input, int fd)
{
	*input = (struct tally_input){.fd = fd, .context = ZSTD_createDCtx()};
	buffer_reserve(&input->compressed, ZSTD_DStreamInSize());
	buffer_reserve(&input->plain, ZSTD_DStreamOutSize());
	if (input->context == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(input->context, ZSTD_d_windowLogMax, 23)))
		return -ENOMEM;
	return read_title(input);
}

void
tally_input_release(struct tally_input *input)
{
	ZSTD_freeDCtx(input->context);
	buffer_release(&input->compressed);
	buffer_release(&input->plain);
	buffer_release(&input->chunk);
}
