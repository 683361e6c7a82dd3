/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/exit_graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/graph.h"
#include "model/leak_look.h"
#include "model/profile.h"
#include "read/graph_file.h"
#include "read/identity.h"
#include "util/xalloc.h"

/* A later program of the process may leave one of the same name. */
static void
keep(struct exit_graphs *graphs, const char *path)
{
	char *kept = xasprintf("%s.%zu", path, graphs->paths.count);

	if (rename(path, kept) == 0)
		*array_push(&graphs->paths) = kept;
	else
		free(kept);
}

void
exit_graphs_take(struct exit_graphs *graphs, const char *recording,
		 const struct snapshot_identity *identity, struct profile *profile)
{
	char *path = graph_file_make_path(recording);
	struct graph graph;

	if (graph_file_read(path, profile->site_count, &graph) == 0) {
		if (graph.start_monotonic_ns == identity->start_monotonic_ns)
			leak_look(&profile->leaks, &graph, profile, REACH_HEURISTICS_ALL);
		if (graphs->keeps && profile->leaks.is_known && graph.error == 0)
			keep(graphs, path);
		graph_release(&graph);
	} else if (identity->exit_look_error != 0) {
		leak_set_init_refused(&profile->leaks, identity->exit_look_error,
				      profile->site_count);
	}
	unlink(path);
	free(path);
}

void
exit_graphs_release(struct exit_graphs *graphs)
{
	array_each (&graphs->paths, path)
		free(*path);
	array_release(&graphs->paths);
}
