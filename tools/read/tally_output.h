/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_output.h - the chunks of a snapshot file that is written
 *
 *     title, then tag, length, payload ... --> plain --zstd--> output --write--> file
 *
 * The first error is kept and everything after it does nothing, so only the end needs a check.
 */
#ifndef TALLY_OUTPUT_H
#define TALLY_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "read/tally_format.h"
#include "util/buffer.h"

struct ZSTD_CCtx_s;
struct tally_name;

struct tally_output {
	int fd;
	int error;
	struct ZSTD_CCtx_s *context;
	struct buffer chunk; /* payload of the chunk that is being made */
	struct buffer compressed;
	struct tally_name *names; /* that were inserted, with their numbers */
};

/* Write to fd, which stays the caller's, and begin with the title. */
void tally_output_init(struct tally_output *out, int fd);

/* Append a field to the chunk. Of a name, its number is written: 0 if it is NULL. */
void tally_output_put(struct tally_output *out, uint64_t value);
void tally_output_put_signed(struct tally_output *out, int64_t value);
void tally_output_put_flag(struct tally_output *out, bool flag);
void tally_output_put_text(struct tally_output *out, const char *text);
void tally_output_put_name(struct tally_output *out, const char *name);

/* Give a string the next number and append it to a chunk of strings, if it has none and is not
 * NULL. Strings are told apart by their address: they are interned. */
void tally_output_insert_name(struct tally_output *out, const char *name);

/* What comes is of another profile, which has its own strings. */
void tally_output_clear_names(struct tally_output *out);

/* Write the chunk that was made, with this tag. */
void tally_output_end_chunk(struct tally_output *out, enum tally_tag tag);

/* Between two items of a table: end the chunk when it is large enough. */
void tally_output_split_chunk(struct tally_output *out, enum tally_tag tag);

/* Hand everything so far to the kernel. 0, or the first error of all. */
int tally_output_flush(struct tally_output *out);

/* The same, and end the stream. */
int tally_output_finish(struct tally_output *out);

void tally_output_release(struct tally_output *out);

#endif
