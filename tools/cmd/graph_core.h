/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_core.h - who points at whom in a core file: --core
 *
 * Whatever goes wrong ends the command.
 */
#ifndef GRAPH_CORE_H
#define GRAPH_CORE_H

struct graph;
struct report_options;
struct source;

/* Look at a core file, and read what its process was recorded by: that is named, or NULL and found.
 * The graph and the source are to be released. */
void graph_core_read(const char *core, const char *names, struct report_options *options,
		     struct graph *ret_graph, struct source *ret_source);

#endif
