/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * likeness.h - what the blocks of a graph look like: objects of classes, nodes of containers
 *
 * A class is told by the table of virtual functions that an object begins with. A node of a
 * container of the C++ library is told by who has allocated it, or where that says nothing by its
 * shape: then all of the container has to fit together, from the object that holds it on.
 */
#ifndef LIKENESS_H
#define LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/std_node.h"

struct graph;
struct owner_set;

#define LIKENESS_NONE 0 /* the first of `items` */

struct likeness {
	const char *name; /* of the class, or of the kind of container */
	bool is_array;    /* objects of the class, behind their count */
	bool is_node;
	uint32_t owner;     /* that the container is in, or OWNER_NONE */
	const char *holder; /* class of the block that it is in, or NULL */
};

struct likeness_set {
	struct likeness *items;
	uint32_t count;
	uint32_t *of_block;
};

/* How tables are found. */
struct likeness_naming {
	/* The class of the table at an address, which lives as long as the context; or NULL. */
	const char *(*find)(void *context, uint64_t address);
	void *context;
};

/* Of a graph; `sites` is what `std_node_find_sites` says of its `site_count` sites. Naming, owners
 * and sites may be NULL: then classes, owners or containers are not known. */
void likeness_set_init(struct likeness_set *set, const struct graph *graph,
		       const struct likeness_naming *naming, const struct owner_set *owners,
		       const enum std_node *sites, uint32_t site_count);
void likeness_set_release(struct likeness_set *set);

/* How many blocks of each group look like what, the most frequent first. */
struct likeness_part {
	uint32_t item;
	uint64_t blocks;
};

struct likeness_sum {
	struct likeness_part *parts;
	uint32_t *first; /* of each group, and the end of the last */
};

/* `groups` has that of each block, or UINT32_MAX; there are `count`. */
void likeness_sum_init(struct likeness_sum *sum, const struct likeness_set *set,
		       const struct graph *graph, const uint32_t *groups, uint32_t count);
void likeness_sum_release(struct likeness_sum *sum);

/* "Session", "Session[]", "std::map node of g_sessions", "std::list node of a Session". To free. */
char *likeness_format(const struct likeness *likeness, const struct owner_set *owners);

#endif
