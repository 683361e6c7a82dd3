/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_anchor.h - the blocks of a process by its memory alone: a core file, or a living process
 * that is not asked
 */
#ifndef SNAPSHOT_ANCHOR_H
#define SNAPSHOT_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/memory.h"
#include "thread_layout.h"
#include "util/array.h"

struct image;

/* What the runtime has left there, whichever recording that belongs to. */
struct snapshot_anchor {
	uint64_t address;
	uint32_t pid;
	uint64_t start_monotonic_ns, start_realtime_ns;
	uint32_t site_base;
	bool is_glibc; /* its allocator */
	bool has_unknown_blocks;
	bool misses_blocks;
	struct thread_layout layout;
	ARRAY(struct memory_range) own; /* memory of the runtime */
};

/* 0 with an anchor to release; -ENOENT if the process has none; -EPROTO if it is that of another
 * version; -ESRCH if nothing is recorded. */
int snapshot_anchor_find(const struct image *image, struct snapshot_anchor *ret_anchor);
void snapshot_anchor_release(struct snapshot_anchor *anchor);

/*
 * Append the blocks to memory, which was initialised, in order, and where blocks were of an
 * allocator that is not glibc. 0; -ENODATA if the image does not have the tables; -EBADMSG if they
 * are damaged.
 */
int snapshot_anchor_read_blocks(const struct image *image, struct snapshot_anchor *anchor,
				struct memory *memory);

#endif
