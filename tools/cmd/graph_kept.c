/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_kept.h"

#include <errno.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "model/graph.h"
#include "read/graph_beside.h"
#include "read/graph_file.h"
#include "read/source.h"
#include "read/source_file.h"
#include "util/error.h"

/* The graph is of no use: end the command, unless the tally has the answer. */
static void
leave_graph(const struct source *source, bool tally_answers, int error)
{
	bool has_answer = tally_answers && source->is_tally && source->profile->leaks.is_known;

	if (error == -EBADMSG && has_answer)
		warn("warning: %s: its graph is damaged; this is what the tally has", source->name);
	else if (error == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: its graph cannot be read: not a graph, or damaged",
		    source->name);
	else if (has_answer)
		warn_errno(error,
			   "warning: %s: its graph cannot be read; this is what the tally has",
			   source->name);
	else
		die_errno(COMMAND_TROUBLE, error, "%s: its graph cannot be read", source->name);
}

/* False when there is none of this name, or it is of another process, or of no use. */
static bool
read_graph(const struct source *source, bool tally_answers, const char *path,
	   struct graph *ret_graph)
{
	int result = graph_beside_read(source, path, ret_graph);

	if (result != 0 && result != -ENOENT)
		leave_graph(source, tally_answers, result);
	return result == 0;
}

bool
graph_kept_read_beside(const struct source *source, bool tally_answers, struct graph *ret_graph)
{
	char *path;
	bool found;

	if (!source->is_tally) {
		path = graph_file_make_path(source->path);
		found = read_graph(source, tally_answers, path, ret_graph);
		if (!found)
			source_take_look_error(source);
		free(path);
		return found;
	}
	path = graph_file_make_path_beside(source->path, 0);
	found = read_graph(source, tally_answers, path, ret_graph);
	if (!found) {
		free(path);
		path = graph_file_make_path_beside(source->path, source->profile->pid);
		found = read_graph(source, tally_answers, path, ret_graph);
	}
	free(path);
	return found;
}

void
graph_kept_read_named(const char *path, struct report_options *options, struct graph *ret_graph,
		      struct source *ret_source)
{
	struct graph graph;
	char *names = graph_beside_find_names(path);
	int result = graph_file_read(path, GRAPH_FILE_SITES_MAX, &graph);

	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: not a graph, or damaged", path);
	if (result != 0)
		die_errno(COMMAND_TROUBLE, result, "%s", path);
	if (names == NULL)
		die(COMMAND_TROUBLE,
		    "%s: the recording or the tally that it belongs to has to be beside it", path);
	if (source_file_is_tally(names))
		options->graph = &graph;
	report_load(options, names, NULL, ret_source);
	options->graph = NULL;
	graph_release(&graph);
	/* Who names the graph means it: what a tally says is no answer. */
	if (!read_graph(ret_source, false, path, ret_graph))
		die(COMMAND_TROUBLE, "%s: it is not of the same run as %s", path, names);
	free(names);
}
