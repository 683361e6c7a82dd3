/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.h - add up the sites of a profile by a key
 *
 * What names a site, and so most keys, is in `attribution.h`. Sizes, generations and conditions on
 * them are about single blocks: then the values are those of the blocks that pass, and only what is
 * live is known.
 */
#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group_blocks.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/selection.h"

enum group_by {
	GROUP_BY_LINE,
	GROUP_BY_FUNCTION,
	GROUP_BY_FILE,
	GROUP_BY_MODULE,
	GROUP_BY_STACK,
	GROUP_BY_ALLOCATOR,
	GROUP_BY_DOMAIN,  /* "malloc", or a pool on top of it */
	GROUP_BY_PROCESS, /* of a sum over processes */
	GROUP_BY_THREAD,
	GROUP_BY_SIZE, /* power of two */
	GROUP_BY_GENERATION,
};

/* "line", ...; NULL ends the table. */
extern const char *const group_by_names[];

/* 0 or -EINVAL. */
int group_by_parse(const char *name, enum group_by *ret_by);

struct attribution;

struct group_options {
	enum group_by by;
	bool cumulative; /* a site counts for every distinct key on its stack, once */
	bool ages;       /* of the live blocks of each group */
	bool lifetimes;  /* of its freed ones, where the last moment is asked for */
	/* With GROUP_BY_DOMAIN, what sites have mapped by themselves is a group: resident bytes,
	 * and ranges in the place of blocks. They are in the sums, too. */
	const struct profile_mapped *mapped;
	size_t mapped_count;
	struct selection selection;
};

/* By line, with the lines of what Python has called. */
#define GROUP_NATIVE "native"

/* What the groups are called by: a name of `group_by_names` or GROUP_NATIVE. */
const char *group_get_name(const struct group_options *options);

/* "3 lines", "1 process": the name for count groups, without the number. */
const char *group_get_noun(const struct group_options *options, size_t count);

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

/* Whether this can only be answered for single blocks, at the last moment of the profile. */
bool group_needs_blocks(const struct group_options *options, const struct profile *profile);

/*
 * Group the sites of profile, which must be symbolized, as of at. The table takes up the places; it
 * may hold those of another profile already. alias maps places to those that stand for them and is
 * NULL for none.
 */
void group_profile(const struct profile *profile, const struct profile_at *at,
		   const struct group_options *options, struct place_table *table,
		   const uint32_t *alias, struct group_set *ret_set);

/*
 * The same of several moments of a profile whose stacks have been attributed once, with the
 * selection of the options and always by the same key.
 */
void group_attributed(struct attribution *attribution, const struct profile_at *at,
		      const struct group_options *options, struct group_set *ret_set);

/* Whether at is the end of a process that ended: only then it is known what is not freed, and the
 * rules for system libraries apply. */
bool group_is_end_of_run(const struct profile *profile, const struct profile_at *at);

/* How long the freed blocks of a group of profile lived. */
void group_get_lifetimes(const struct group_set *set, const struct group *group,
			 const struct profile *profile, struct block_histogram *ret_lifetimes);

/* What all of `system_rules` left out. */
void group_get_kept(const struct group_set *set, struct profile_values *ret_kept);

void group_set_release(struct group_set *set);

#endif
