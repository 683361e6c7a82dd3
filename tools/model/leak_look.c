/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/leak_look.h"

#include <stdlib.h>

#include "model/profile.h"
#include "model/site_group.h"
#include "util/xalloc.h"

static struct reach_options
get_options(const struct graph *graph, const struct profile *profile, const bool *loader,
	    enum reach_heuristics heuristics)
{
	return (struct reach_options){
		.heuristics = heuristics,
		.root_sites = loader,
		.root_site_count = profile->site_count + 1,
		.doubts = graph->quality.not_inherited,
	};
}

void
leak_look(struct leak_set *set, const struct graph *graph, const struct profile *profile,
	  enum reach_heuristics heuristics)
{
	bool *loader = site_group_find_loaders(profile);
	const struct reach_options options = get_options(graph, profile, loader, heuristics);
	struct reach reach;

	reach_init(&reach, graph, &options);
	leak_set_init(set, graph, &reach, profile->site_count);
	reach_release(&reach);
	free(loader);
}

void
leak_look_twice(struct leak_set *set, const struct graph *earlier, const struct graph *graph,
		const struct profile *profile, enum reach_heuristics heuristics)
{
	bool *loader = site_group_find_loaders(profile);
	uint8_t *doubts;
	struct reach_options options = get_options(earlier, profile, loader, heuristics);
	struct reach reach;

	reach_init(&reach, earlier, &options);
	doubts = reach_find_doubts(graph, earlier, &reach);
	reach_release(&reach);
	options = get_options(graph, profile, loader, heuristics);
	options.doubts_before = doubts;
	reach_init(&reach, graph, &options);
	leak_set_init(set, graph, &reach, profile->site_count);
	set->looks = 2;
	set->apart_ns = graph->quality.taken_ns - earlier->quality.taken_ns;
	reach_release(&reach);
	free(doubts);
	free(loader);
}
