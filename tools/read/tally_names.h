/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_names.h - what has a name in a profile, as chunks of a snapshot file
 *
 * Strings are written once, and are numbers from there on: the paths of modules, functions, files
 * and threads. Modules and locations are what frames refer to.
 */
#ifndef TALLY_NAMES_H
#define TALLY_NAMES_H

struct profile;
struct tally_draft;
struct tally_output;
struct varint_input;

/* Append STRS MODS fILE LOCS sYMB; names may be put from now on. */
void tally_names_encode(struct tally_output *out, const struct profile *profile);

/* Append what is in a chunk; the input is marked as bad when it is none of ours. */
void tally_names_decode_strings(struct tally_draft *draft, struct varint_input *input);
void tally_names_decode_modules(struct tally_draft *draft, struct varint_input *input);
void tally_names_decode_files(struct tally_draft *draft, struct varint_input *input);
void tally_names_decode_locations(struct tally_draft *draft, struct varint_input *input);
void tally_names_decode_symbols(struct tally_draft *draft, struct varint_input *input);

#endif
