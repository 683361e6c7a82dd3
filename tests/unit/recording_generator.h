/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_generator.h - recordings made by hand, for tests of their readers
 *
 * A small recording whose every number is known. Tests change parts of it, also into something
 * that no runtime writes, before it goes into a file.
 *
 *     stack                       site   shard 0            shard 1
 *     main -> load -> malloc         3   10 of 1000, 4 off  -
 *     main -> calloc                 4   2 of 500           1 more, 2 freed
 *     (unknown) -> malloc            1   -                  -
 */
#ifndef RECORDING_GENERATOR_H
#define RECORDING_GENERATOR_H

#include <stddef.h>
#include <stdint.h>

#include "recording.h"

enum {
	GENERATED_PAGE = 4096,
	GENERATED_SHARDS = 2,
	GENERATED_SITES = 5, /* with SITE_NONE */
	GENERATED_NODES = 8,
	GENERATED_MODULES = 2,
	GENERATED_MARKS = 2, /* "warm" at 1 s, and a reset of the peak at 2 s */
	GENERATED_BLOCKS = 128,
	GENERATED_BLOCK_SHIFT = 5,
	GENERATED_COMMAND_PID = 4711,
};

/* The whole file. Each part has its own pages. */
struct generated {
	union {
		struct recording_header header;
		char header_page[GENERATED_PAGE];
	};
	union {
		char strings[GENERATED_PAGE];
		char strings_page[GENERATED_PAGE];
	};
	union {
		struct recording_module modules[GENERATED_MODULES];
		char modules_page[GENERATED_PAGE];
	};
	union {
		struct recording_frame frames[FRAME_FIRST + 4];
		char frames_page[GENERATED_PAGE];
	};
	union {
		struct recording_node nodes[GENERATED_NODES];
		char nodes_page[GENERATED_PAGE];
	};
	union {
		uint32_t sites[GENERATED_SITES];
		char sites_page[GENERATED_PAGE];
	};
	union {
		struct recording_shard shards[SHARDS_MAX];
		char shards_page[GENERATED_PAGE];
	};
	union {
		uint32_t chunks[1][SHARDS_MAX];
		char chunks_page[GENERATED_PAGE];
	};
	union {
		struct recording_mark marks[GENERATED_MARKS];
		char marks_page[GENERATED_PAGE];
	};
	struct recording_counters counters[GENERATED_SHARDS][SITES_PER_CHUNK];
	/*
	 * Only with `generated_add_blocks`. Of the leaf only its first records are in the file; the
	 * others are beyond its end, or are lifetimes, which say nothing as blocks.
	 */
	union {
		uint64_t leaves[1];
		char leaves_page[GENERATED_PAGE];
	};
	struct recording_block blocks[GENERATED_BLOCKS];
	union {
		struct recording_lifetimes lifetimes[GENERATED_SITES];
		char lifetimes_page[GENERATED_PAGE];
	};
	size_t length; /* of the file, which ends before */
};

#define GENERATED_LEAF 0x5500000 /* address */

/* A recording without faults, to free. */
struct generated *generated_new(void);

/*
 * As if the option `blocks` had been on. In units of 1024 ns since the start:
 *
 *     record   place   bytes usable   site   born        died
 *          0      16     100    104      3   1000 by 7   -
 *          4       0       0     24      4   500 by 8    -
 *          6      16   5000   5000       3   2000 by 7   -
 *        100       0      40     40      3   10 by 7     20 by 9
 *        101       0      16     24      0   -           -            half written
 *
 * Of site 3 two freed blocks lived 1 unit and one 1000 units.
 */
void generated_add_blocks(struct generated *generated);

/* Write length bytes of it to a new file at path, or `length`. */
void generated_write(const struct generated *generated, const char *path);
void generated_write_part(const struct generated *generated, const char *path, size_t length);

#endif
