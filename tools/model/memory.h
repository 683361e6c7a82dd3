/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory.h - the memory of a living process as it was read: mappings, pages, blocks, heap regions
 *
 * Arrays in ascending order of addresses and without overlaps. What they mean together is worked
 * out by `resident.h`; which mapping is what by `memory_class.h`.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/array.h"

struct intern;

#define MEMORY_PAGE_BYTES 4096u

/* VmFlags of a mapping that tell something. */
enum memory_flag {
	MEMORY_NO_RESERVE = 1 << 0,     /* nr */
	MEMORY_NO_DUMP = 1 << 1,        /* dd */
	MEMORY_NO_HUGE_PAGES = 1 << 2,  /* nh */
	MEMORY_HUGE_PAGES = 1 << 3,     /* hg */
	MEMORY_ACCOUNTED = 1 << 4,      /* ac */
	MEMORY_WIPED_IN_CHILD = 1 << 5, /* wf */
	MEMORY_DEVICE = 1 << 6,         /* pf, io: its pages are none of Rss */
	MEMORY_HUGETLB = 1 << 7,        /* ht: neither */
};

/* What a mapping, or a part of it that is no heap, holds. */
enum memory_class {
	MEMORY_MAIN_STACK,
	MEMORY_THREAD_STACK,
	MEMORY_TEXT,      /* of files: code, constants, files mapped to be read or shared */
	MEMORY_DATA,      /* of files: private and writable, and the bss behind it */
	MEMORY_SHARED,    /* of no file: memfd, shm, SYSV */
	MEMORY_JIT,       /* anonymous and executable */
	MEMORY_ANONYMOUS, /* the rest */
	MEMORY_TRACER,    /* of heaptally */
	MEMORY_HEAP,      /* the one that the kernel calls [heap] */
	MEMORY_OUTSIDE,   /* not counted in Rss */
	MEMORY_CLASSES
};

struct memory_mapping {
	uint64_t start, end;
	uint64_t inode;
	bool readable, writable, executable, shared;
	bool of_no_file;  /* shared memory that only looks like one */
	bool of_no_name;  /* and to which no descriptor leads: MAP_ANONYMOUS with MAP_SHARED */
	const char *name; /* interned; "" without one */
	uint32_t flags;   /* enum memory_flag bits */
	enum memory_class class;

	/* As the kernel has them: pages of each kind, in bytes. */
	uint64_t resident, lazy_free, huge, swapped, hugetlb, merged, shared_dirty;
};

enum memory_page_state {
	MEMORY_PRESENT,
	MEMORY_ZERO, /* the kernel's own page of zeroes: read, never written, not in Rss */
	MEMORY_SWAPPED,
};

/* Pages of one mapping in one state; what is in no run is not there. */
struct memory_run {
	uint64_t start, end;
	enum memory_page_state state;
};

struct memory_block {
	uint64_t address;
	uint64_t bytes; /* requested */
	uint32_t rounding;
	uint32_t site; /* index in `profile.sites`, plus one; 0 is not known */
};

_Static_assert(sizeof(struct memory_block) == 24, "ten million are 240 MB");

enum memory_region_kind {
	MEMORY_REGION_MAIN,   /* the heap that grows by brk */
	MEMORY_REGION_ARENA,  /* another one of glibc's */
	MEMORY_REGION_CHUNK,  /* one block of glibc's with a mapping of its own */
	MEMORY_REGION_OTHER,  /* of another allocator */
	MEMORY_REGION_PYTHON, /* arenas of CPython's own allocator */
	MEMORY_REGION_KINDS
};

/* A part of the address space that an allocator gives blocks from. */
struct memory_region {
	uint64_t start, end;
	enum memory_region_kind kind;
	uint64_t previous; /* of an arena: the heap that it had before; 0 without one */
	uint64_t first;    /* where its first chunk can begin; of an arena behind its head */
};

/* Pages that the program has mapped by itself, as far as they are still its. */
struct memory_owned {
	uint64_t start, end;
	uint32_t site; /* as of a block */
};

/* A range where blocks are or were. */
struct memory_range {
	uint64_t start, end;
};

enum memory_allocator {
	MEMORY_GLIBC,
	MEMORY_JEMALLOC,
	MEMORY_TCMALLOC,
	MEMORY_MIMALLOC,
	MEMORY_OTHER_ALLOCATOR,
};

/* Where the blocks were read. */
enum memory_blocks_from {
	MEMORY_BLOCKS_NONE,
	MEMORY_BLOCKS_TABLE, /* of the process itself */
	MEMORY_BLOCKS_RECORDING,
	MEMORY_BLOCKS_SUMMARY, /* only what they came to is known */
};

/* Why there may be blocks that are not known. */
enum memory_unseen {
	MEMORY_ALL_SEEN,
	MEMORY_UNSEEN_FORKED, /* a child has its parent's heap */
	MEMORY_UNSEEN_PAUSED, /* allocated while nothing was recorded */
	MEMORY_UNSEEN_NEW,    /* operator new of the allocator itself */
	MEMORY_UNSEEN_MALLOC, /* the program has its own allocator inside */
	MEMORY_UNSEEN_LOST,   /* no room in the tables */
	MEMORY_UNSEEN_TABLE,  /* the blocks cannot be read at all */
};

struct memory {
	ARRAY(struct memory_mapping) mappings;
	ARRAY(struct memory_run) runs;
	ARRAY(struct memory_block) blocks;
	ARRAY(struct memory_region) regions;
	ARRAY(struct memory_range) leaves; /* where blocks of another allocator are or were */
	ARRAY(struct memory_range) domain_leaves; /* where blocks of CPython's are */
	ARRAY(struct memory_owned) owned;
	struct intern *strings;

	bool knows_owned;    /* calls that map memory were recorded, */
	bool misses_owned;   /* but not all of them could be, */
	uint64_t lost_owned; /* and so many were not */
	enum memory_allocator allocator;
	bool has_chunks; /* blocks are glibc's, with their sizes before them */
	enum memory_blocks_from blocks_from;
	enum memory_unseen unseen;
	bool flags_stacks;  /* the kernel sets a flag for stacks: since Linux 6.7 */
	bool guards_stacks; /* some stack has a guard below it; set with the classes */
	uint32_t threads;
	bool scanned;                             /* by PAGEMAP_SCAN; else page by page */
	uint64_t resident_before, resident_after; /* Rss as the kernel adds it up */
};

/* Nothing is known yet. */
void memory_init(struct memory *memory);
void memory_release(struct memory *memory);

/* Forget what was read, for another look. */
void memory_clear(struct memory *memory);

/* The mapping that holds address; NULL if none does. */
const struct memory_mapping *memory_find_mapping(const struct memory *memory, uint64_t address);

/* The allocator that a library of this path is. */
enum memory_allocator memory_get_allocator(const char *path);

/* Bytes that the allocator has before each block of such a region. */
uint32_t memory_get_header_bytes(const struct memory *memory, enum memory_region_kind kind);

/* "main heap", "arenas", ... */
const char *memory_region_name(enum memory_region_kind kind);

/* Put the blocks in order, of which the first `sorted` are. */
void memory_sort_blocks(struct memory *memory, size_t sorted);

/*
 * What was read while the process went on need not fit together: a block ends where the next one
 * begins and where mapped memory does, and one that lies in none is left out. They are sorted.
 */
void memory_cut_blocks(struct memory *memory);

#endif
