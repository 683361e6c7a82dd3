/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_map.h - map the recording and grow its sections
 *
 * The file is made large and sparse, mapped at a place that never changes, and its descriptor is
 * closed at once. Every section has its place from the start (`recording_space.h`); memory is put
 * behind it in steps, before it is used, so that a full disk is an error here and never a SIGBUS in
 * the program. A lock on the file lasts as long as the mapping and tells readers that the process
 * lives.
 */
#ifndef RECORDING_MAP_H
#define RECORDING_MAP_H

#include "base/base.h"
#include "include/recording.h"

/* The mapped recording; `header` is NULL when there is none. The other pointers are the starts of
 * the sections. Constant between `recording_start_in_file` and a fork. */
struct recording {
	struct recording_header *header;
	struct recording_control *control; /* never NULL: a private stand-in without recording */
	char *strings;
	struct recording_module *modules;
	struct recording_frame *frames;
	struct recording_node *nodes;
	uint32_t *sites;
	struct recording_shard *shards;
	uint32_t *chunks;
	struct recording_counters *counters;
	struct recording_mark *marks;
	struct recording_mapping *mappings;
	struct recording_code *codes;
	char *code_text;
	struct recording_lifetimes *lifetimes;
	uint64_t *leaves;
	struct recording_block *blocks;
};

extern struct recording recording;

/* Sites below are of before the last clearing. [hot] [signal] */
static inline uint32_t
recording_site_base(void)
{
	return load(&recording.control->site_base);
}

/* What is counted without a stack. [hot] [signal] */
static inline uint32_t
recording_fixed_site(enum recording_fixed_site site)
{
	return recording_site_base() + site;
}

/* Whether an event has more to do than to be counted: a request waits, the recording is paused, or
 * blocks are to be described. One comparison. [hot] [signal] */
static inline bool
recording_wants_attention(void)
{
	typedef uint32_t __attribute__((may_alias)) four_bytes;

	return load((const four_bytes *)&recording.control->request) != 0;
}

/* Map an empty file and make it an empty recording. False if there is no room; the file is left as
 * it is then. [init] */
bool recording_start_in_file(int fd, bool has_blocks, bool has_mappings);

/*
 * Make sure that `count` records of a section have memory behind them. False when there is no room:
 * the trouble is noted, and the section stays as it is. The caller serialises calls for one
 * section. [signal]
 */
bool recording_reserve(enum recording_section section, uint64_t count);

/* Append a string; its offset, or 0 when there is no room. [init] */
uint32_t recording_add_string(const char *text);

/* Note why the recording is not complete. [hot] [signal] */
void recording_note(uint32_t trouble);

/* Publish how much memory the runtime uses. [signal] */
void recording_publish_memory(void);

/*
 * In a forked child: the parent's recording is not mapped here. Puts a private one in its place,
 * for code that a fork by a signal handler interrupted: paused, empty, and without room for more.
 * [signal]
 */
void recording_abandon(void);

/* There is no such code any more: forget it. [init] */
void recording_forget(void);

#endif
