/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group_set.h - the sites of a profile, added up by a key
 */
#ifndef GROUP_SET_H
#define GROUP_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/group_blocks.h"
#include "model/profile.h"

/* What one rule left out of the groups and of all sums. */
struct group_suppressed {
	struct profile_values values;
	uint64_t sites; /* that hold a block at the moment */
};

/* A site of a group. There may be a million groups, so histograms are made when they are shown. */
struct group_link {
	uint32_t site, next; /* in `group_set.links`; 0 is the end */
};

struct group {
	/* live_* are those of the chosen moment: at the peak, the same as peak_*. */
	struct profile_values values;
	int64_t end_bytes, end_blocks; /* live_* of the moment, at the peak too */
	uint32_t key;                  /* a place, or with GROUP_BY_STACK a stack */
	/*
	 * With GROUP_BY_STACK the key; else the frame that names the largest site of the group: its
	 * innermost place that is no wrapper, and what that is inlined into. When the functions of
	 * sites at one line differ, the place is that of all of them.
	 */
	uint32_t stack;
	/* Of a place without any name, by line or function: the next place with one, or PLACE_NONE.
	 * It is `beyond` unless it is the caller of all sites of the group. */
	uint32_t caller;
	uint32_t sites;
	/* Where what names the last site was called from, and how often that was another place than
	 * before: 1 where there is a single one. By line or function. */
	uint32_t call, calls;
	uint32_t ages; /* in `group_set.ages` */
	int64_t largest;
};

struct group_set {
	struct group *groups; /* in the order of first sight */
	size_t count;
	struct profile_values sum; /* over the sites that passed the filters */
	int64_t live_with_line;    /* bytes of `sum.live_bytes` whose place has file and line */
	int64_t live_with_name;    /* the same for file or function */
	bool by_blocks;            /* only live values are known */
	bool has_lost;             /* what is lost is known */
	bool has_lifetimes;
	struct group_ages *ages;    /* NULL if neither ages nor lifetimes were asked for */
	struct group_ages all_ages; /* of everything in `sum` */
	struct group_link *links;   /* the first one is none; NULL without lifetimes */
	struct block_histogram all_lifetimes;
	struct group_suppressed *suppressed; /* by rule; NULL without rules */
	struct group_suppressed *kept; /* by rule of `system_rules`; NULL where they do not apply */
};

/* How long the freed blocks of a group of profile lived. */
void group_get_lifetimes(const struct group_set *set, const struct group *group,
			 const struct profile *profile, struct block_histogram *ret_lifetimes);

/* What all of `system_rules` left out. */
void group_get_kept(const struct group_set *set, struct profile_values *ret_kept);

void group_set_release(struct group_set *set);

#endif
