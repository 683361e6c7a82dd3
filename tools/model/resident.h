/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resident.h - where the resident memory of a process is: every page is taken apart
 *
 * Each resident byte is in exactly one part, so the parts add up to the pages that were seen. How
 * far that is from Rss, which the kernel adds up at another moment, is the drift.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <stddef.h>
#include <stdint.h>

#include "model/memory.h"

enum resident_part {
	RESIDENT_LIVE,     /* what the program asked for and has not freed */
	RESIDENT_ROUNDING, /* usable beyond that */
	RESIDENT_HEADERS,  /* of glibc, before each live block */
	RESIDENT_PINNED,   /* the rest of pages with a live byte */
	RESIDENT_KEPT,     /* pages of a heap without one */
	RESIDENT_UNSEEN,   /* the latter two where there may be blocks that are not known */
	RESIDENT_STACKS,
	RESIDENT_TEXT,
	RESIDENT_DATA,
	RESIDENT_SHARED,
	RESIDENT_JIT,
	RESIDENT_MAPPED, /* what the program maps by itself, where that was recorded */
	RESIDENT_ANONYMOUS,
	RESIDENT_TRACER,
	RESIDENT_PARTS
};

#define RESIDENT_HEAP_PARTS RESIDENT_STACKS /* those before it are of a heap */

/* All regions of one kind. */
struct resident_regions {
	uint64_t count;
	uint64_t size;     /* address space */
	uint64_t resident; /* sum of the parts */
	uint64_t parts[RESIDENT_HEAP_PARTS];
};

/* A mapping's share. */
struct resident_mapping {
	uint64_t outside;            /* in no region */
	uint64_t owned;              /* of that, what the program has mapped by itself */
	uint64_t live, pinned, kept; /* pinned: all else of pages with a live byte */
};

/* A range's share of what the program maps by itself. */
struct resident_owned {
	uint64_t resident;
	uint64_t mapped; /* of that no other part took; resident or not */
};

struct resident {
	const struct memory *memory;
	uint64_t parts[RESIDENT_PARTS];
	uint64_t sum;  /* of them */
	int64_t drift; /* Rss less `sum` */
	struct resident_regions regions[MEMORY_REGION_KINDS];
	uint64_t main_stack; /* part of the stacks */

	/* Not in Rss. */
	uint64_t untouched, swapped_live; /* bytes of live blocks */
	uint64_t swapped, hugetlb, zero;  /* of the process */

	/* In some part, and told apart. */
	uint64_t lazy_free, huge, merged;
	uint64_t heap_lazy_free;     /* of mappings with a heap in them */
	uint64_t inherited_shared;   /* of the heap of a forked child, what is its parent's still */
	uint64_t live_bytes, blocks; /* all that are known, resident or not */

	struct resident_mapping *mappings; /* by index */
	struct resident_owned *owned;      /* likewise */
};

/* A resident page of a heap. */
struct resident_page {
	const struct memory_region *region;
	size_t mapping; /* index */
	uint64_t start;
	uint64_t live, rounding, headers; /* bytes */
	size_t first, end; /* the blocks from first to below end are on it, or their headers */
};

/* Visit them in the order of their addresses. */
typedef void resident_visit(void *context, const struct resident_page *page);
void resident_each_page(const struct memory *memory, resident_visit *visit, void *context);

/* Bytes of a page that a block has, with its header. */
uint64_t resident_page_get_share(const struct resident_page *page, const struct memory *memory,
				 size_t block);

/* Work it out. memory has to stay as it is until `resident_release`. */
void resident_init(struct resident *resident, const struct memory *memory);
void resident_release(struct resident *resident);

/* "live", "rounding", ...: as machines read them, and with blanks as people do. */
const char *resident_part_key(enum resident_part part);
const char *resident_part_name(enum resident_part part);

/* What of it is kept for a moment of a profile. */
struct profile_resident;
void resident_summarize(const struct resident *resident, uint64_t time_ns,
			struct profile_resident *ret_summary);

/*
 * The other way: what is known of a moment. memory was initialised and has nothing; it becomes that
 * of a summary.
 */
void resident_init_summary(struct resident *resident, struct memory *memory,
			   const struct profile_resident *summary);

/* Resident bytes of all that an allocator gives blocks from. */
uint64_t resident_get_heap(const struct resident *resident);

/* Resident bytes of a mapping that are in RESIDENT_ANONYMOUS, if it is of that class. */
uint64_t resident_get_other(const struct resident *resident, size_t mapping);

/*
 * The indices of the mappings with most memory of no other class (MEMORY_ANONYMOUS), the largest
 * first; returns how many, `limit` at most. ret_mappings has room for them.
 */
size_t resident_get_largest(const struct resident *resident, size_t limit, size_t *ret_mappings);

#endif
