/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_names.h - the blocks of a graph by site, and its roots by name
 */
#ifndef GRAPH_NAMES_H
#define GRAPH_NAMES_H

#include "cmd/report_options.h"
#include "model/attribution.h"
#include "model/likeness.h"
#include "model/owner.h"
#include "model/site_group.h"
#include "read/source.h"

struct class_names;
struct graph;
struct owner_names;

struct graph_names {
	struct place_table *table;
	struct attribution attribution;
	struct site_group_set groups;
	struct owner_set owners;
	struct owner_names *names;
	bool *loaders;
	struct class_names *classes;
	struct likeness_set likeness;
	struct likeness_sum likeness_of_groups;
};

/* The source and the graph must outlive it; across_builds: as in `struct place_options`. */
void graph_names_init(struct graph_names *names, struct report_options *options,
		      const struct source *source, const struct graph *graph, bool across_builds);
/* What blocks look like, too: of those commands that show it. */
void graph_names_find_likeness(struct graph_names *names, const struct source *source,
			       const struct graph *graph, bool online);
void graph_names_release(struct graph_names *names);

#endif
