/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/refs.h - who points at a block, or at the blocks of a site, as text or JSON
 */
#ifndef VIEW_REFS_H
#define VIEW_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"
#include "model/referrers.h"
#include "view/graph_place.h"

struct term;

struct view_refs {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	struct view_graph names;
	const struct referrer_set *referrers;
	const char *site; /* as it was asked for; or NULL */
	uint64_t address; /* else this; in which block, or the first of the site: */
	size_t block;
	uint32_t group;  /* of that block, or SITE_GROUP_NONE */
	uint32_t others; /* groups that match the site besides it */
	size_t rows;     /* 0 is all */
};

void view_refs_text(const struct term *term, const struct view_refs *view);
void view_refs_json(const struct term *term, const struct view_refs *view);

#endif
