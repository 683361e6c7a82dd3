/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/leak_growth.h"

#include <stdlib.h>

#include "model/graph.h"
#include "model/leak.h"
#include "model/site_group.h"

bool
leak_growth_is_between(const struct graph *earlier, const struct graph *graph)
{
	return earlier->start_monotonic_ns == graph->start_monotonic_ns &&
	       earlier->pid == graph->pid && earlier->quality.taken_ns < graph->quality.taken_ns;
}

void
leak_growth_init(struct leak_growth *growth, const struct graph *earlier, const struct graph *graph,
		 const struct owner_set *owners, const struct site_group_set *groups,
		 struct leak_set *set)
{
	struct owner_growth *between = &growth->growth;

	*growth = (struct leak_growth){.is_known = earlier != NULL};
	if (earlier == NULL)
		return;
	owner_paths_init(&growth->paths, graph, owners);
	growth->groups = site_group_list(groups, graph);
	owner_growth_init(between, earlier, graph, owners, &growth->paths, growth->groups,
			  groups->count);
	leak_set_take_changes(set, between->came, between->went, between->site_count);
	set->apart_ns = graph->quality.taken_ns - earlier->quality.taken_ns;
}

void
leak_growth_release(struct leak_growth *growth)
{
	if (growth->is_known) {
		owner_growth_release(&growth->growth);
		owner_paths_release(&growth->paths);
		free(growth->groups);
	}
}
