/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_side.h - one of the "sides" of the HTML page: a process, its totals and its time
 */
#ifndef VIEW_PAGE_SIDE_H
#define VIEW_PAGE_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

struct group_options;
struct json_writer;
struct place_table;

struct view_page_side {
	const char *operand;
	const struct profile *profile;
	const struct profile_at *at;
	const uint32_t *moments; /* that are on the page */
	size_t moment_count;
	const struct profile_values *lost; /* at the last look; NULL where nobody looked */
};

/* One object. The table takes up places of the profile. */
void view_page_side(struct json_writer *json, const struct view_page_side *side,
		    const struct group_options *options, struct place_table *table);

#endif
