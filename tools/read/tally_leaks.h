/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_leaks.h - which blocks could not be reached any more, as bytes of a snapshot file
 */
#ifndef TALLY_LEAKS_H
#define TALLY_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/leak.h"
#include "util/array.h"

struct buffer;
struct intern;
struct varint_input;

/* What was read so far. */
struct tally_leaks {
	struct leak_set set; /* without its tables */
	ARRAY(struct leak_values) sites;
	ARRAY(struct leak_part) parts;
	ARRAY(struct leak_class) classes;
	uint64_t text_bytes; /* of their names */
};

/* How the look was made. */
void tally_leaks_encode_info(const struct leak_set *set, struct buffer *chunk);
void tally_leaks_decode_info(struct tally_leaks *read, struct varint_input *input);

/* Append items from `first` on until the chunk is long enough; returns the first that was not. */
size_t tally_leaks_encode_sites(const struct leak_set *set, size_t first, struct buffer *chunk);
size_t tally_leaks_encode_parts(const struct leak_set *set, size_t first, struct buffer *chunk);
size_t tally_leaks_encode_classes(const struct leak_set *set, size_t first, struct buffer *chunk);

/* Append what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_leaks_decode_sites(struct tally_leaks *read, uint32_t site_count,
			      struct varint_input *input);
void tally_leaks_decode_parts(struct tally_leaks *read, struct varint_input *input);

/* The same of classes, whose names get into the table of strings. */
void tally_leaks_decode_classes(struct tally_leaks *read, struct intern *strings,
				struct varint_input *input);

/* Hand everything over to set. */
void tally_leaks_finish(struct tally_leaks *read, uint32_t site_count, struct leak_set *ret_set);

void tally_leaks_release(struct tally_leaks *read);

#endif
