/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_file.h - the file of a recording, in checked pieces
 *
 * The file is read with pread and never mapped: it may shrink, and a mapping would then kill us.
 * Nothing in it is trusted.
 */
#ifndef SNAPSHOT_FILE_H
#define SNAPSHOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"

struct intern;

/* No runtime writes more records in a section; it bounds time, not memory. */
#define SNAPSHOT_RECORDS_MAX (1u << 27)

struct snapshot_file {
	int fd;
	uint64_t bytes;
	uint64_t stored_bytes;          /* without holes */
	uint64_t modified_ns;           /* realtime */
	struct recording_header header; /* never one that was not checked */
};

/* Records of one section that are to be read now, checked against the file. */
struct snapshot_extent {
	uint64_t offset;
	uint32_t count;
};

/*
 * Open what may be a recording; with any_owner also through links, and that of another user. The
 * header is not read yet. 0; -EISDIR; -EBADMSG if it is no regular file; -EPERM if it is not ours;
 * -ENOMSG if it is empty; or what open(2) says.
 */
int snapshot_file_open(struct snapshot_file *file, const char *path, bool any_owner);

/* Nothing of it is open any more. */
void snapshot_file_close(struct snapshot_file *file);

/* Ask for the size and the time of the last change. 0 or -errno. */
int snapshot_file_read_status(struct snapshot_file *file);

/*
 * Read the header again. 0; -EBADMSG if it is none, -EPROTO if of another version or machine; the
 * header is what it was before then.
 */
int snapshot_file_read_header(struct snapshot_file *file);

/*
 * Only what every version has in its place, the first RECORDING_FIXED_BYTES; the rest of
 * *ret_header is zero. 0; -EBADMSG if it is no recording; -EPROTO if it is one in another byte
 * order.
 */
int snapshot_file_read_fixed(const struct snapshot_file *file, struct recording_header *ret_header);

/* 0; -EBADMSG if the file ends before; or what pread(2) says. */
int snapshot_file_read(const struct snapshot_file *file, void *buffer, size_t bytes,
		       uint64_t offset);

/* The extent of a section as it is in the file now. -EBADMSG with more than `max` records. */
int snapshot_file_read_extent(const struct snapshot_file *file, enum recording_section section,
			      size_t record_bytes, uint32_t max,
			      struct snapshot_extent *ret_extent);

/*
 * A string of the recording, as one of `strings`. It has to begin where another ends, so that all
 * of them together are not larger than their section. 0 or -errno.
 */
int snapshot_file_read_string(const struct snapshot_file *file, struct intern *strings,
			      uint32_t place, const char **ret_text);

/*
 * The SHARDS_MAX numbers of the chunks of counters, each plus one, that belong to one chunk of
 * sites. 0 or -errno.
 */
int snapshot_file_read_row(const struct snapshot_file *file, uint32_t row, uint32_t *numbers);

#endif
