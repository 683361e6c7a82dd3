/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/info.h - the totals and the quality of a recording or a tally
 */
#ifndef VIEW_INFO_H
#define VIEW_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/process.h"
#include "model/profile.h"

struct term;

struct view_info {
	const char *name;              /* of what was read */
	const struct profile *profile; /* symbolized, if it ended */
	struct profile_at at;
	const struct process_list *processes;
	size_t chosen; /* index of the one in `profile`, or VIEW_PROCESSES_NONE */
	size_t rows;   /* of processes, in text; 0 is all */
};

void view_info_text(const struct term *term, const struct view_info *view);
void view_info_json(const struct term *term, const struct view_info *view);

/* --- what the formats share --- */

/* Stacks that have allocated until a moment. */
uint64_t view_info_count_stacks(const struct profile_moment *moment);

/* What the allocator keeps for the live blocks; hostile numbers wrap around. */
int64_t view_info_get_usable(const struct profile_values *values);

#endif
