/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grouping.h - groups in the making: from a site to its groups, and into all sums
 *
 *     site --filters--> rules --> sum of all --+--> its group, or with `cumulative`
 *                         +--> suppressed      +--> each of its stack once
 */
#ifndef GROUPING_H
#define GROUPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/group_by.h"
#include "model/group_functions.h"
#include "model/group_set.h"
#include "util/array.h"

struct grouping {
	const struct profile *profile;
	const struct group_options *options;
	struct place_table *table;
	bool peak, has_threads;
	struct attribution *attribution;
	ARRAY(struct group) groups;
	ARRAY(uint32_t) group_of_key;
	uint32_t *seen; /* by group: the last site that counted, for cumulative */
	size_t seen_capacity;
	uint32_t *group_of_site, *group_of_block; /* for ages, or NULL */
	ARRAY(struct group_ages) ages;
	ARRAY(struct group_link) links;
	struct group_functions functions; /* by line */
	struct group_set *set;
};

/* What is added to a group: a site, or one block of it. */
struct grouping_addition {
	struct attribution_site site;
	uint32_t number; /* of the site */
	const struct profile_values *values;
	int64_t end_bytes, end_blocks; /* live_* of the moment, at the peak too */
};

/* The number of the group with a key, which is made if there is none; it may move the groups. */
uint32_t grouping_find(struct grouping *grouping, uint32_t key);

/* Add a site with the values of the moment, if it passes the filters and is not suppressed. */
void grouping_add_site(struct grouping *grouping, uint32_t number,
		       const struct profile_values *recorded);

/* Count it in the sums over all groups; false if it is suppressed. */
bool grouping_add_to_sums(struct grouping *grouping, const struct grouping_addition *addition);

/* Count bytes of the sums by whether the place of their site has a name. */
void grouping_count_named(struct grouping *grouping, const struct attribution_site *site,
			  int64_t live_bytes);

#endif
