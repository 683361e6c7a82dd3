/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_draft.h - the profile that is being read from a snapshot file
 *
 * The payloads of chunks append to its tables; behind the last one these become those of a profile.
 *
 *     PROC -> profile     STRS, MODS ... MOMT ... -> tables     DONE -> tally_draft_finish
 *
 * An item is appended only when its bytes were there. Memory has a limit that grows with the bytes
 * that were read from the file; every index is checked at the end by `profile_finish`.
 */
#ifndef TALLY_DRAFT_H
#define TALLY_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"
#include "read/tally_blocks.h"
#include "read/tally_leaks.h"
#include "read/tally_resident.h"
#include "util/array.h"

struct varint_input;

struct tally_draft {
	struct profile *profile; /* NULL between two */
	ARRAY(const char *) names;
	ARRAY(struct profile_module) modules;
	ARRAY(struct profile_location) locations;
	ARRAY(struct profile_frame) frames;
	ARRAY(struct profile_node) nodes;
	ARRAY(uint32_t) sites;
	ARRAY(struct profile_sample) samples;
	ARRAY(struct profile_mark) marks;
	uint32_t next_value; /* site of the last moment that the next value is for */
	struct tally_blocks blocks;
	struct tally_leaks leaks;
	struct tally_resident resident;
	uint64_t values_bytes; /* memory of the moments */
	uint64_t text_bytes;   /* memory of the strings, or more */
	uint64_t file_bytes;   /* that were read; set by the reader */
	bool keeps_blocks;
	bool too_big;
	bool newer; /* a number or tag was met that this version does not know */
};

/* Whether the profile may take so much more memory. */
bool tally_draft_has_room(const struct tally_draft *draft, uint64_t bytes);

/* A number that stands for something is only taken when it is known; else all of it is newer. */
bool tally_draft_take_known(struct tally_draft *draft, bool known);

/* Fields. A flag that is neither is newer; a text is interned; a name is NULL if there is none, or
 * its number is wrong, and then the input is marked as bad. */
bool tally_draft_get_flag(struct tally_draft *draft, struct varint_input *input);
const char *tally_draft_get_text(struct tally_draft *draft, struct varint_input *input);
const char *tally_draft_get_name(struct tally_draft *draft, struct varint_input *input);

/* Make a profile of it, checked and owned by the caller. 0 or -errno; the draft is empty then. */
int tally_draft_finish(struct tally_draft *draft, struct profile **ret_profile);

void tally_draft_release(struct tally_draft *draft);

#endif
