/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph_file.h - read the file in which the runtime says which block points at which
 */
#ifndef GRAPH_FILE_H
#define GRAPH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/graph.h"
#include "util/output.h"

/*
 * Read the graph at path, of a recording that has `site_count` sites by now. 0 with a graph to
 * release, which has an `error` if the runtime could not make one; -EBADMSG if the file is none or
 * is damaged; -EPROTO if it is of another version; or what open(2) and pread(2) say.
 */
int graph_file_read(const char *path, uint32_t site_count, struct graph *ret_graph);

/* Write a graph as the runtime does, at the beginning of a file. 0 or -errno. */
int graph_file_write(const struct graph *graph, int fd);

/* A rule with which a graph may be replaced, too. */
struct output_rule graph_file_extend_rule(struct output_rule rule);

/* Write it to a file of its own. 0; or -errno, with *ret_why as `output_begin` has it. */
int graph_file_save(const struct graph *graph, const char *path, const struct output_rule *rule,
		    char **ret_why);

/* No recording has more sites. */
#define GRAPH_FILE_SITES_MAX (1u << 27)

/* The number of the request that a graph answers. 0; -EPERM if it is not ours; else as
 * `graph_file_read`. */
int graph_file_read_serial(const char *path, uint32_t *ret_serial);

/* Remove one that answers a request of this number: numbers come again. */
void graph_file_remove_stale(const char *path, uint32_t serial);

/* Whether a file name is that of a graph. */
bool graph_file_is_name(const char *name);

/* Where the graph of the recording at path is. To free. */
char *graph_file_make_path(const char *recording);

/* The same beside a tally: "x.graph" for the process that it shows first, which is number 0 here,
 * "x.4711.graph" for others. To free. */
char *graph_file_make_path_beside(const char *tally, uint32_t pid);

#endif
