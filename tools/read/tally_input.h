/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_input.h - the chunks of a snapshot file that is read
 *
 *     file --read--> compressed --zstd--> plain --> title, then tag, length, payload ...
 *
 * The file is hostile until shown otherwise: a payload is held in memory only as far as it really
 * arrived, and the expansion by zstd has a limit. What the payload means is not known here.
 */
#ifndef TALLY_INPUT_H
#define TALLY_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

struct ZSTD_DCtx_s;

struct tally_input {
	int fd;
	struct ZSTD_DCtx_s *context;
	struct buffer compressed;
	size_t compressed_used;
	struct buffer plain;
	size_t plain_used;
	uint64_t read_bytes, made_bytes;
	bool end_of_file, frame_is_complete;
	struct buffer chunk; /* the payload that was read last */
};

/*
 * Read from fd, which stays the caller's, to behind the title. 0; -EBADMSG if it is no tally;
 * -EPROTO if a newer one; -ENODATA if the file ends too early. It is to be released in any case.
 */
int tally_input_init(struct tally_input *input, int fd);

/*
 * Read the head of the next chunk, whose payload follows by `tally_input_read_payload`. 1; 0 if the
 * file ends first; -EBADMSG if it is too long for one; -EFBIG if the file expands beyond reason; or
 * another -errno.
 */
int tally_input_read_head(struct tally_input *input, uint32_t *ret_tag, uint32_t *ret_length);
int tally_input_read_payload(struct tally_input *input, uint32_t length);

/* Read over what is left. 0 if its checksum is there and right, -ENODATA if there is none, -errno.
 */
int tally_input_skip(struct tally_input *input);

/* Behind the last chunk: 0 if nothing follows and the checksum of all was there and right;
 * -EBADMSG, -ENODATA or another -errno. */
int tally_input_finish(struct tally_input *input);

void tally_input_release(struct tally_input *input);

#endif
