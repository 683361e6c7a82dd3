/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leak.h - kinds of blocks by site: what is lost, and what is held by whom
 *
 * What a graph comes to, small enough to be kept with a profile. Sites are indices in
 * `profile.sites`.
 */
#ifndef LEAK_H
#define LEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/graph.h"
#include "model/reach.h"

struct leak_values {
	uint64_t blocks[REACH_KINDS], bytes[REACH_KINDS];
	uint64_t reasons[REACH_REASONS]; /* blocks of the possible ones */
	uint64_t rings;                  /* definite ones that are in a cycle */
	uint64_t ring_blocks;            /* blocks of all these cycles */
	uint64_t hung_blocks,
		hung_bytes; /* indirect ones that hang on definite ones of this site */
};

/* What hangs on the lost blocks of one site, by site. */
struct leak_part {
	uint32_t head, site;
	bool in_ring; /* some are in a cycle with their head */
	uint64_t blocks, bytes;
};

/* Blocks of one site that begin with the same table of virtual functions. */
struct leak_class {
	uint32_t site;
	bool is_array;    /* behind their count */
	uint64_t table;   /* its address */
	uint64_t blocks;  /* all of them */
	uint64_t lost;    /* of these, definite and indirect ones */
	const char *name; /* of the class; of whoever has looked it up, or NULL */
};

/* Between two looks. */
struct leak_change {
	uint64_t came, went; /* blocks; what is at work does not count */
};

/* More have come than gone, and not by chance. */
bool leak_change_is_growth(const struct leak_change *change);

struct leak_set {
	bool is_known;
	int error; /* 0, or the -errno of why there was no look */
	struct leak_values *sites;
	struct leak_change *changes; /* by site; NULL without two looks */
	uint32_t site_count;
	struct leak_part *parts; /* by head; of one head the largest first */
	size_t part_count;
	struct leak_class *classes; /* by site */
	size_t class_count;
	struct leak_values forgotten; /* of before the last clearing */
	uint32_t looks;
	uint64_t apart_ns;      /* the first look from the last */
	uint32_t process_count; /* of a sum: those that were looked at */
	struct graph_quality quality;
};

/* What a graph says of the sites of a profile, which has so many. */
void leak_set_init(struct leak_set *set, const struct graph *graph, const struct reach *reach,
		   uint32_t site_count);
/* There was no look, for this -errno. */
void leak_set_init_refused(struct leak_set *set, int error, uint32_t site_count);

void leak_set_release(struct leak_set *set);

/*
 * Add a set to a sum over processes, whose sites have other numbers, [site_count of set]; the sum
 * has room for so many as there are by now. A set without an answer adds nothing. `leak_set_finish`
 * comes after the last.
 */
void leak_set_add(struct leak_set *sum, const struct leak_set *set, const uint32_t *sites,
		  uint32_t sum_site_count);
void leak_set_finish(struct leak_set *sum, uint32_t site_count);

/* One look at a process that goes on is not enough to say that something is lost. */
bool leak_set_is_sure(const struct leak_set *set);

/* Whether somebody has looked, and has found out. */
static inline bool
leak_set_has_answer(const struct leak_set *set)
{
	return set->is_known && set->error == 0;
}

/* Whether it comes from this graph, and no other look. */
bool leak_set_is_of(const struct leak_set *set, const struct graph *graph);

/* Note what has come and gone since an earlier look, by the number of the site in the graph. */
void leak_set_take_changes(struct leak_set *set, const uint64_t *came, const uint64_t *went,
			   uint32_t count);

/* Whether all numbers of sites are good. */
bool leak_set_is_valid(const struct leak_set *set, uint32_t site_count);

/* Definite and indirect ones. */
static inline uint64_t
leak_values_get_lost_bytes(const struct leak_values *values)
{
	return values->bytes[REACH_DEFINITE] + values->bytes[REACH_INDIRECT];
}

static inline uint64_t
leak_values_get_lost_blocks(const struct leak_values *values)
{
	return values->blocks[REACH_DEFINITE] + values->blocks[REACH_INDIRECT];
}

/* Of all kinds. */
uint64_t leak_values_get_all_bytes(const struct leak_values *values);
uint64_t leak_values_get_all_blocks(const struct leak_values *values);

void leak_values_add(struct leak_values *sum, const struct leak_values *values);

#endif
