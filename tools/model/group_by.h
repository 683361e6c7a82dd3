/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group_by.h - what sites are grouped by, and what groups are called
 *
 * What names a site, and so most keys, is in `attribution.h`. Sizes, generations and conditions on
 * them are about single blocks: then the values are those of the blocks that pass, and only what is
 * live is known.
 */
#ifndef GROUP_BY_H
#define GROUP_BY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/selection.h"

struct profile_mapped;

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

#endif
