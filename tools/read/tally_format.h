/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_format.h - what the writer and the reader of snapshot files agree on
 *
 * The order of the fields in a chunk is written down once, in `tally_write.c`, and read back in the
 * same order in `tally_read.c`; functions of the same name belong together.
 */
#ifndef TALLY_FORMAT_H
#define TALLY_FORMAT_H

#include <stdint.h>

#define TALLY_TITLE   "heaptally tally "
#define TALLY_VERSION 1

#define TALLY_TAG(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum tally_tag {
	TALLY_PROCESS = TALLY_TAG('P', 'R', 'O', 'C'),
	TALLY_STRINGS = TALLY_TAG('S', 'T', 'R', 'S'),
	TALLY_MODULES = TALLY_TAG('M', 'O', 'D', 'S'),
	TALLY_LOCATIONS = TALLY_TAG('L', 'O', 'C', 'S'),
	TALLY_FRAMES = TALLY_TAG('F', 'R', 'M', 'S'),
	TALLY_NODES = TALLY_TAG('N', 'O', 'D', 'E'),
	TALLY_SITES = TALLY_TAG('S', 'I', 'T', 'E'),
	TALLY_MOMENT = TALLY_TAG('M', 'O', 'M', 'T'),
	TALLY_VALUES = TALLY_TAG('M', 'O', 'M', 'V'),
	TALLY_SAMPLES = TALLY_TAG('S', 'M', 'P', 'L'),
	TALLY_MARKS = TALLY_TAG('m', 'A', 'R', 'K'),
	TALLY_PAUSE = TALLY_TAG('p', 'A', 'U', 'S'),
	TALLY_NOTES = TALLY_TAG('n', 'O', 'T', 'E'),
	TALLY_BLOCKS_INFO = TALLY_TAG('b', 'L', 'K', 'I'),
	TALLY_BLOCKS = TALLY_TAG('b', 'L', 'K', 'S'),
	TALLY_LIFETIMES = TALLY_TAG('l', 'I', 'F', 'E'),
	TALLY_DONE = TALLY_TAG('D', 'O', 'N', 'E'),
	TALLY_END = TALLY_TAG('E', 'N', 'D', 'S'),
};

/* The writer begins a new chunk beyond the first, the reader refuses one beyond the second. */
#define TALLY_CHUNK_BYTES     (256u << 10)
#define TALLY_CHUNK_MAX_BYTES (64u << 20)

/* Bits of the mask before the counters of a site: which of them changed. */
enum tally_value {
	TALLY_TOTAL_BYTES,
	TALLY_TOTAL_BLOCKS,
	TALLY_FREED_BYTES,
	TALLY_FREED_BLOCKS,
	TALLY_TEMPORARY_BLOCKS,
	TALLY_ROUNDING_BYTES,
	TALLY_PEAK_BYTES,
	TALLY_PEAK_BLOCKS,
	TALLY_LIVE_BYTES,
	TALLY_LIVE_BLOCKS,
	TALLY_VALUE_COUNT
};

#endif
