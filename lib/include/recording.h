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
 *     SECTION_CODE_TEXT bytes: names and line tables of Python's code; offset 0 is unused
 *     SECTION_CODES     struct recording_code     Python's code objects, in order of first sight
 *     SECTION_FRAMES    struct recording_frame    interned frames; ids below FRAME_FIRST are fixed
 *     SECTION_NODES     struct recording_node     call stacks as a tree, node 0 is the root
 *     SECTION_SITES     uint32_t                  site id -> its leaf node
 *     SECTION_SHARDS    struct recording_shard    one per group of threads
 *     SECTION_CHUNKS    uint32_t[site / SITES_PER_CHUNK][SHARDS_MAX]
 *                                                 -> record in SECTION_COUNTERS, plus one; 0 is
 *                                                 "this shard never touched these sites"
 *     SECTION_COUNTERS  struct recording_counters[SITES_PER_CHUNK] per chunk
 *     SECTION_MARKS     struct recording_mark     what was asked of the runtime, in order
 *     SECTION_MAPPINGS  struct recording_mapping  with the option `mmap`: what the program maps
 *   only with the option `blocks`:
 *     SECTION_LIFETIMES struct recording_lifetimes[SITES_PER_CHUNK] per chunk, numbered as COUNTERS
 *     SECTION_LEAVES    uint64_t                  first address of each leaf; its blocks are the
 *                                                 records from leaf * BLOCKS_PER_LEAF on
 *     SECTION_BLOCKS    struct recording_block[BLOCKS_PER_LEAF] per leaf
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
 * Invariants: but in SECTION_MAPPINGS, records are append-only and never move; `count` is stored
 * after the record it makes visible. Integers are little-endian and aligned; holes read as zero.
 *
 * The runtime is the only writer, but for the two places named `request`. For a reader every
 * offset, count and id in here is untrusted input.
 */
#ifndef HEAPTALLY_RECORDING_H
#define HEAPTALLY_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#define RECORDING_MAGIC      "heaptaly" /* eight bytes, no NUL */
#define RECORDING_VERSION    6
#define RECORDING_BYTE_ORDER 0x01020304u
#define RECORDING_SUFFIX     ".recording"
#define RECORDING_MODE       0400 /* shortened by mistake it would kill the program: SIGBUS */

/* Tools lock this byte of the file (fcntl, open file description) while they make a request. */
#define RECORDING_TOOL_LOCK ((uint64_t)1 << 62)

enum recording_section {
	SECTION_STRINGS,
	SECTION_MODULES,
	SECTION_CODE_TEXT,
	SECTION_CODES,
	SECTION_FRAMES,
	SECTION_NODES,
	SECTION_SITES,
	SECTION_SHARDS,
	SECTION_CHUNKS,
	SECTION_COUNTERS,
	SECTION_MARKS,
	SECTION_MAPPINGS,
	SECTION_LIFETIMES,
	SECTION_LEAVES,
	SECTION_BLOCKS,
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
	FRAME_NEW,        /* the allocator's own operator new, which calls no malloc */
	FRAME_MALLOCX,    /* mallocx, rallocx and xallocx of jemalloc */
	FRAME_FIRST = 16, /* first interned frame */
};

#define SITE_NONE       0u
#define SITE_BASE_FIRST 1u /* `control.site_base` before anything was cleared */

/* Sites with a fixed meaning, counted from `control.site_base`. */
enum recording_fixed_site {
	FIXED_SITE_UNKNOWN, /* its leaf hangs below FRAME_UNKNOWN: tables were full or busy */
	FIXED_SITE_NESTED,  /* its leaf hangs below FRAME_NESTED */
	FIXED_SITES
};

enum recording_frame_kind {
	FRAME_KIND_FIXED,   /* `value` is an enum recording_fixed_frame */
	FRAME_KIND_MODULE,  /* `value` is the return address minus the module's load bias */
	FRAME_KIND_ADDRESS, /* `value` is a return address in no known module (JIT code). In both:
			       the byte before it belongs to the frame, so where a signal came, or
			       a handler returns to, it is one more than the instruction's */
	FRAME_KIND_CUT,     /* `value` frames were left out here, by the limit `frames` */
	FRAME_KIND_THREAD,  /* `value` is a thread id; only at the root, or on no stack. `module` is
			       its last known name in SECTION_STRINGS, or 0; it changes */
	FRAME_KIND_DOMAIN,  /* a leaf like FRAME_TRACKED: `value` is the number of a program's own
			       pool, `module` its name in SECTION_STRINGS or 0 */
	FRAME_KIND_PYTHON,  /* `value` is where in its code a Python frame stands, in bytes, signed;
			       `module` is the index in SECTION_CODES */
};

/* Numbers of the domains of CPython's own allocators: this and PYMEM_DOMAIN_* of CPython. */
#define RECORDING_PYTHON_DOMAIN 0xffffff00u

/* And of the domain of what the program maps by itself. */
#define RECORDING_MMAP_DOMAIN 0xffffff10u

/* What is known of a code object, as places and sizes in SECTION_CODE_TEXT. Names are UTF-8, lone
 * surrogates as if they were characters. */
struct recording_code {
	uint32_t file, file_bytes;
	uint32_t name, name_bytes;   /* qualified from 3.11 on */
	uint32_t table, table_bytes; /* its line table, as the interpreter has it */
	int32_t first_line;
	uint32_t minor; /* version of CPython 3 whose kind of table it is */
};

/* `python` of the header. */
enum recording_python {
	RECORDING_PYTHON_NONE,    /* no CPython was met */
	RECORDING_PYTHON_ON,      /* its frames, and the blocks of its own allocators */
	RECORDING_PYTHON_FRAMES,  /* its frames */
	RECORDING_PYTHON_OFF,     /* it could not be read; `trouble` says why */
	RECORDING_PYTHON_OBJECTS, /* as on; an object has the line that made it */
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

	/* Without a build-id, of the file that was mapped; zero if not known. */
	uint64_t device;
	uint64_t inode;
	uint64_t file_bytes;
	uint64_t modified_ns; /* since the epoch, as the next */
	uint64_t seen_ns;     /* when the object was certainly mapped already */
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

/* How long blocks of one site lived that are freed, as one shard counted it. With the lifetime in
 * units of 1024 ns, bucket 0 is less than one unit and bucket b is 2^(b-1) up to 2^b units. */
#define LIFETIME_BUCKETS 47u
struct recording_lifetimes {
	uint64_t freed[LIFETIME_BUCKETS]; /* blocks; those known to have been freed, by free or
					     realloc */
	uint64_t sum;                     /* of their lifetimes, in units */
};

/*
 * What is known of a block, besides its site's counters. The record stays when the block is freed,
 * until another block comes to the same slot. While it is being written `site` is 0.
 *
 * The address is that of the leaf + (index in the leaf << header.block_shift) + the low
 * BLOCK_PLACE_BITS of `rounding_place`.
 */
struct recording_block {
	uint64_t bytes; /* requested */
	uint64_t birth; /* time << BLOCK_THREAD_BITS | thread id; time is since `start_monotonic_ns`
			   in units of 1024 ns */
	uint64_t death; /* the same of its free; 0 while it lives */
	uint32_t site;
	uint32_t rounding_place; /* usable minus requested bytes << BLOCK_PLACE_BITS | place */
};

#define BLOCK_THREAD_BITS    22
#define BLOCK_PLACE_BITS     5
#define BLOCK_ROUNDING_MAX   ((1u << (32 - BLOCK_PLACE_BITS)) - 1) /* this many or more */
#define BLOCKS_PER_LEAF      8192u
#define RECORDING_TIME_SHIFT 10 /* from nanoseconds to the units of block times */

/*
 * A range that the program has mapped; the highest comes first, and none overlaps another. The
 * table changes at any place: who reads it looks at `header.mapping_changes` before and after,
 * which is odd while it is being changed.
 */
struct recording_mapping {
	uint64_t start; /* of the first page */
	uint64_t end;   /* of the last one */
	uint32_t site;
	uint32_t reserved;
};

/* `mappings` of the header. */
enum recording_mappings {
	RECORDING_MAPPINGS_OFF,
	RECORDING_MAPPINGS_ON,
	RECORDING_MAPPINGS_PARTLY, /* not all calls could be made to pass here */
};

/*
 * A tool asks the runtime for something through the file alone. Under a lock of the byte
 * RECORDING_TOOL_LOCK it fills `header.request`, then stores a serial number 1..255, one byte that
 * nobody sees half of, in `control.request`. The next event of any thread carries it out, stores
 * the number in `control.answered` and zero in `control.request`, and appends to SECTION_MARKS. A
 * tool that waits no longer may take its number back, by a zero.
 *
 * Nothing is wiped by clearing: sites below `control.site_base` are of the past. They are in no
 * sum, a stack that allocates again gets a new site, and frees of their blocks are ignored. The
 * first sites from `site_base` on are fixed (FIXED_SITE_UNKNOWN, ...). `live_bytes` and
 * `peak_bytes` of the control line go on; what they were then is `control.live_offset`.
 */
enum recording_request_kind {
	REQUEST_NONE,
	REQUEST_CLEAR,      /* forget all blocks and start from zero */
	REQUEST_RESET_PEAK, /* the peak is what is live now */
	REQUEST_MARK,       /* note this moment */
	REQUEST_PAUSE,      /* record no new blocks; frees of known ones still count */
	REQUEST_RESUME,     /* go on; also of a recording that was started switched off */
	REQUEST_STOP,       /* clear, then pause; through heaptally.h only */
	REQUEST_LOOK,       /* let a copy of the process write a graph (graph.h); leaves no mark */
	REQUEST_COLLECT,    /* take notice that the copy has ended; leaves no mark */
};

#define RECORDING_LABEL_BYTES 96

struct recording_request {
	uint32_t kind; /* enum recording_request_kind */
	uint32_t key;  /* of a look: the sums of what blocks hold are made with it; 0: none are */
	char label[RECORDING_LABEL_BYTES]; /* of a mark, NUL-terminated */
};

/* A request that was carried out. */
struct recording_mark {
	uint64_t time_ns;   /* since `start_monotonic_ns` */
	int64_t live_bytes; /* before it took effect; like `peak_bytes` less `live_offset` */
	int64_t peak_bytes;
	uint32_t kind;      /* enum recording_request_kind */
	uint32_t site_base; /* after it took effect */
	char label[RECORDING_LABEL_BYTES];
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
	/* All zero in nearly every process: four bytes that an event looks at as one. */
	uint8_t request; /* written by the tool: serial number of a request, 0 when there is none */
	uint8_t paused;  /* enum recording_pause */
	uint8_t blocks;  /* the option `blocks` is on */
	uint8_t watched; /* the program wants to be told of the free of some block */
	uint64_t peak_ns;    /* since `start_monotonic_ns`; see PEAK_TIME_SHIFT */
	uint64_t peak_step;  /* the next peak that is worth a look at the clock */
	uint32_t site_base;  /* sites below are forgotten */
	uint32_t answered;   /* the request that was carried out last */
	int64_t live_offset; /* live_bytes + pending when `site_base` was set */
};

enum recording_pause {
	RECORDING_GOES_ON,
	RECORDING_PAUSED,  /* by a request */
	RECORDING_STOPPED, /* started switched off, or stopped by the program */
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
	TROUBLE_UNLOCKED = 1 << 9,        /* the file system has no locks: who maps it lives */
	TROUBLE_OWN_NEW = 1 << 10,        /* operator new is the allocator's: no malloc is called */
	TROUBLE_OUT_REFUSED = 1 << 11, /* out= names what is no recording, or cannot be written */
	TROUBLE_EARLY = 1 << 12,       /* calls came before the runtime could start */
	TROUBLE_PYTHON_VERSION = 1 << 13,  /* a CPython of a version that is not known */
	TROUBLE_PYTHON_THREADED = 1 << 14, /* one without the global lock */
	TROUBLE_PYTHON_STRANGE = 1 << 15,  /* its structs are not what its version has */
	TROUBLE_PYTHON_OTHER = 1 << 16,    /* an interpreter that is not CPython */
	TROUBLE_PYTHON_FULL = 1 << 17,     /* no room for more code objects, or for all frames */
	TROUBLE_PYTHON_OLD = 1 << 18,      /* a CPython that does not tell of objects */
	TROUBLE_PYTHON_TRACED = 1 << 19,   /* somebody else in the process is told of objects */
};

/*
 * Where live blocks are kept in the memory of the process itself, for whoever may read that: three
 * levels by address. `top` is an array of addresses of directories, one for each 2^top_shift bytes,
 * a directory one of leaves, one for each 2^leaf_shift, a leaf one of slots, one for each
 * 2^slot_shift. A directory at `empty` or 0 is none, a leaf at 0 neither, and a slot of 0 has no
 * block. The fields of a slot are bits; one of 0 bits is in no slot. A block begins where its slot
 * does, and half a slot later when its place is 1.
 */
struct recording_table {
	uint64_t top; /* 0: there is no such table */
	uint64_t empty;
	uint64_t side; /* address of a struct recording_side, or 0 */
	uint8_t address_bits, top_shift, leaf_shift, slot_shift;
	uint8_t slot_bytes;
	uint8_t site_shift, site_bits;
	uint8_t place_shift, place_bits;
	uint8_t size_shift, size_bits; /* requested bytes; 0 bits: glibc's chunk has the usable ones
					*/
	uint8_t rounding_shift, rounding_bits; /* all ones: all of it is beside the table */
	uint8_t reserved[3];
};

/* Blocks beside a table, those that do not fit into their slot: open addressing, any order. */
struct recording_side {
	uint64_t entries; /* address of struct recording_side_entry[capacity] */
	uint32_t capacity;
	uint32_t live;
};

struct recording_side_entry {
	uint64_t address;  /* 0: none */
	uint64_t rounding; /* usable minus requested bytes */
	uint32_t site;
	uint32_t reserved;
	uint64_t bytes; /* requested */
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
	uint64_t full_walks;     /* traces that needed the slow unwinder */
	uint64_t rules;          /* return addresses whose unwind rule was learnt */
	uint64_t block_shift;    /* log2 of the address bytes per record of SECTION_BLOCKS */
	uint64_t missing_blocks; /* that live, but found no place in SECTION_BLOCKS */
	uint64_t copied_ns;      /* of a copy that heaptally_snapshot() made: when, since
				    `start_monotonic_ns` */
	uint32_t threads;        /* the option `threads`: stacks end in a FRAME_KIND_THREAD */
	uint32_t arguments;      /* command line, in SECTION_STRINGS; words parted by blanks */
	uint32_t python;         /* enum recording_python */
	uint32_t python_version; /* PY_VERSION_HEX */
	struct recording_table blocks;  /* malloc's */
	struct recording_table domains; /* those of allocators on top of it, such as CPython's */
	uint32_t forked; /* 1: a child that was forked and did not exec; it has its parent's blocks,
			    which are in no table */
	uint32_t reserved_word;
	uint32_t look_serial;  /* the request of the last look; 0: at exit */
	int32_t look_error;    /* 0, or a negative errno: there is no copy, at exit no graph */
	uint32_t look_process; /* the copy, as the process knows it */
	uint32_t look_reserved;
	uint64_t look_pause_ns;   /* that it took to make it */
	uint64_t mapping_changes; /* odd while SECTION_MAPPINGS is being changed */
	uint64_t lost_mappings;   /* calls that are not in there, for want of room or of a lock */
	uint32_t mappings;        /* enum recording_mappings */
	uint32_t mappings_reserved;
	struct recording_request request;

	struct recording_extent sections[SECTION_COUNT];

	/* Alone on its cache line, at a fixed place. */
	struct recording_control control __attribute__((aligned(64)));
};

/*
 * What every version of the layout has in the same place with the same meaning, so that whoever
 * meets a recording of another version can say whose it is and whether its process lives: these
 * fields, and the lock of the byte RECORDING_LIFE_LOCK, which the process holds as long as it
 * lives. All else, also between them, may change with RECORDING_VERSION.
 */
#define RECORDING_FIXED_BYTES 144u
#define RECORDING_LIFE_LOCK   0 /* fcntl, open file description; exclusive */

#define RECORDING_FIXED(field, place) \
	_Static_assert(offsetof(struct recording_header, field) == (place), "fixed for ever")

RECORDING_FIXED(magic, 0);
RECORDING_FIXED(byte_order, 8);
RECORDING_FIXED(version, 12);
RECORDING_FIXED(machine, 48);
RECORDING_FIXED(pid, 52);
RECORDING_FIXED(parent_pid, 56);
RECORDING_FIXED(uid, 60);
RECORDING_FIXED(pid_namespace, 64);
RECORDING_FIXED(boot_id, 72);
RECORDING_FIXED(start_realtime_ns, 88);
RECORDING_FIXED(start_monotonic_ns, 96);
RECORDING_FIXED(command, 128);
RECORDING_FIXED(frames_limit, RECORDING_FIXED_BYTES); /* the first after them */

#define RECORDING_LAYOUT(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "layout of " #type)

RECORDING_LAYOUT(recording_extent, 32);
RECORDING_LAYOUT(recording_frame, 16);
RECORDING_LAYOUT(recording_node, 16);
RECORDING_LAYOUT(recording_module, 96);
RECORDING_LAYOUT(recording_counters, 64);
RECORDING_LAYOUT(recording_shard, 64);
RECORDING_LAYOUT(recording_control, 64);
RECORDING_LAYOUT(recording_lifetimes, 384);
RECORDING_LAYOUT(recording_block, 32);
RECORDING_LAYOUT(recording_mapping, 24);
RECORDING_LAYOUT(recording_request, 104);
RECORDING_LAYOUT(recording_mark, 128);
RECORDING_LAYOUT(recording_code, 32);
RECORDING_LAYOUT(recording_table, 40);
RECORDING_LAYOUT(recording_side, 16);
RECORDING_LAYOUT(recording_side_entry, 32);

#endif
