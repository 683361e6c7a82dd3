/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image_known.h - what the runtime knew of the memory of its process
 */
#ifndef IMAGE_KNOWN_H
#define IMAGE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/memory.h"
#include "thread_layout.h"

struct image_known {
	const struct memory_block *blocks; /* in order */
	size_t block_count;
	const struct memory_range *leaves; /* where an allocator that is not glibc has had blocks */
	size_t leaf_count;
	const struct memory_range *own; /* memory of the runtime */
	size_t own_count;
	bool is_glibc;
	bool has_unknown_blocks; /* some may live that are not in `blocks` */
	bool misses_blocks;      /* some could not be read */
	struct thread_layout layout;
};

#endif
