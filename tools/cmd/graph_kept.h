/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_kept.h - a graph that was kept: beside what is read, or by its own name
 *
 * Whatever goes wrong ends the command.
 */
#ifndef GRAPH_KEPT_H
#define GRAPH_KEPT_H

#include <stdbool.h>

struct graph;
struct report_options;
struct source;

/*
 * Read the graph beside a source, to release. False when there is none; of a recording, why its
 * process could leave none is in the source then. tally_answers: what a tally says of its leaks is
 * enough, and a graph that cannot be read is worth a warning only.
 */
bool graph_kept_read_beside(const struct source *source, bool tally_answers,
			    struct graph *ret_graph);

/* Read the graph at path, and what has the names of its sites, beside it. Both are to be released.
 */
void graph_kept_read_named(const char *path, struct report_options *options,
			   struct graph *ret_graph, struct source *ret_source);

#endif
