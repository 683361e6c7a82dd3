/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leak_growth.h - what a look for leaks says of growth, where there was an earlier look
 */
#ifndef LEAK_GROWTH_H
#define LEAK_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/owner_growth.h"
#include "model/owner_path.h"

struct graph;
struct leak_set;
struct owner_set;
struct site_group_set;

struct leak_growth {
	bool is_known; /* else the rest is zero */
	struct owner_growth growth;
	struct owner_paths paths; /* of the later look */
	uint32_t *groups;         /* of its blocks */
};

/* Whether one look came before another at the same process. */
bool leak_growth_is_between(const struct graph *earlier, const struct graph *graph);

/* Who holds what has come since the earlier look, or NULL. The set, of the profile, is told what
 * came and went, too. To be released. */
void leak_growth_init(struct leak_growth *growth, const struct graph *earlier,
		      const struct graph *graph, const struct owner_set *owners,
		      const struct site_group_set *groups, struct leak_set *set);
void leak_growth_release(struct leak_growth *growth);

#endif
