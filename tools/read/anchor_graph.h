/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor_graph.h - who points at whom in a process that is not asked, by its anchor
 *
 * Whatever the anchor does not say of the graph is not set: how it was taken, and from what.
 */
#ifndef ANCHOR_GRAPH_H
#define ANCHOR_GRAPH_H

#include <stdint.h>
#include <sys/types.h>

struct graph;
struct image;
struct memory;
struct snapshot_anchor;

/* The graph of an image whose tables were read into memory, to release. Its work began at start_ns
 * of CLOCK_MONOTONIC. */
void anchor_graph_make(struct graph *ret_graph, struct image *image,
		       const struct snapshot_anchor *anchor, const struct memory *memory,
		       uint64_t start_ns);

/*
 * Look at a living process, which goes on, and began at this time. 0 with a graph to release;
 * -ESRCH if it has ended or become another program; -EPERM if its memory may not be read; else as
 * `snapshot_anchor_find` and `snapshot_anchor_read_blocks`.
 */
int anchor_graph_look(pid_t pid, uint64_t start_monotonic_ns, struct graph *ret_graph);

#endif
