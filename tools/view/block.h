/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/block.h - what an address belongs to
 */
#ifndef VIEW_BLOCK_H
#define VIEW_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/block.h"
#include "model/profile.h"

struct term;

/* What was found. At most one of `block` and `freed` is set. */
struct view_block {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	struct attribution *attribution; /* with its stacks */
	uint64_t address;
	const struct block *block;         /* that lives and holds the address */
	const struct block_freed *freed;   /* the last one that held it */
	const struct block *below, *above; /* the nearest that live, or NULL */
	int frames;
	bool most_recent_last, full_names;
	bool only_living; /* it is not known what was freed */
};

void view_block_text(const struct term *term, const struct view_block *view);
void view_block_csv(const struct term *term, const struct view_block *view);
void view_block_json(const struct term *term, const struct view_block *view);

#endif
