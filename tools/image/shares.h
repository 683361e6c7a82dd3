/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shares.h - where the threads of an image have the thread-local variables of loaded objects
 *
 * As in the runtime (lib/reach/thread_locals.h): those in memory that the loader has by malloc are
 * roots, and no blocks.
 */
#ifndef SHARES_H
#define SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/graph.h"
#include "util/array.h"

struct image;
struct image_known;

struct image_share {
	struct graph_share share; /* its name is not set */
	const char *object;       /* name, as in the mappings of the image */
	bool is_hidden;           /* only the loader knows where it is */
};

struct shares {
	ARRAY(struct image_share) list; /* in ascending order, none in another */
	size_t next;
	size_t asked; /* how often a thread was asked */
};

/* Where libc keeps what it knows of the threads whose registers do not say it. */
void shares_find_threads(struct image *image, const struct image_known *known);

/* To be released; empty if the image does not tell. */
void shares_init(struct shares *shares, const struct image *image, const struct image_known *known);
void shares_release(struct shares *shares);

/* Whether a block is nothing but such memory. Blocks come in ascending order. */
bool shares_take(struct shares *shares, uint64_t start, uint64_t end);

#endif
