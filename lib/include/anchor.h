/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor.h - what the runtime says of itself in the memory of its process
 *
 * For whoever reads that memory without its help: in a core file, or from outside. The anchor is
 * one of the runtime's variables, at a multiple of 16 bytes, and known by its first bytes. A core
 * has it as it has all variables; the tables it leads to are in a core with the option `leaks`.
 *
 * For the reader every byte is untrusted.
 */
#ifndef HEAPTALLY_ANCHOR_H
#define HEAPTALLY_ANCHOR_H

#include <stdint.h>

#include "recording.h"
#include "thread_layout.h"

#define ANCHOR_MAGIC     "heaptally-anchor" /* sixteen bytes, no NUL */
#define ANCHOR_VERSION   2
#define ANCHOR_ALIGNMENT 16

enum anchor_flag {
	ANCHOR_UNKNOWN_BLOCKS = 1 << 0, /* some may live that are in no table: of before a fork, or
					   of a pause */
};

/* A part of the address space; unused ones begin at 0. */
struct anchor_range {
	uint64_t start, end;
	uint32_t kind; /* enum anchor_range_kind */
	uint32_t reserved;
};

enum anchor_range_kind {
	ANCHOR_RANGE_PLAIN,
	ANCHOR_RANGE_FILE,
	ANCHOR_RANGE_BLOCKS,
	ANCHOR_RANGE_LENT, /* has blocks of the program, and may hold pointers */
};

struct anchor {
	uint8_t magic[16];
	uint32_t version;
	uint32_t pid;                /* as in the recording */
	uint64_t start_monotonic_ns; /* of the recording; 0: nothing is recorded */
	uint64_t start_realtime_ns;
	struct recording_table blocks;
	uint64_t self_start, self_end; /* where the runtime is mapped */
	uint64_t ranges;               /* address of struct anchor_range[range_count]: its memory */
	uint32_t range_count;
	uint32_t site_base; /* as in the recording */
	uint32_t flags;     /* enum anchor_flag */
	uint32_t reserved;
	struct thread_layout layout;
};

_Static_assert(sizeof(struct anchor) == 160, "layout of anchor");
_Static_assert(sizeof(struct anchor_range) == 24, "layout of anchor_range");

#endif
