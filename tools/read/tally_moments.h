/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_moments.h - the counters at moments, and the curve between them, as chunks of a snapshot
 * file
 *
 * Of the counters of a moment only those are written that differ from the moment before it.
 */
#ifndef TALLY_MOMENTS_H
#define TALLY_MOMENTS_H

struct profile;
struct tally_draft;
struct tally_output;
struct varint_input;

/* Append MOMT MOMV of each moment, then SMPL. */
void tally_moments_encode(struct tally_output *out, const struct profile *profile);

/* Append what is in a chunk; the input is marked as bad when it is none of ours, the draft as too
 * big when there is no room for the moment. */
void tally_moments_decode_moment(struct tally_draft *draft, struct varint_input *input);
void tally_moments_decode_values(struct tally_draft *draft, struct varint_input *input);
void tally_moments_decode_samples(struct tally_draft *draft, struct varint_input *input);

#endif
