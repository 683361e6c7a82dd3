/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_graphs.c - the graphs of a run: where they go, what they may replace
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/run_session.h"
#include "model/profile.h"
#include "read/graph_file.h"
#include "run/collect.h"
#include "util/error.h"
#include "util/output.h"

static char *
make_graph_path(const struct run *run, const struct graph *graph)
{
	const struct profile *shown = run->card.profile;
	bool is_shown =
		shown != NULL && shown->pid == graph->pid && leak_set_is_of(&shown->leaks, graph);

	return graph_file_make_path_beside(run->path, is_shown ? 0 : graph->pid);
}

int
run_check_graph(const struct run *run, const char *tally, char **ret_why)
{
	struct output_rule rule = graph_file_extend_rule(run_get_rule(run));
	char *path = graph_file_make_path_beside(tally, 0);
	int result = output_check(path, &rule, ret_why);

	free((void *)rule.inputs);
	free(path);
	return result;
}

static int
write_graph(const struct run *run, const struct graph *graph, const char *path, char **ret_why)
{
	struct output_rule rule = graph_file_extend_rule(run_get_rule(run));
	int result = graph_file_save(graph, path, &rule, ret_why);

	free((void *)rule.inputs);
	return result;
}

/* Whether it was written; else it stays, and that was said. */
static bool
move_graph(const struct run *run, const char *kept)
{
	struct graph graph;
	char *path, *why = NULL;
	int result = graph_file_read(kept, GRAPH_FILE_SITES_MAX, &graph);

	if (result != 0) {
		warn_errno(result, "%s: cannot be read", kept);
		return false;
	}
	path = make_graph_path(run, &graph);
	result = write_graph(run, &graph, path, &why);
	if (why != NULL)
		warn("%s", why);
	else if (result != 0)
		warn_errno(result, "%s: cannot be written", path);
	if (result != 0)
		warn("the graph is %s", kept);
	graph_release(&graph);
	free(why);
	free(path);
	return result == 0;
}

void
run_move_graphs(const struct run *run)
{
	const char *kept;

	for (size_t i = 0; (kept = collector_get_graph(run->collector, i)) != NULL; i++)
		if (move_graph(run, kept))
			unlink(kept);
}
