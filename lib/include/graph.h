/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph.h - layout of the file that says which block points at which
 *
 * The runtime writes it, at exit or when it is asked, and the command does all thinking about it.
 * It is written once under another name and then renamed: whole, or not there at all. A graph that
 * could not be made is a header alone, with `error`. It holds addresses, sizes and numbers of
 * sites, and the names of mappings: never what the program's memory holds.
 *
 *     0            struct graph_header
 *     GRAPH_EDGES    struct graph_edge    grouped by where they start: the blocks, then the roots
 *     GRAPH_FIRST    uint64_t             edges of source i are first[i] up to first[i + 1]; one
 *                                         more than there are sources
 *     GRAPH_BLOCKS   struct graph_block   that lived, in ascending order of address, none in
 *                                         another
 *     GRAPH_ROOTS    struct graph_root    memory that is no block and was read
 *     GRAPH_STRINGS  bytes                NUL-terminated; offset 0 is the empty string
 *     thread_table   struct graph_thread  that have allocated, as far as they were counted
 *     far_table      struct graph_far     in ascending order: places that an edge has no room for
 *     object_table   struct graph_object  blocks that begin with a table of virtual functions, in
 *                                         ascending order
 *     class_table    uint64_t             addresses of these tables
 *     local_table    struct graph_local   in ascending order, none in another
 *     sum_table      uint16_t             of what each block holds; or none at all
 *
 * The last six came later: files without the first two of them have zeros there; the header of
 * files without the others ends before them, and GRAPH_EDGES is at an offset less than where that
 * of a whole one does, or there are zeros.
 *
 * A sum tells whether a block has changed between two looks for which one key was given, and
 * nothing else: the key is not kept.
 *
 * A site has the number that it has in the recording. All integers are little-endian.
 */
#ifndef HEAPTALLY_GRAPH_H
#define HEAPTALLY_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#define GRAPH_MAGIC      "heapgrph" /* eight bytes, no NUL */
#define GRAPH_VERSION    1
#define GRAPH_BYTE_ORDER 0x01020304u
#define GRAPH_SUFFIX     ".graph" /* in the place of RECORDING_SUFFIX */

enum graph_section {
	GRAPH_EDGES,
	GRAPH_FIRST,
	GRAPH_BLOCKS,
	GRAPH_ROOTS,
	GRAPH_STRINGS,
	GRAPH_SECTIONS
};

struct graph_extent {
	uint64_t offset; /* from the start of the file */
	uint64_t count;
};

/* Who has read the memory. */
enum graph_mode {
	GRAPH_AT_EXIT,      /* the process itself, which had no other threads */
	GRAPH_AT_EXIT_TWIN, /* a copy of it */
	GRAPH_LIVE_TWIN,    /* the same, on request; the process went on */
	GRAPH_CORE,         /* the command, in a core file; not written by the runtime */
	GRAPH_OUTSIDE,      /* the command, while the process went on; likewise */
	GRAPH_MODES
};

/* What was not seen, bits. */
enum graph_gap {
	GRAPH_GAP_REGISTERS = 1 << 0,     /* of other threads */
	GRAPH_GAP_NOT_INHERITED = 1 << 1, /* mappings that a copy does not get: `missed_bytes` */
	GRAPH_GAP_UNREADABLE = 1 << 2,    /* pages that could not be read */
	GRAPH_GAP_MAPPINGS = 1 << 3,      /* the list of mappings could not be read to its end */
	GRAPH_GAP_KERNEL = 1 << 4,        /* what the kernel keeps for the process */
};

struct graph_header {
	uint8_t magic[8];
	uint32_t byte_order;
	uint32_t version;
	uint64_t file_bytes;

	/* Of the recording that the sites are those of. */
	uint64_t start_monotonic_ns;
	uint32_t pid;
	uint32_t serial; /* of the request, 0 at exit */
	uint32_t site_base;

	uint32_t mode;     /* enum graph_mode */
	int32_t error;     /* 0, or a negative errno: there is no graph */
	uint32_t gaps;     /* enum graph_gap */
	uint32_t threads;  /* at that moment */
	uint32_t unseen;   /* of these, whose stack counts as a whole, as it was not known where it
			      ended */
	uint64_t taken_ns; /* since `start_monotonic_ns` */
	uint64_t pause_ns; /* that the program waited */
	uint64_t scan_ns;
	uint64_t read_bytes; /* of blocks and roots */
	uint64_t missed_bytes;
	struct graph_extent thread_table, far_table;
	struct graph_extent sections[GRAPH_SECTIONS];
	struct graph_extent object_table, class_table;
	struct graph_extent local_table;
	struct graph_extent sum_table;
};

#define GRAPH_HEADER_LEAST offsetof(struct graph_header, object_table)

struct graph_block {
	uint64_t start : 48;
	uint64_t bytes_high : 16; /* requested: the upper part */
	uint32_t bytes_low;
	uint32_t site;
};

/* How a word points at a block. Those after the second point into it too, but as pointers to a
 * start do; the tests are memcheck's. */
enum graph_pointer {
	GRAPH_POINTER_START,
	GRAPH_POINTER_INTERIOR,
	GRAPH_POINTER_STRING, /* at the characters behind length and capacity */
	GRAPH_POINTER_LENGTH, /* behind a word with the length of the rest */
	GRAPH_POINTER_ARRAY,  /* behind the count of a C++ array */
	GRAPH_POINTER_BASE,   /* at another base class of a C++ object */
	GRAPH_POINTERS
};

#define GRAPH_OFFSET_MAX ((1u << 8) - 1)  /* this many or more: a graph_far may say it */
#define GRAPH_WORD_MAX   ((1u << 21) - 1) /* likewise */

struct graph_edge {
	uint32_t target;      /* a block */
	uint32_t pointer : 3; /* enum graph_pointer */
	uint32_t offset : 8;  /* in the target: bytes */
	uint32_t word : 21;   /* in the source: words of eight bytes */
};

enum graph_root_kind {
	GRAPH_ROOT_MODULE,     /* variables of a loaded object */
	GRAPH_ROOT_STACK,      /* of a thread, as far as it is used */
	GRAPH_ROOT_DEAD_STACK, /* what callees left below that */
	GRAPH_ROOT_MAPPING,    /* memory that the program or a library has mapped */
	GRAPH_ROOT_REGISTERS,  /* of the thread that asked; `start` means nothing */
	GRAPH_ROOT_KERNEL,     /* what the kernel keeps for the process: timers, epoll */
	GRAPH_ROOTS_KINDS
};

struct graph_root {
	uint64_t start, end;
	uint32_t kind; /* enum graph_root_kind */
	uint32_t name; /* in GRAPH_STRINGS, of the mapping */
};

/* A thread that lives. */
struct graph_thread {
	uint64_t control; /* where libc keeps what it knows of it, behind the thread's variables */
	uint32_t id;
	uint32_t reserved;
};

/* Both places of an edge one of which is too far off. Of many, the last may be missing. */
struct graph_far {
	uint64_t edge;
	uint64_t offset;
	uint64_t word;
};

/* A block that begins with the address of a table of virtual functions, or with the count that
 * new[] has put in front of objects that do. */
struct graph_object {
	uint32_t block;
	uint32_t table : 31; /* in class_table */
	uint32_t is_array : 1;
};

/* What a thread has of the thread-local variables of a loaded object: part of a root. */
struct graph_local {
	uint64_t start, end;
	uint64_t bias;   /* of the object */
	uint32_t thread; /* number */
	uint32_t name;   /* in GRAPH_STRINGS, of the object */
};

#define GRAPH_LAYOUT(type, bytes) _Static_assert(sizeof(struct type) == (bytes), "layout of " #type)

GRAPH_LAYOUT(graph_extent, 16);
GRAPH_LAYOUT(graph_block, 16);
GRAPH_LAYOUT(graph_edge, 8);
GRAPH_LAYOUT(graph_root, 24);
GRAPH_LAYOUT(graph_thread, 16);
GRAPH_LAYOUT(graph_far, 24);
GRAPH_LAYOUT(graph_object, 8);
GRAPH_LAYOUT(graph_local, 32);
GRAPH_LAYOUT(graph_header, 280);

#endif
