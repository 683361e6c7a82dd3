/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/group_set.h"

#include <stdlib.h>
#include <string.h>

#include "model/system_rules.h"

void
group_get_lifetimes(const struct group_set *set, const struct group *group,
		    const struct profile *profile, struct block_histogram *ret_lifetimes)
{
	memset(ret_lifetimes, 0, sizeof(*ret_lifetimes));
	if (!set->has_lifetimes)
		return;
	for (uint32_t link = set->ages[group->ages].sites; link != 0; link = set->links[link].next)
		block_histogram_add(ret_lifetimes, &profile->blocks, set->links[link].site);
}

void
group_get_kept(const struct group_set *set, struct profile_values *ret_kept)
{
	*ret_kept = (struct profile_values){0};
	for (uint32_t i = 0; set->kept != NULL && i < system_rule_count; i++)
		profile_values_add(ret_kept, &set->kept[i].values);
}

void
group_set_release(struct group_set *set)
{
	free(set->groups);
	free(set->ages);
	free(set->links);
	free(set->suppressed);
	free(set->kept);
	memset(set, 0, sizeof(*set));
}
