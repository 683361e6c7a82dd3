/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * far_places.h - places of edges that an edge has no room for
 *
 * They wait in memory until all edges are written. There may be millions in a program with an
 * allocator of its own in large blocks: then the last are left out.
 */
#ifndef FAR_PLACES_H
#define FAR_PLACES_H

#include "base/base.h"
#include "include/graph.h"

#define FAR_PLACES_MAX ((size_t)1 << 21)

/* Zeroed, it is empty. */
struct far_places {
	struct graph_far *items;
	size_t count, capacity;
};

/* In ascending order of edges. [signal] */
void far_places_insert(struct far_places *places, uint64_t edge, uint64_t offset, uint64_t word);
/* How many there will be room for when they grow; 0: they do not any more. */
size_t far_places_get_next(const struct far_places *places);
void far_places_release(struct far_places *places);

#endif
