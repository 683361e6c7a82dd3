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
#include "read/identity.h"

struct snapshot;

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

/*
 * Whose recording the file at path is, also of another version: *ret_identity says whether the rest
 * can be read. 0, or what else `snapshot_open` says.
 */
int snapshot_identify(const char *path, unsigned flags, struct snapshot_identity *ret_identity);

/* Whether a process may need the file at path, which is ours: false only when surely none does. */
bool snapshot_may_live(const char *path);

/* The version of the layout that this heaptally reads. */
uint32_t snapshot_get_layout(void);

/* NULL is accepted. */
void snapshot_free(struct snapshot *snapshot);

/* As of the last `snapshot_open` or `snapshot_refresh`. */
const struct snapshot_identity *snapshot_get_identity(const struct snapshot *snapshot);

/* Read the header and the live size again; the tables are left alone. Cheap. 0 or -errno. */
int snapshot_refresh(struct snapshot *snapshot);

/*
 * Read everything that is new and append a moment with this label. 0; -EBADMSG if an offset, a
 * count or an index is wrong, or what `snapshot_refresh` says: then the profile is what it was
 * before.
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

/* Read the title of the process, if it lives, into `arguments`. Cheap. `snapshot_update` does it.
 */
void snapshot_update_title(struct snapshot *snapshot);

/* The profile so far; owned by the snapshot. */
struct profile *snapshot_get_profile(struct snapshot *snapshot);

/* The same, now owned by the caller. The snapshot can only be freed after that. */
struct profile *snapshot_take_profile(struct snapshot *snapshot);

#endif
