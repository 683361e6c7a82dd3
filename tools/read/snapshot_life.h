/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_life.h - does the process of a recording live?
 *
 * Needs the fixed part of the header alone, so that it can be said of every version.
 */
#ifndef SNAPSHOT_LIFE_H
#define SNAPSHOT_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct recording_header;
struct snapshot_file;

/* Whether the header was written since this machine was started, or that cannot be known. */
bool snapshot_life_is_this_boot(const struct recording_header *header);

/* Whether its process ids mean the same to us, or that cannot be known. */
bool snapshot_life_is_this_namespace(const struct recording_header *header);

/* Whether the runtime holds its lock of the file. */
bool snapshot_life_is_locked(const struct snapshot_file *file);

/* Whether the process has the file mapped: for when there can be no lock. True if it may not be
 * seen. */
bool snapshot_life_is_mapped(const struct snapshot_file *file,
			     const struct recording_header *header);

/* By which id we know the living process: that in the header, or where its process ids are others
 * than ours, what the kernel says of it. 0 if it is not in sight. */
uint32_t snapshot_life_get_pid(const struct recording_header *header);

#endif
