/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/snapshot_output.h - the files that `heaptally snapshot` writes, and what they may replace
 *
 * Whatever goes wrong ends the command.
 */
#ifndef SNAPSHOT_OUTPUT_H
#define SNAPSHOT_OUTPUT_H

#include <stdbool.h>

struct graph;
struct source;

/* Whether a tally of this name, which may be NULL, goes to standard output, where nothing else may
 * go. */
bool snapshot_output_is_stdout(const char *path);

/* Before anything is read, as far as can be told: whether a tally, and its graph, can be there. */
void snapshot_output_check(const char *path, bool force, bool has_graph, const char *input);

void snapshot_output_write(const char *path, bool force, const struct source *source);

/* Beside the tally. */
void snapshot_output_write_graph(const char *tally, bool force, const struct source *source,
				 const struct graph *graph);

#endif
