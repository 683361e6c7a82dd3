/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/graph_beside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/graph.h"
#include "model/leak.h"
#include "read/graph_file.h"
#include "read/snapshot.h"
#include "read/source.h"
#include "util/xalloc.h"

/* A graph of an earlier run of the same name says nothing of this one. A tally has what came of the
 * graph. */
static bool
is_of_source(const struct graph *graph, const struct source *source)
{
	struct snapshot_identity identity;

	if (source->is_tally)
		return leak_set_is_of(&source->profile->leaks, graph);
	return snapshot_identify(source->path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	       graph->start_monotonic_ns == identity.start_monotonic_ns;
}

int
graph_beside_read(const struct source *source, const char *path, struct graph *ret_graph)
{
	/* One of another run may know of more sites. */
	int result = graph_file_read(path, GRAPH_FILE_SITES_MAX, ret_graph);

	if (result != 0)
		return result;
	if (!is_of_source(ret_graph, source))
		result = -ENOENT;
	else if (ret_graph->site_count > source->profile->site_count)
		result = -EBADMSG;
	if (result != 0)
		graph_release(ret_graph);
	else
		ret_graph->site_count = source->profile->site_count;
	return result;
}

char *
graph_beside_find_names(const char *graph)
{
	static const char *const endings[] = {".recording", ".tally"};
	int stem = (int)(strlen(graph) - strlen(".graph")), shorter = stem;

	while (shorter > 0 && graph[shorter - 1] >= '0' && graph[shorter - 1] <= '9')
		shorter--;
	shorter = shorter > 1 && graph[shorter - 1] == '.' ? shorter - 1 : stem;
	for (unsigned i = 0; i < 2 * sizeof(endings) / sizeof(*endings); i++) {
		char *path = xasprintf("%.*s%s", i < 2 ? stem : shorter, graph, endings[i % 2]);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}
