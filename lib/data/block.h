/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block.h - what is known of one live block
 */
#ifndef BLOCK_H
#define BLOCK_H

#include "base/base.h"
#include "include/recording.h"

struct block {
	uint64_t rounding; /* usable minus requested bytes */
	uint32_t site;     /* SITE_NONE: no block */
	uint32_t size;     /* requested bytes and one, where the table has them; 0: it has not */
};

#define BLOCK_NONE ((struct block){0, 0, 0})

struct block_found {
	uintptr_t start;
	struct block block;
	uint64_t bytes; /* requested; UINT64_MAX if only the allocator knows */
};

#endif
