/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapped.h - what the program maps by itself, by who does it
 *
 * Bytes are those of resident pages that no other part has. Address space is counted beside them: a
 * reservation may be of any size.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"
#include "util/array.h"

struct attribution;
struct resident;

/* Add up the ranges of each site: how many, with *ret_sites to free. */
size_t mapped_sum_sites(const struct resident *resident, struct profile_mapped **ret_sites);

/* All of them together; the site is UINT32_MAX. */
struct profile_mapped mapped_add_up(const struct profile_mapped *sites, size_t count);

/* Keep the `limit` with most resident bytes; the others become one of no known site. Returns how
 * many there are then. */
size_t mapped_keep_largest(struct profile_mapped *sites, size_t count, size_t limit);

/* A line of the program. Its site is the one with most. */
struct mapped {
	struct profile_mapped all;
	uint64_t site_bytes; /* resident ones of that site */
};

struct mapped_list {
	ARRAY(struct mapped) lines; /* the one with most resident bytes first */
};

/* attribution names the sites. */
void mapped_list_init(struct mapped_list *list, const struct profile_mapped *sites, size_t count,
		      struct attribution *attribution);
void mapped_list_release(struct mapped_list *list);

#endif
