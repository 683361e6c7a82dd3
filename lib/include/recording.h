/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording.h - layout of the mapped file that the runtime writes
 *
 * The recording is the data structure: the runtime keeps its tables in this file, mapped
 * MAP_SHARED, and every report is a read of it. Nothing else is shared between the two sides.
 *
 *     0            struct recording_header        identity, sections, control line, totals
 *     sections[]   each a table of fixed-size records at `offset`; `count` records are in use
 *
 *     SECTION_STRINGS   bytes, NUL-terminated; offset 0 is the empty string
 *     SECTION_MODULES   struct recording_module   loaded ELF objects, in order of first sight
 *     SECTION_FRAMES    struct recording_frame    interned frames; ids below FRAME_FIRST are fixed
 *     SECTION_NODES     struct recording_node     call stacks as a tree, node 0 is the root
 *     SECTION_SITES     uint32_t                  site id -> its leaf node
 *     SECTION_SHARDS    struct recording_shard    one per group of threads
 *     SECTION_CHUNKS    uint32_t[site / SITES_PER_CHUNK][SHARDS_MAX]
 *                                                 -> record in SECTION_COUNTERS, plus one; 0 is
 *                                                 "this shard never touched these sites"
 *     SECTION_COUNTERS  struct recording_counters[SITES_PER_CHUNK] per chunk
 *
 * A stack is a path in the tree from a leaf node to the root. The leaf's frame names the allocation
 * function (FRAME_MALLOC, ...), its parent is the innermost caller. A *site* is a leaf that has
 * counted something. The value of a site is the sum of its counters over all shards; a single shard
 * may be negative, because a block can be freed by another thread than the one that made it.
 *
 * At-peak values are kept lazily. `epoch` grows at the first event after a new maximum that does
 * not itself make one. Before a counter is changed for the first time in an epoch, its live value
 * is saved in `peak_bytes` and `peak_blocks`. A reader takes
 *
 *     peak = control.rising || counters.epoch != control.epoch ? live : saved
 *
 * Invariants: records are append-only and never move; `count` is stored after the record it makes
 * visible; all integers are little-endian and naturally aligned; holes read as zero.
 *
 * The runtime is the only writer, but for `request` in the control line. For a reader every offset,
 * count and id in here is untrusted input.
 */
#ifndef HEAPTALLY_RECORDING_H
#define HEAPTALLY_RECORDING_H

#include <stdint.h>

#define RECORDING_MAGIC      "heaptaly" /* eight bytes, no NUL */
#define RECORDING_VERSION    1
#define RECORDING_BYTE_ORDER 0x01020304u
#define RECORDING_SUFFIX     ".recording"

enum recording_section {
	SECTION_STRINGS,
	SECTION_MODULES,
	SECTION_FRAMES,
	SECTION_NODES,
	SECTION_SITES,
	SECTION_SHARDS,
	SECTION_CHUNKS,
	SECTION_COUNTERS,
	SECTION_COUNT
};

struct recording_extent {
	uint64_t offset;   /* from the start of the file, a multiple of the page size */
	uint64_t capacity; /* records that fit */
	uint64_t count;    /* records in use (strings: bytes; counters: chunks) */
	uint32_t record_bytes;
	uint32_t reserved;
};

/* Frames with a fixed meaning; the id is the kind of the allocation. */
enum recording_fixed_frame {
	FRAME_NONE,
	FRAME_MALLOC,
	FRAME_CALLOC,
	FRAME_REALLOC,
	FRAME_REALLOCARRAY,
	FRAME_POSIX_MEMALIGN,
	FRAME_ALIGNED_ALLOC,
	FRAME_MEMALIGN,
	FRAME_VALLOC,
	FRAME_PVALLOC,
	FRAME_TRACKED,    /* a program's own pool, registered through heaptally.h */
	FRAME_TRUNCATED,  /* root of a stack that could not be unwound to its end */
	FRAME_UNKNOWN,    /* the stack could not be taken or stored at all */
	FRAME_NESTED,     /* the allocation interrupted the runtime itself (a signal handler) */
	FRAME_FIRST = 16, /* first interned frame */
};

/* Sites with a fixed meaning. */
enum recording_fixed_site {
	SITE_NONE,
	SITE_UNKNOWN, /* its leaf hangs below FRAME_UNKNOWN: tables were full or busy */
	SITE_NESTED,  /* its leaf hangs below FRAME_NESTED */
	SITE_FIRST
};

enum recording_frame_kind {
	FRAME_KIND_FIXED,   /* `value` is an enum recording_fixed_frame */
	FRAME_KIND_MODULE,  /* `value` is the return address minus the module's load bias */
	FRAME_KIND_ADDRESS, /* `value` is a return address in no known module (JIT code) */
	FRAME_KIND_CUT,     /* `value` frames were left out here, by the limit `frames` */
	FRAME_KIND_THREAD,  /* `value` is a thread id; only at the root */
};

struct recording_frame {
	uint64_t value;
	uint32_t module; /* index in SECTION_MODULES for FRAME_KIND_MODULE */
	uint32_t kind;   /* enum recording_frame_kind */
};

struct recording_node {
	uint32_t parent; /* always smaller than the node's own index, but for the root (0, parent 0)
			  */
	uint32_t frame;
	uint32_t hint; /* the runtime's: last child that was looked up; of a leaf, its site id */
	uint32_t next; /* the runtime's: hash chain */
};

struct recording_module {
	uint64_t start; /* first mapped address */
	uint64_t end;   /* one past the last */
	uint64_t bias;  /* address in memory minus address in the file's program headers */
	uint32_t path;  /* in SECTION_STRINGS */
	uint32_t flags; /* RECORDING_MODULE_* */
	uint32_t build_id_bytes;
	uint8_t build_id[20];
};

#define RECORDING_MODULE_UNLOADED 1u
#define RECORDING_MODULE_MAIN     2u /* the executable itself */

/* What one shard counted at one site. One cache line; live = total - freed. */
struct recording_counters {
	uint64_t total_bytes;
	uint64_t total_blocks;
	uint64_t freed_bytes;
	uint64_t freed_blocks;
	uint64_t temporary_blocks;
	int64_t rounding_bytes; /* usable minus requested bytes of the live blocks */
	int64_t peak_bytes;     /* live bytes when `epoch` was first seen */
	int32_t peak_blocks;
	uint32_t epoch;
};

#define SITES_PER_CHUNK 256u
#define SHARDS_MAX      64u

/* Counters that belong to no site. One cache line, one writer (shard 0: atomics, many). */
struct recording_shard {
	int64_t pending_bytes; /* change of the live size not yet in control.live_bytes */
	uint64_t reallocs;
	uint64_t failed;        /* allocations that returned NULL */
	uint64_t unknown_frees; /* frees of blocks that were never seen */
	uint64_t nested;        /* events that interrupted the runtime itself */
	uint64_t dropped;       /* events that could not be counted */
	uint64_t cut;           /* events whose stack was cut or truncated */
	uint32_t owner;         /* thread id of the only writer; 0 is free or shared */
	uint32_t threads;       /* threads that ever wrote here */
};

/* The line that every event reads. */
struct recording_control {
	int64_t live_bytes; /* sum of what the shards flushed */
	int64_t peak_bytes; /* maximum of live_bytes + pending */
	uint32_t epoch;
	uint32_t rising;      /* the last event made a new maximum */
	uint32_t batch_bytes; /* 0: one thread, exact; else a shard flushes beyond this */
	uint32_t request;     /* written by the tool: serial number of the newest request */
	uint64_t peak_ns;     /* since `start_monotonic_ns`; see PEAK_TIME_SHIFT */
	uint64_t peak_step;   /* the next peak that is worth a look at the clock */
	uint32_t answered;    /* the newest request that was carried out */
	uint32_t paused;
	uint64_t reserved;
};

/* peak_ns is taken when the peak has grown by 1/256 since it was last taken. */
#define PEAK_TIME_SHIFT 8

/* Why a recording is not what was asked for; each has a sentence in the reports. */
enum recording_trouble {
	TROUBLE_NO_UNWINDER = 1 << 0,     /* libunwind could not be opened: depth-1 stacks */
	TROUBLE_FULL = 1 << 1,            /* no room: events went to SITE_UNKNOWN or were dropped */
	TROUBLE_NODES_FULL = 1 << 2,      /* no room for more distinct stacks */
	TROUBLE_FOREIGN_MALLOC = 1 << 3,  /* the program's malloc is not ours */
	TROUBLE_BAD_OPTION = 1 << 4,      /* HEAPTALLY has a word that was not understood */
	TROUBLE_NO_BLOCK_TABLE = 1 << 5,  /* address table could not grow */
	TROUBLE_UNWINDER_FORKED = 1 << 6, /* forked while the unwinder was busy: depth-1 stacks */
	TROUBLE_LIMITED = 1 << 7,         /* a resource limit made the tables small */
	TROUBLE_NOTHING_SEEN = 1 << 8,    /* set by the reader */
};

enum recording_state {
	RECORDING_STARTING,
	RECORDING_RUNNING,
	RECORDING_EXITED, /* exit() was reached; a hint, events may follow */
};

struct recording_header {
	uint8_t magic[8];
	uint32_t byte_order;
	uint32_t version;
	uint32_t header_bytes;
	uint32_t page_bytes;
	uint64_t file_bytes;
	uint64_t features_compatible;   /* a reader may ignore bits it does not know */
	uint64_t features_incompatible; /* a reader must refuse bits it does not know */

	uint32_t machine; /* ELF e_machine */
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t uid;
	uint64_t pid_namespace; /* inode number of /proc/self/ns/pid, 0 if unknown */
	uint8_t boot_id[16];    /* zero if unknown */
	uint64_t start_realtime_ns;
	uint64_t start_monotonic_ns;
	uint64_t end_monotonic_ns; /* when exit() was reached, else 0 */
	uint32_t state;            /* enum recording_state */
	uint32_t trouble;          /* enum recording_trouble bits */
	uint32_t executable;       /* path, in SECTION_STRINGS */
	uint32_t allocator;        /* path of the module whose malloc is behind ours */
	char command[16];          /* as in /proc/self/comm, NUL-terminated */

	uint32_t frames_limit;   /* 0 is unlimited */
	uint32_t realloc_origin; /* 1: realloc keeps the first site */
	uint32_t shard_count;    /* in use, at most SECTION_SHARDS' capacity */
	uint32_t module_unloads; /* bumped whenever a module went away */
	uint64_t tracer_bytes;   /* memory of the runtime: touched pages of tables and recording */
	uint64_t crosschecks;    /* traces that were compared with a full walk */
	uint64_t crosscheck_differences;
	uint64_t full_walks;  /* traces that needed the slow unwinder */
	uint64_t rules;       /* return addresses whose unwind rule was learnt */
	uint64_t block_table; /* address, in the program, of the block table's root */
	uint64_t block_shift; /* log2 of the address bytes per slot */
	uint64_t reserved[8];

	struct recording_extent sections[SECTION_COUNT];

	/* Alone on its cache line, at a fixed place. */
	struct recording_control control __attribute__((aligned(64)));
};

#define RECORDING_LAYOUT(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "layout of " #type)

RECORDING_LAYOUT(recording_extent, 32);
RECORDING_LAYOUT(recording_frame, 16);
RECORDING_LAYOUT(recording_node, 16);
RECORDING_LAYOUT(recording_module, 56);
RECORDING_LAYOUT(recording_counters, 64);
RECORDING_LAYOUT(recording_shard, 64);
RECORDING_LAYOUT(recording_control, 64);

#endif
