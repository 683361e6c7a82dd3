/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * naming.h - which frame names a site, and which filters match it
 *
 * The frame that names a site is found once for each node of the tree of stacks, from the root
 * down: a node is named by its own innermost place that is no wrapper, else like its parent. So
 * naming costs one pass over the nodes, however deep the stacks are.
 *
 *     node   main -> load -> std::vector::reserve -> operator new -> malloc
 *     named  main    load    load                    load            load
 */
#ifndef NAMING_H
#define NAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

#define NAMING_NONE UINT32_MAX

/* One source position of a frame. */
struct naming_position {
	uint32_t place; /* after aliasing */
	uint32_t key;   /* NAMING_NONE until it is needed */
	uint64_t bits;  /* filters that match it */
};

struct naming_frame {
	uint32_t first, count; /* in `positions`; innermost first */
	uint32_t named;        /* of these the first that may name a site, or `count` */
	uint64_t bits;         /* filters that match any of them */
	uint32_t rule;         /* first suppression that matches any of them, or SUPPRESS_NONE */
};

struct naming_node {
	uint32_t named;  /* frame that names the site, or NAMING_NONE */
	uint32_t recent; /* most recent frame that is not the allocator, or NAMING_NONE */
	uint32_t thread; /* frame of the thread, or NAMING_NONE */
	uint32_t rule;   /* first suppression that matches any frame, or SUPPRESS_NONE */
	uint64_t bits;
};

struct naming {
	const struct profile *profile;
	const struct group_options *options;
	struct place_table *table;
	struct naming_position *positions;
	struct naming_frame *frames;
	struct naming_node *nodes;
	bool filters_threads;
	uint32_t *full_stacks, *named_stacks; /* by node, after `naming_prepare_stacks` */
};

/* A stack that allocated, and what names it. */
struct naming_site {
	uint32_t leaf;
	const struct naming_frame *frame;
	struct naming_position *position; /* of the frame */
};

/* Put every place of profile into the table, for the aliases of `naming_init`. */
void naming_insert_places(const struct profile *profile, struct place_table *table);

/*
 * Name the nodes of profile, which must be symbolized. The table takes up the places; alias maps
 * them to those that stand for them and is NULL for none.
 */
void naming_init(struct naming *naming, const struct profile *profile,
		 const struct group_options *options, struct place_table *table,
		 const uint32_t *alias);
void naming_release(struct naming *naming);

/* Make the stacks of count sites from first on, for `naming_get_stack`. To be called once. */
void naming_prepare_stacks(struct naming *naming, uint32_t first, uint32_t count);

/* The whole stack of a leaf, less the wrappers at its inner end. */
uint32_t naming_get_stack(const struct naming *naming, uint32_t leaf);

/* What names the site of a leaf. When all are wrappers, that is the most recent frame. */
void naming_get_site(const struct naming *naming, uint32_t leaf, struct naming_site *ret_site);

/* The places of the naming frame from its position outward, as a stack of their own. */
uint32_t naming_make_stack(struct naming *naming, const struct naming_site *site);

/* Of a site whose place has no name: the next place outward with one, or PLACE_NONE. */
uint32_t naming_find_caller(const struct naming *naming, const struct naming_site *site);

/* Whether a site, or one block of it, passes the filters. */
bool naming_keep(const struct naming *naming, const struct naming_site *site,
		 const struct filter_block *block);

#endif
