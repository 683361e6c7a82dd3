/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * referrers.h - how the blocks of a site are held: by whom, from where, at which place of theirs
 *
 * A way of being held is a source (a site or an owner), a place in it, and a place in what is held.
 * When blocks of one source hold at more than REFERRER_PLACES places, as a table does, the place in
 * it does not matter.
 */
#ifndef REFERRERS_H
#define REFERRERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/graph.h"

struct owner_set;

#define REFERRER_PLACES 8

struct referrer {
	bool is_owner;
	uint32_t who; /* a group, or RETAINED_NO_GROUP; an owner, or OWNER_NONE: a dead stack */
	enum graph_how how;
	uint64_t offset; /* in what is held, bytes */
	uint64_t place;  /* in the source, bytes */
	bool any_place;
	bool is_least;         /* offset, or place, may be larger */
	uint64_t source_bytes; /* of the blocks that hold; 0 if they differ, or are none */
	uint64_t pointers;
	uint64_t blocks; /* that are held like this */
};

struct referrer_pointer {
	uint64_t arc;
	uint64_t source; /* a block, or block_count + a root */
	uint32_t way;    /* in `ways` */
};

struct referrer_set {
	struct referrer *ways; /* what holds most blocks first */
	size_t count;
	uint64_t pointers;             /* at any of the blocks */
	uint64_t blocks, bytes;        /* all that were asked for */
	uint64_t unheld;               /* of these, that no word points at */
	struct referrer_pointer *list; /* those at the one block that was named */
	size_t list_count;
};

/* What holds the blocks that are marked in `targets`; `groups` has the group of each block. Those
 * that point at `block` are listed, if it is not SIZE_MAX. */
void referrer_set_init(struct referrer_set *set, const struct graph *graph,
		       const struct owner_set *owners, const uint32_t *groups, const bool *targets,
		       size_t block);
void referrer_set_release(struct referrer_set *set);

#endif
