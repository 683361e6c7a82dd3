/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocator.h - what the allocator has to itself: no root, whatever lies in it
 */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include "model/graph.h"

struct image;
struct image_known;
struct ranges;

/* Add it to ranges. The blocks are those of graph. */
void allocator_get_memory(const struct image *image, const struct graph *graph,
			  const struct image_known *known, struct ranges *ranges);

#endif
