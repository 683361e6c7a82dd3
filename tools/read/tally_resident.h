/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_resident.h - where the resident memory was at moments, as chunks of a snapshot file
 */
#ifndef TALLY_RESIDENT_H
#define TALLY_RESIDENT_H

#include <stdint.h>

#include "model/profile.h"
#include "util/array.h"

struct tally_output;
struct varint_input;

/* What was read so far. */
struct tally_resident {
	ARRAY(struct profile_resident) moments;
	ARRAY(struct profile_mapped) mapped;
};

/* Append rPRT rMAP, where there is something to tell. */
void tally_resident_encode(struct tally_output *out, const struct profile *profile);

/* Append what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_resident_decode(struct tally_resident *read, struct varint_input *input);
void tally_resident_decode_mapped(struct tally_resident *read, uint32_t site_count,
				  struct varint_input *input);

/* Hand everything over to profile. */
void tally_resident_finish(struct tally_resident *read, struct profile *profile);

void tally_resident_release(struct tally_resident *read);

#endif
