/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/blocks.h - single blocks
 *
 * Rows are written as they are made: ten million of them need no memory.
 */
#ifndef VIEW_BLOCKS_H
#define VIEW_BLOCKS_H

#include <stdbool.h>

#include "model/attribution.h"
#include "model/listing.h"
#include "model/profile.h"

struct term;

struct view_blocks {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct listing *listing;
	struct attribution *attribution;
	const char *order; /* its name */
	bool filtered, full_names;
};

void view_blocks_text(const struct term *term, const struct view_blocks *view);
void view_blocks_json(const struct term *term, const struct view_blocks *view);
void view_blocks_csv(const struct term *term, const struct view_blocks *view);

#endif
