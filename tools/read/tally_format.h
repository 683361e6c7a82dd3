/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_format.h - what the writer and the reader of snapshot files agree on
 *
 * Every number that stands for something is written down here, apart from the enums of the model:
 * files are read years later, by versions whose enums have changed. A number that a release has
 * written keeps its meaning for ever; what is new gets a new number. heaptally-tally(5) describes
 * the whole.
 *
 * The order of the fields in a chunk is that of the functions which encode and decode it, one below
 * the other in the file of what they are about: `tally_names`, `tally_stacks`, `tally_moments`,
 * `tally_process`, `tally_resident`, `tally_blocks` and `tally_leaks`.
 */
#ifndef TALLY_FORMAT_H
#define TALLY_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/profile.h"

#define TALLY_TITLE   "heaptally tally "
#define TALLY_VERSION 1

#define TALLY_TAG(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* A reader passes over what it does not know if the first letter is small, else it refuses. */
enum tally_tag {
	TALLY_PROCESS = TALLY_TAG('P', 'R', 'O', 'C'),
	TALLY_STRINGS = TALLY_TAG('S', 'T', 'R', 'S'),
	TALLY_MODULES = TALLY_TAG('M', 'O', 'D', 'S'),
	TALLY_LOCATIONS = TALLY_TAG('L', 'O', 'C', 'S'),
	TALLY_SYMBOLS = TALLY_TAG('s', 'Y', 'M', 'B'),
	TALLY_FRAMES = TALLY_TAG('F', 'R', 'M', 'S'),
	TALLY_THREADS = TALLY_TAG('t', 'H', 'R', 'D'),
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
	TALLY_FILES = TALLY_TAG('f', 'I', 'L', 'E'),
	TALLY_ARGUMENTS = TALLY_TAG('a', 'R', 'G', 'S'),
	TALLY_RESIDENT = TALLY_TAG('r', 'E', 'S', 'I'),
	TALLY_PARTS = TALLY_TAG('r', 'P', 'R', 'T'),
	TALLY_MAPPED = TALLY_TAG('r', 'M', 'A', 'P'),
	TALLY_UNSEEN = TALLY_TAG('u', 'N', 'S', 'N'),
	TALLY_LIFETIMES = TALLY_TAG('l', 'I', 'F', 'E'),
	TALLY_LEAKS_INFO = TALLY_TAG('l', 'E', 'K', 'I'),
	TALLY_LEAKS = TALLY_TAG('l', 'E', 'K', 'S'),
	TALLY_LEAK_PARTS = TALLY_TAG('l', 'E', 'K', 'P'),
	TALLY_LEAK_CLASSES = TALLY_TAG('l', 'E', 'K', 'C'),
	TALLY_PYTHON = TALLY_TAG('p', 'Y', 'T', 'H'),
	TALLY_DONE = TALLY_TAG('D', 'O', 'N', 'E'),
	TALLY_END = TALLY_TAG('E', 'N', 'D', 'S'),
};

#define TALLY_TAG_OPTIONAL 0x20u /* in the first letter: it is small */

/* The writer begins a new chunk beyond the first, the reader refuses one beyond the second. */
#define TALLY_CHUNK_BYTES     (256u << 10)
#define TALLY_CHUNK_MAX_BYTES (64u << 20)

/* Bits of the mask before the counters of a site: which of them changed. */
enum tally_value {
	TALLY_TOTAL_BYTES = 0,
	TALLY_TOTAL_BLOCKS = 1,
	TALLY_FREED_BYTES = 2,
	TALLY_FREED_BLOCKS = 3,
	TALLY_TEMPORARY_BLOCKS = 4,
	TALLY_ROUNDING_BYTES = 5,
	TALLY_PEAK_BYTES = 6,
	TALLY_PEAK_BLOCKS = 7,
	TALLY_LIVE_BYTES = 8,
	TALLY_LIVE_BLOCKS = 9,
	TALLY_VALUE_COUNT
};

/* In PROC and DONE, where something is so or not. */
enum tally_flag {
	TALLY_NO = 0,
	TALLY_YES = 1,
};

/* In rPRT, in this order. */
enum tally_part {
	TALLY_PART_LIVE = 0,
	TALLY_PART_ROUNDING = 1,
	TALLY_PART_HEADERS = 2,
	TALLY_PART_PINNED = 3,
	TALLY_PART_KEPT = 4,
	TALLY_PART_HEAP_UNSEEN = 5,
	TALLY_PART_STACKS = 6,
	TALLY_PART_TEXT = 7,
	TALLY_PART_DATA = 8,
	TALLY_PART_SHARED = 9,
	TALLY_PART_JIT = 10,
	TALLY_PART_ANONYMOUS = 11,
	TALLY_PART_TRACER = 12,
	TALLY_PART_MAPPED = 13,
	TALLY_PART_COUNT
};

/* In DONE. */
enum tally_state {
	TALLY_STATE_RUNNING = 0,
	TALLY_STATE_EXITED = 1,
	TALLY_STATE_ENDED = 2,
};

/* In DONE, bits. */
enum tally_trouble {
	TALLY_TROUBLE_NO_UNWINDER = 1 << 0,
	TALLY_TROUBLE_FULL = 1 << 1,
	TALLY_TROUBLE_NODES_FULL = 1 << 2,
	TALLY_TROUBLE_FOREIGN_MALLOC = 1 << 3,
	TALLY_TROUBLE_BAD_OPTION = 1 << 4,
	TALLY_TROUBLE_NO_BLOCK_TABLE = 1 << 5,
	TALLY_TROUBLE_UNWINDER_FORKED = 1 << 6,
	TALLY_TROUBLE_LIMITED = 1 << 7,
	TALLY_TROUBLE_NOTHING_SEEN = 1 << 8,
	TALLY_TROUBLE_UNLOCKED = 1 << 9,
	TALLY_TROUBLE_OWN_NEW = 1 << 10,
	TALLY_TROUBLE_NEWER = 1 << 11,
	TALLY_TROUBLE_OUT_REFUSED = 1 << 12,
	TALLY_TROUBLE_EARLY = 1 << 13,
	TALLY_TROUBLE_PYTHON_VERSION = 1 << 14,
	TALLY_TROUBLE_PYTHON_THREADED = 1 << 15,
	TALLY_TROUBLE_PYTHON_STRANGE = 1 << 16,
	TALLY_TROUBLE_PYTHON_OTHER = 1 << 17,
	TALLY_TROUBLE_PYTHON_FULL = 1 << 18,
	TALLY_TROUBLE_PYTHON_OLD = 1 << 19,
	TALLY_TROUBLE_PYTHON_TRACED = 1 << 20,
};

/* In MODS, bits. */
enum tally_module_flag {
	TALLY_MODULE_UNLOADED = 1 << 0,
	TALLY_MODULE_MAIN = 1 << 1,
	TALLY_MODULE_FLAGS = TALLY_MODULE_UNLOADED | TALLY_MODULE_MAIN,
};

/* In fILE. */
enum tally_file {
	TALLY_FILE_AS_MAPPED = 0,
	TALLY_FILE_CHANGED = 1,
	TALLY_FILE_GONE = 2,
};

/* In FRMS. */
enum tally_frame_kind {
	TALLY_FRAME_ALLOCATOR = 0,
	TALLY_FRAME_CODE = 1,
	TALLY_FRAME_ADDRESS = 2,
	TALLY_FRAME_CUT = 3,
	TALLY_FRAME_THREAD = 4,
	TALLY_FRAME_TRUNCATED = 5,
	TALLY_FRAME_UNKNOWN = 6,
	TALLY_FRAME_NESTED = 7,
	TALLY_FRAME_PYTHON = 8,
};

/* The offset of an allocator's frame that is a pool of the program's own: this and its number. */
#define TALLY_POOL ((uint64_t)1 << 32)

/* In mARK. */
enum tally_mark_kind {
	TALLY_MARK_CLEAR = 1,
	TALLY_MARK_RESET_PEAK = 2,
	TALLY_MARK_LABEL = 3,
	TALLY_MARK_PAUSE = 4,
	TALLY_MARK_RESUME = 5,
	TALLY_MARK_STOP = 6,
};

/* In pAUS. */
enum tally_pause {
	TALLY_GOES_ON = 0,
	TALLY_PAUSED = 1,
	TALLY_STOPPED = 2,
};

/* In pYTH. */
enum tally_python {
	TALLY_PYTHON_NONE = 0,
	TALLY_PYTHON_ON = 1,
	TALLY_PYTHON_FRAMES = 2,
	TALLY_PYTHON_OFF = 3,
	TALLY_PYTHON_OBJECTS = 4,
};

/* In lEKI: who has looked. */
enum tally_taken {
	TALLY_TAKEN_AT_EXIT = 0,
	TALLY_TAKEN_AT_EXIT_BY_TWIN = 1,
	TALLY_TAKEN_BY_TWIN = 2,
	TALLY_TAKEN_FROM_CORE = 3,
	TALLY_TAKEN_FROM_OUTSIDE = 4,
};

/* In bLKS and lIFE: times are in units of 2^TALLY_TIME_SHIFT ns, bucket b > 0 of a histogram is
 * 2^(b-1) up to 2^b units. */
#define TALLY_TIME_SHIFT 10
#define TALLY_BUCKETS    47

/* From the model to the file. */
enum tally_state tally_format_state(enum profile_state state);
enum tally_frame_kind tally_format_frame_kind(enum profile_frame_kind kind);
enum tally_mark_kind tally_format_mark_kind(enum profile_mark_kind kind);
enum tally_pause tally_format_pause(enum profile_pause pause);
enum tally_file tally_format_file(enum profile_file file);
enum tally_python tally_format_python(enum profile_python python);
enum tally_taken tally_format_taken(enum graph_taken taken);
uint32_t tally_format_troubles(uint32_t troubles);
uint64_t tally_format_offset(const struct profile_frame *frame);

/* From the file to the model. False, and nothing is set, when the number is none that is known: the
 * file is by a newer version. */
bool tally_parse_state(uint64_t number, enum profile_state *ret_state);
bool tally_parse_frame_kind(uint64_t number, enum profile_frame_kind *ret_kind);
bool tally_parse_mark_kind(uint64_t number, enum profile_mark_kind *ret_kind);
bool tally_parse_pause(uint64_t number, enum profile_pause *ret_pause);
bool tally_parse_file(uint64_t number, enum profile_file *ret_file);
bool tally_parse_python(uint64_t number, enum profile_python *ret_python);
bool tally_parse_taken(uint64_t number, enum graph_taken *ret_taken);
bool tally_parse_flag(uint64_t number, bool *ret_flag);

/* Bits that are not known become PROFILE_TROUBLE_NEWER. */
uint32_t tally_parse_troubles(uint64_t bits);

/* What `tally_format_offset` gave; kind is already that of the model. */
uint64_t tally_parse_offset(enum profile_frame_kind kind, uint64_t offset);

/* Where a part is in `profile_resident.parts`. */
unsigned tally_get_part(enum tally_part part);

#endif
