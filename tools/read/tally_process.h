/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_process.h - what is known of a process as a whole, as chunks of a snapshot file
 *
 * Who it is begins a profile, how it ended and the sizes of all tables end it.
 */
#ifndef TALLY_PROCESS_H
#define TALLY_PROCESS_H

struct profile;
struct tally_draft;
struct tally_output;
struct varint_input;

/* Append PROC. */
void tally_process_encode(struct tally_output *out, const struct profile *profile);

/* Append mARK pAUS nOTE aRGS rESI uNSN pYTH, where there is something to tell. */
void tally_process_encode_more(struct tally_output *out, const struct profile *profile);

/* Append DONE. */
void tally_process_encode_done(struct tally_output *out, const struct profile *profile);

/* Take what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_process_decode(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_marks(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_pause(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_notes(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_arguments(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_resident(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_unseen(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_python(struct tally_draft *draft, struct varint_input *input);
void tally_process_decode_done(struct tally_draft *draft, struct varint_input *input);

#endif
