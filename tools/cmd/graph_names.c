/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_names.h"

#include <stdlib.h>

#include "symbols/class_names.h"
#include "symbols/owner_names.h"

void
graph_names_init(struct graph_names *names, struct report_options *options,
		 const struct source *source, const struct graph *graph, bool across_builds)
{
	const struct place_options places = {.across_builds = across_builds};
	const struct profile *profile = source->profile;
	struct owner_naming naming;

	*names = (struct graph_names){0};
	options->group.selection.system_rules = true;
	names->table = place_table_new(&places);
	attribution_init(&names->attribution, profile, &options->group.selection, names->table,
			 NULL);
	site_group_set_init(&names->groups, graph, profile, &names->attribution, &options->group);
	names->names = owner_names_new(profile, graph, options->online);
	names->loaders = site_group_find_loaders(profile);
	naming = owner_names_get(names->names);
	owner_set_init(&names->owners, graph, &naming, names->loaders, profile->site_count + 1);
}

void
graph_names_find_likeness(struct graph_names *names, const struct source *source,
			  const struct graph *graph, bool online)
{
	const struct profile *profile = source->profile;
	enum std_node *sites = std_node_find_sites(profile);
	uint32_t *groups = site_group_list(&names->groups, graph);
	struct likeness_naming naming;

	names->classes = class_names_new(profile, online);
	naming = class_names_get(names->classes);
	likeness_set_init(&names->likeness, graph, &naming, &names->owners, sites,
			  profile->site_count + 1);
	likeness_sum_init(&names->likeness_of_groups, &names->likeness, graph, groups,
			  names->groups.count);
	free(groups);
	free(sites);
}

void
graph_names_release(struct graph_names *names)
{
	likeness_sum_release(&names->likeness_of_groups);
	likeness_set_release(&names->likeness);
	class_names_free(names->classes);
	owner_set_release(&names->owners);
	owner_names_free(names->names);
	site_group_set_release(&names->groups);
	attribution_release(&names->attribution);
	place_table_free(names->table);
	free(names->loaders);
}
