/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remedy.h - what of a heap's free pages would come back, and by what
 *
 * What a running process returns now is worked out exactly, for the allocators whose rules are
 * known. What a setting would save in another run is a guess from what this one kept, and only
 * given where the fault that it mends is proven.
 */
#ifndef REMEDY_H
#define REMEDY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/resident.h"

struct remedy {
	bool is_known; /* of this allocator, and all its blocks are */

	/* glibc */
	uint64_t trim; /* what malloc_trim(0) returns now */
	uint64_t tops; /* free at the ends of arenas, which that does not return */
	uint64_t large_blocks, large_bytes; /* that would have mappings of their own, had the
					       threshold for that not risen */

	/* jemalloc: pages in no slab and no large block, which decay returns */
	uint64_t decay;

	uint64_t at_most; /* of other allocators nothing more is known: all free pages */
};

/* For what resident says of a process. */
void remedy_init(struct remedy *remedy, const struct resident *resident);

/* A fault with its advice. */
enum remedy_kind {
	REMEDY_TRIM,           /* malloc_trim */
	REMEDY_MMAP_THRESHOLD, /* glibc.malloc.mmap_threshold */
	REMEDY_TRIM_THRESHOLD, /* glibc.malloc.trim_threshold */
	REMEDY_DECAY,          /* MALLOC_CONF of jemalloc */
	REMEDY_KINDS
};

/* The bytes that an advice is good for; 0 if it is not to be given. */
uint64_t remedy_get_bytes(const struct remedy *remedy, const struct resident *resident,
			  enum remedy_kind kind);

/* Whether so much of it is worth a line. */
bool remedy_is_worth(const struct resident *resident, uint64_t bytes);

/* The call or setting, as it is typed. */
const char *remedy_get_advice(enum remedy_kind kind);

#endif
