/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * roots.h - memory that is no block, and may hold pointers to blocks
 */
#ifndef ROOTS_H
#define ROOTS_H

#include "model/graph.h"

struct image;
struct image_known;
struct scan;
struct shares;

/*
 * Read all of them, after the blocks; they, what they lead to, and their names are put into graph.
 * Counted there are memory that could not be read, and threads whose stack counts as a whole.
 */
void roots_read(struct graph *graph, struct scan *scan, const struct image *image,
		const struct image_known *known, const struct shares *shares);

#endif
