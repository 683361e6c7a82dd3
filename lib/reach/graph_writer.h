/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph_writer.h - the file of a graph, written front to back
 *
 * Edges are written as they are found, so that they need no memory.
 */
#ifndef GRAPH_WRITER_H
#define GRAPH_WRITER_H

#include "base/base.h"
#include "include/graph.h"

#define GRAPH_PATH_BYTES 4200

struct graph_writer {
	int fd; /* or negative */
	int error;
	char *buffer;
	size_t used;
	uint64_t offset; /* in the file, of the buffer */
	uint64_t limit;  /* that the file must not grow beyond */
	char path[GRAPH_PATH_BYTES], partial[GRAPH_PATH_BYTES];
	struct graph_header header;
};

/* The graph of the recording at `recording`. 0 or -errno. [signal] */
int graph_writer_init(struct graph_writer *writer, const char *recording);

/* Append to what was begun last; `extent` is one of the writer's header, whose count the caller
 * knows. [signal] */
void graph_writer_begin(struct graph_writer *writer, struct graph_extent *extent);
void graph_writer_put(struct graph_writer *writer, const void *records, size_t bytes);

/* Give it its name; `error` is why there is no graph, or 0. What went wrong before is the reason,
 * too. 0 or -errno, when there is not even that. [signal] */
int graph_writer_finish(struct graph_writer *writer, int error);

#endif
