/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph_beside.h - a graph that was kept and the recording or the tally of its process, side by
 * side
 */
#ifndef GRAPH_BESIDE_H
#define GRAPH_BESIDE_H

struct graph;
struct source;

/*
 * Read the graph at path if it is of the process that the source shows, and of the same run. 0 with
 * a graph to release, which has the sites of the source; -ENOENT if there is none, or it is of
 * another; -EBADMSG also if it has sites that the source lacks; else as `graph_file_read`.
 */
int graph_beside_read(const struct source *source, const char *path, struct graph *ret_graph);

/* What has the names of a graph's sites: "x.4711.graph" may be of "x.tally". To free; NULL. */
char *graph_beside_find_names(const char *graph);

#endif
