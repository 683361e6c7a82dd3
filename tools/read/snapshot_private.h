/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_private.h - what the parts of the reader of recordings share
 */
#ifndef SNAPSHOT_PRIVATE_H
#define SNAPSHOT_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "recording.h"
#include "read/snapshot.h"

/* No runtime writes more; it bounds time, not memory. */
#define SNAPSHOT_RECORDS_MAX (1u << 27)

struct snapshot {
	int fd;
	uint64_t file_bytes;
	uint64_t modified_ns; /* realtime */
	struct recording_header header;
	struct snapshot_identity identity;
	struct profile *profile;
	uint32_t frame_capacity, node_capacity, site_capacity, mark_capacity;
};

/* Records of one section that are to be read now, checked against the file. */
struct snapshot_extent {
	uint64_t offset;
	uint32_t count;
};

/* 0; -EBADMSG if the file ends before; or what pread(2) says. */
int snapshot_read_exactly(const struct snapshot *snapshot, void *buffer, size_t bytes,
			  uint64_t offset);

/* The extent of a section as it is in the file now. -EBADMSG with more than `max` records. */
int snapshot_read_extent(const struct snapshot *snapshot, enum recording_section section,
			 size_t record_bytes, uint32_t max, struct snapshot_extent *ret_extent);

/* A string of the recording. The section is only read where something refers to it. */
int snapshot_read_string(const struct snapshot *snapshot, uint32_t place, const char **ret_text);

/* Append what is new in all tables to the profile. 0 or -errno. */
int snapshot_read_tables(struct snapshot *snapshot);

/* The marks alone. */
int snapshot_read_marks(struct snapshot *snapshot);

/* Fill the values of moment, which has room for its sites. 0 or -errno. */
int snapshot_read_counters(struct snapshot *snapshot, struct profile_moment *moment);

/*
 * The SHARDS_MAX numbers of the chunks of counters, each plus one, that belong to one chunk of
 * sites. 0 or -errno.
 */
int snapshot_read_row(const struct snapshot *snapshot, uint32_t row, uint32_t *numbers);

#endif
