/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.h - add up the sites of a profile by a key
 */
#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/group_by.h"
#include "model/group_set.h"
#include "model/place.h"
#include "model/profile.h"

struct attribution;

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

#endif
