/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/leak_look.h"

#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "model/system_library.h"
#include "util/xalloc.h"

/* By the number of the site in the recording: whether the loader has called for it. It keeps blocks
 * by pointers that it hides. */
static bool *
find_loader_sites(const struct profile *profile)
{
	bool *sites = xcalloc(profile->site_count + 2, sizeof(*sites));

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_node *leaf = &profile->nodes[profile->sites[i]];
		const struct profile_frame *caller =
			&profile->frames[profile->nodes[leaf->parent].frame];
		const char *library;

		if (leaf->parent == 0 || caller->kind != PROFILE_FRAME_CODE ||
		    caller->module >= profile->module_count)
			continue;
		library = system_library_find_module(profile->modules[caller->module].path);
		sites[i + 1] = library != NULL && strcmp(library, "ld.so") == 0;
	}
	return sites;
}

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
	bool *loader = find_loader_sites(profile);
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
	bool *loader = find_loader_sites(profile), *lost;
	struct reach_options options = get_options(earlier, profile, loader, heuristics);
	struct reach reach;

	reach_init(&reach, earlier, &options);
	lost = reach_find_lost(graph, earlier, &reach);
	reach_release(&reach);
	options = get_options(graph, profile, loader, heuristics);
	options.lost_before = lost;
	reach_init(&reach, graph, &options);
	leak_set_init(set, graph, &reach, profile->site_count);
	set->looks = 2;
	set->apart_ns = graph->quality.taken_ns - earlier->quality.taken_ns;
	reach_release(&reach);
	free(lost);
	free(loader);
}
