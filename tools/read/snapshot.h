/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.h - read a recording, of a living process or of one that ended
 *
 * An open recording can be read again and again: each time the profile grows by one moment, and
 * only the part of the tables that is new is read. Reading neither stops nor disturbs the process.
 *
 *     snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);
 *     snapshot_update(snapshot, "");
 *     profile = snapshot_take_profile(snapshot);
 *     snapshot_free(snapshot);
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/profile.h"

struct snapshot;

/* What the header alone tells. */
struct snapshot_identity {
	uint32_t pid, parent_pid;
	char command[16];
	bool this_boot;
	bool this_namespace; /* `pid` means the same process to us */
	bool alive;          /* somebody still has it mapped */
	enum profile_state state;
	uint64_t start_realtime_ns, start_monotonic_ns;
	uint64_t duration_ns;
	int64_t live_bytes, peak_bytes;
	uint32_t trouble;
	uint64_t mark_count;
	enum profile_pause pause;
};

enum snapshot_flags {
	SNAPSHOT_ANY_OWNER = 1, /* the user named this file: follow links, accept any owner */
	SNAPSHOT_WRITABLE = 2,  /* for requests (request.h) */
};

/*
 * Open the recording at path. 0; -EBADMSG if it is none or is damaged; -ENOMSG if it is empty;
 * -EPROTO if it is of another version or machine; -EAGAIN if the process is only about to fill it;
 * -EISDIR; -EPERM if it is not ours; or what open(2) says. *ret_snapshot is untouched on failure.
 */
int snapshot_open(const char *path, unsigned flags, struct snapshot **ret_snapshot);

/* NULL is accepted. */
void snapshot_free(struct snapshot *snapshot);

/* As of the last `snapshot_open` or `snapshot_refresh`. */
const struct snapshot_identity *snapshot_get_identity(const struct snapshot *snapshot);

/* Read the header and the live size again; the tables are left alone. Cheap. 0 or -errno. */
int snapshot_refresh(struct snapshot *snapshot);

/*
 * Read everything that is new and append a moment with this label. 0; -EBADMSG if an offset, a
 * count or an index is wrong, and then the profile is what it was before.
 */
int snapshot_update(struct snapshot *snapshot, const char *label);

/*
 * Who was killed left no time of death. Whoever has just seen it end calls this after
 * `snapshot_update`: the last moment is of now.
 */
void snapshot_set_end(struct snapshot *snapshot);

/*
 * Read the single blocks that live, and with freed_at those known to have been freed that held this
 * address, as of about the last `snapshot_update`. Nothing is read where `blocks.recorded` is not
 * set. 0; -EBADMSG, and then the profile has no blocks; or what pread(2) says.
 */
int snapshot_update_blocks(struct snapshot *snapshot, const uint64_t *freed_at);

/* The same for the lifetimes of the blocks that were freed. */
int snapshot_update_lifetimes(struct snapshot *snapshot);

/* The profile so far; owned by the snapshot. */
struct profile *snapshot_get_profile(struct snapshot *snapshot);

/* The same, now owned by the caller. The snapshot can only be freed after that. */
struct profile *snapshot_take_profile(struct snapshot *snapshot);

/* The sentence of the index-th bit set in `trouble` of a profile; NULL when there are no more. */
const char *snapshot_get_trouble(uint32_t trouble, unsigned index);

#endif
