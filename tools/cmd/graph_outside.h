/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_outside.h - who points at whom, without the help of the process: --core and --outside
 *
 * Whatever goes wrong ends the command.
 */
#ifndef GRAPH_OUTSIDE_H
#define GRAPH_OUTSIDE_H

struct graph;
struct report_options;
struct source;

/* Look at a core file, and read what its process was recorded by: that is named, or NULL and found.
 * The graph and the source are to be released. */
void graph_outside_read_core(const char *core, const char *names, struct report_options *options,
			     struct graph *ret_graph, struct source *ret_source);

/* Look once at the living process of a recording, which the user has called `operand`. */
void graph_outside_look(const char *recording, const char *operand, struct graph *ret_graph);

#endif
