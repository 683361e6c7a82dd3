/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_process.h - the live blocks and pages of the process of a recording, while it lives
 *
 * Blocks come from the tables that the runtime keeps in the memory of the process itself, so that
 * nothing has to be recorded for it, and what is explained is not made larger by explaining it.
 * Where those may not be read they come from a recording of single blocks, if it is one.
 */
#ifndef SNAPSHOT_PROCESS_H
#define SNAPSHOT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct image;
struct memory;
struct recording_table;
struct snapshot;

enum snapshot_process_limit {
	SNAPSHOT_PROCESS_NO_SCAN = 1,  /* do without PAGEMAP_SCAN */
	SNAPSHOT_PROCESS_NO_TABLE = 2, /* do without the memory of the process */
};

/*
 * Read the memory of the living process: mappings with their classes, blocks, regions, pages. Looks
 * again, three times at most, when Rss has changed by more than 1 % meanwhile. limits are of `enum
 * snapshot_process_limit`. The snapshot was updated.
 *
 * 0; -ESRCH if the process does not live, is not in sight, or ended meanwhile; -EACCES if it may
 * not be looked at; or another -errno. memory was initialised; it is to be released in any case.
 */
int snapshot_read_process(struct snapshot *snapshot, unsigned limits, struct memory *memory);

/* Keep with the moment that was read last where the resident memory is then, and who has mapped it;
 * nothing where that cannot be seen. */
void snapshot_update_resident(struct snapshot *snapshot);

/* Whether it is recorded what the program maps by itself. */
bool snapshot_notes_mappings(const struct snapshot *snapshot);

/* --- for its parts --- */

/*
 * Append the blocks of both tables, those of glibc's with the regions that they prove. 0; -EPERM if
 * the memory may not be read, -ENOSYS, -EBADMSG if the recording tells of no table or a strange
 * one.
 */
int snapshot_read_tables_of_process(struct snapshot *snapshot, uint32_t pid, struct memory *memory);

/* The blocks of the table that a core file has, or the memory of a process that is not asked. The
 * same; and -EFAULT if not all of it is there. *ret_misses: of some, the sizes are not. */
int snapshot_read_table_of_image(const struct image *image, const struct recording_table *table,
				 struct memory *memory, bool *ret_misses);

/* The ranges that the process has mapped by itself. 0; -EBADMSG of a damaged recording. */
int snapshot_read_mappings(const struct snapshot *snapshot, struct memory *memory);

#endif
