/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_private.h - what the parts of the reader of recordings share
 */
#ifndef SNAPSHOT_PRIVATE_H
#define SNAPSHOT_PRIVATE_H

#include <stdint.h>

#include "read/identity.h"
#include "read/snapshot_file.h"

struct profile;
struct profile_frame;
struct profile_moment;
struct snapshot_code;

struct snapshot {
	struct snapshot_file file;
	struct snapshot_identity identity;
	struct profile *profile;
	uint32_t frame_capacity, node_capacity, site_capacity, mark_capacity;
	struct snapshot_code *codes;
	uint32_t code_count, code_capacity;
	uint64_t table_bytes; /* of all of them */
};

/* Append what is new in all tables to the profile. 0 or -errno. */
int snapshot_read_tables(struct snapshot *snapshot);

/* Give the threads of a living process, which is in sight, the names that they have now. */
void snapshot_read_thread_names(struct snapshot *snapshot);

/* The marks alone. */
int snapshot_read_marks(struct snapshot *snapshot);

/* Fill the values of moment, which has room for its sites. 0 or -errno. */
int snapshot_read_counters(struct snapshot *snapshot, struct profile_moment *moment);

/* Read the code objects of Python that are new. 0 or -errno. */
int snapshot_read_codes(struct snapshot *snapshot);

/* Make frame, whose offset is set, one of a code object, with its line. 0 or -EBADMSG. */
int snapshot_insert_python(struct snapshot *snapshot, uint32_t code_number,
			   struct profile_frame *frame);

void snapshot_free_codes(struct snapshot *snapshot);

#endif
