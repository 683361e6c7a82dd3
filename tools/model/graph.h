/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph.h - which live block points at which, and what outside the heap points at them
 *
 * The sources of edges are numbered: first the blocks in ascending order of address, then the
 * roots, memory that is no block. Whoever holds a graph may use every number in it without looking
 * again: the reader (`graph_file.h`) has checked them.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct graph_node {
	uint64_t start : 48;
	uint64_t bytes_high : 16;
	uint32_t bytes_low;
	uint32_t site; /* in the recording: one more than in the profile */
};

/* How a word points at a block. Those after the second point into it, too. */
enum graph_how {
	GRAPH_START,
	GRAPH_INTERIOR,
	GRAPH_STRING,
	GRAPH_LENGTH,
	GRAPH_ARRAY,
	GRAPH_BASE,
	GRAPH_HOWS
};

#define GRAPH_OFFSET_MOST ((1u << 8) - 1)  /* or more */
#define GRAPH_WORD_MOST   ((1u << 21) - 1) /* or more */

struct graph_arc {
	uint32_t target;     /* a block */
	uint32_t how : 3;    /* enum graph_how */
	uint32_t offset : 8; /* in the target: bytes */
	uint32_t word : 21;  /* in the source: words of eight bytes */
};

enum graph_area_kind {
	GRAPH_AREA_MODULE,
	GRAPH_AREA_STACK,
	GRAPH_AREA_DEAD_STACK,
	GRAPH_AREA_MAPPING,
	GRAPH_AREA_REGISTERS,
	GRAPH_AREA_KERNEL,
	GRAPH_AREA_KINDS
};

struct graph_area {
	uint64_t start, end;
	uint32_t kind; /* enum graph_area_kind */
	uint32_t name; /* in `strings` */
};

/* Both places of an arc one of which is too large for it. */
struct graph_far_arc {
	uint64_t arc;
	uint64_t offset;
	uint64_t word;
};

/* A thread that has allocated. */
struct graph_task {
	uint64_t control; /* address of what libc keeps for it: its own variables end there */
	uint32_t id;
	uint32_t reserved;
};

/* A block that begins with the address of a table of virtual functions, or with the count that
 * new[] has put in front of objects that do. */
struct graph_instance {
	uint32_t block;
	uint32_t table : 31; /* in `tables` */
	uint32_t is_array : 1;
};

/* What a thread has of the thread-local variables of a loaded object. */
struct graph_share {
	uint64_t start, end;
	uint64_t bias; /* of the object */
	uint32_t thread;
	uint32_t name; /* in `strings`, of the object */
};

enum graph_taken {
	GRAPH_TAKEN_AT_EXIT,
	GRAPH_TAKEN_AT_EXIT_BY_TWIN,
	GRAPH_TAKEN_BY_TWIN,
	GRAPH_TAKEN_FROM_CORE,
	GRAPH_TAKEN_FROM_OUTSIDE, /* while the process went on: of no single moment */
	GRAPH_TAKENS
};

/* How good it is. */
struct graph_quality {
	enum graph_taken taken;
	bool no_registers;  /* those of other threads were not seen */
	bool not_inherited; /* `missed_bytes` of mappings that a copy does not get */
	bool unreadable;
	bool maps_cut;
	bool no_kernel; /* what the kernel keeps for the process was not seen, and may hold blocks
			 */
	uint32_t threads, unseen;
	uint64_t taken_ns; /* since the start of the process */
	uint64_t pause_ns, scan_ns, read_bytes, missed_bytes;
};

/* Whether the process goes on: one look at it is not enough. */
static inline bool
graph_quality_is_live(const struct graph_quality *quality)
{
	return quality->taken == GRAPH_TAKEN_BY_TWIN || quality->taken == GRAPH_TAKEN_FROM_OUTSIDE;
}

struct graph {
	struct graph_node *blocks;
	struct graph_area *roots;
	struct graph_task *threads;       /* by `control` */
	struct graph_far_arc *far;        /* by arc; of many, the last may be missing */
	struct graph_instance *instances; /* by block */
	uint64_t *tables;                 /* addresses of tables of virtual functions */
	struct graph_share *shares;       /* by `start`, none in another */
	uint64_t *first;                  /* of the arcs of each source, and the end of the last */
	struct graph_arc *arcs;
	uint16_t *sums; /* of what each block held, to be compared with one other look; or NULL */
	char *strings;
	size_t block_count, root_count, thread_count, arc_count, far_count, string_bytes;
	size_t instance_count, table_count, share_count;

	uint64_t start_monotonic_ns; /* of the process */
	uint32_t pid, serial;
	uint32_t site_base;  /* sites below are of before the last clearing */
	uint32_t site_count; /* of the recording: no block has a larger number */
	int error;           /* 0, or the -errno of why it is empty */
	struct graph_quality quality;
};

static inline uint64_t
graph_get_bytes(const struct graph_node *block)
{
	return (uint64_t)block->bytes_high << 32 | block->bytes_low;
}

/* Whether all numbers in it are good, and the blocks in order. */
bool graph_is_valid(const struct graph *graph);

/* The block that holds this address; SIZE_MAX if there is none. One of 0 bytes has its first. */
size_t graph_find(const struct graph *graph, uint64_t address);

/* The thread-local variables that an address is among, or NULL. */
const struct graph_share *graph_find_share(const struct graph *graph, uint64_t address);

/* Whether it has a block of this address, size and site. */
bool graph_has(const struct graph *graph, const struct graph_node *block);

/* Where in its source an arc is, in words, and where in its target, in bytes. False if it is there
 * or further on: this is all that is known. */
bool graph_get_places(const struct graph *graph, uint64_t arc, uint64_t *ret_word,
		      uint64_t *ret_offset);

void graph_release(struct graph *graph);

#endif
