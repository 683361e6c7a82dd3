/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_stacks.h - frames, stacks and sites of a profile as chunks of a snapshot file
 *
 *     site -> node -> node ... -> root, each with a frame
 */
#ifndef TALLY_STACKS_H
#define TALLY_STACKS_H

struct profile;
struct tally_draft;
struct tally_output;
struct varint_input;

/* Append FRMS tHRD NODE SITE. The strings were written. */
void tally_stacks_encode(struct tally_output *out, const struct profile *profile);

/* Append what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_stacks_decode_frames(struct tally_draft *draft, struct varint_input *input);
void tally_stacks_decode_threads(struct tally_draft *draft, struct varint_input *input);
void tally_stacks_decode_nodes(struct tally_draft *draft, struct varint_input *input);
void tally_stacks_decode_sites(struct tally_draft *draft, struct varint_input *input);

#endif
