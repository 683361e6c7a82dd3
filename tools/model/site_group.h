/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * site_group.h - the blocks of a graph by the place that has allocated them
 */
#ifndef SITE_GROUP_H
#define SITE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/group.h"

struct graph;

struct site_group {
	uint32_t stack, caller; /* of the site with the most bytes: as `attribution_make_stack` */
	bool is_system;         /* libraries of the system keep it by design */
	bool is_kept;           /* it passes the filters */
	uint64_t blocks, bytes; /* in the graph */
};

struct site_group_set {
	struct site_group *groups;
	uint32_t count;
	uint32_t *of_site; /* by the number in the graph; SITE_GROUP_NONE for what holds no block */
	uint32_t site_count;
};

#define SITE_GROUP_NONE UINT32_MAX

/* Of the blocks of a graph of profile; the attribution has been made with the selection of options.
 * Sites of before the last clearing are of no group. */
void site_group_set_init(struct site_group_set *set, const struct graph *graph,
			 const struct profile *profile, struct attribution *attribution,
			 const struct group_options *options);
void site_group_set_release(struct site_group_set *set);

/* The group of a block, or SITE_GROUP_NONE. */
uint32_t site_group_find(const struct site_group_set *set, const struct graph *graph, size_t block);

/* The group of each block. To free. */
uint32_t *site_group_list(const struct site_group_set *set, const struct graph *graph);

/* By the number of a site in a graph of profile: whether the loader has called for it, which keeps
 * blocks by pointers that it hides. To free. */
bool *site_group_find_loaders(const struct profile *profile);

#endif
