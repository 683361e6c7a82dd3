/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/parts.h - the parts of resident memory over time, in few enough groups to be told apart
 */
#ifndef VIEW_PARTS_H
#define VIEW_PARTS_H

#include <stdint.h>

struct term;
struct profile;

enum view_parts_group {
	VIEW_PARTS_LIVE,
	VIEW_PARTS_OVERHEAD, /* rounding and headers */
	VIEW_PARTS_PINNED,
	VIEW_PARTS_KEPT,  /* and what is not known of a heap */
	VIEW_PARTS_FILES, /* text, data, stacks, shared memory, JIT */
	VIEW_PARTS_MAPPED,
	VIEW_PARTS_OTHER,
	VIEW_PARTS_TRACER,
	VIEW_PARTS_GROUPS
};

/* Add the parts, by `enum resident_part`, up by group. */
void view_parts_sum(const uint64_t *parts, uint64_t ret_groups[VIEW_PARTS_GROUPS]);

/* "live", "rounding and headers", ... */
const char *view_parts_name(enum view_parts_group group);

/* A line for each of some snapshots in the window, with a bar of letters, and what the letters
 * mean. */
void view_parts_text(const struct term *term, const struct profile *profile, uint64_t from_ns,
		     uint64_t to_ns);

#endif
