/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image_graph.h - who points at whom in an image: the graph that a copy of the process would write
 *
 * What has no file of its own here is as in the runtime's look (lib/reach/): roots, what is passed
 * over, kinds of pointers.
 */
#ifndef IMAGE_GRAPH_H
#define IMAGE_GRAPH_H

#include "model/graph.h"

struct image;
struct image_known;

/* The graph is to be released; its `site_count` is the largest number. `quality.missed_bytes` is
 * what could not be read. */
void image_graph_make(struct graph *graph, struct image *image, const struct image_known *known);

#endif
