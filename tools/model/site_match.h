/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * site_match.h - which sites of blocks a user means by a word
 */
#ifndef SITE_MATCH_H
#define SITE_MATCH_H

#include <stdbool.h>
#include <stdint.h>

struct place_table;
struct site_group_set;

/*
 * The groups whose place a word names: as a filter of `filter.h`, or else as the name of a
 * function, with or without its arguments, or the end of a path. 0 with *ret_matches of each group,
 * and how many it is true of; or -errno with a sentence to free: a filter must be about places.
 */
int site_match(const struct site_group_set *groups, const struct place_table *table,
	       const char *site, bool *ret_matches, uint32_t *ret_count, char **ret_why);

#endif
