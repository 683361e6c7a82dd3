/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.c - add up the sites of a profile by a key
 *
 * Values are those of the counters of the sites, or are made of single blocks. From a site to its
 * groups is grouping.c.
 */
#include "config.h"

#include "model/group.h"

#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "model/grouping.h"
#include "model/grouping_blocks.h"
#include "model/system_rules.h"
#include "util/array.h"
#include "util/xalloc.h"

/*** what is no block ***/

/* Who has no site is nobody that a filter could look at. */
static bool
keeps_mapped(const struct grouping *grouping, const struct profile_mapped *mapped,
	     struct attribution_site *ret_site)
{
	const struct profile *profile = grouping->profile;

	if (mapped->site >= profile->site_count)
		return grouping->options->selection.filters.count == 0;
	attribution_get_site(grouping->attribution, profile->sites[mapped->site], ret_site);
	return attribution_keep(grouping->attribution, ret_site, NULL);
}

static void
add_mapped(struct grouping *grouping, const struct profile_mapped *mapped)
{
	const struct profile_values values = {
		.live_bytes = (int64_t)mapped->resident_bytes,
		.live_blocks = mapped->range_count,
	};
	struct group_set *set = grouping->set;
	struct attribution_site site;
	struct group *group;
	uint32_t key, index;

	if (!keeps_mapped(grouping, mapped, &site))
		return;
	key = place_table_insert_name(grouping->table, PLACE_ALLOCATOR, PROFILE_DOMAIN_MMAP);
	index = grouping_find(grouping, key); /* may move the groups */
	group = &grouping->groups.items[index];
	profile_values_add(&group->values, &values);
	group->end_bytes = group->values.live_bytes;
	group->end_blocks = group->values.live_blocks;
	group->sites++;
	group->stack = place_table_insert_stack(grouping->table, 0, key);
	profile_values_add(&set->sum, &values);
	if (mapped->site < grouping->profile->site_count)
		grouping_count_named(grouping, &site, values.live_bytes);
}

/*** single blocks ***/

bool
group_needs_blocks(const struct group_options *options, const struct profile *profile)
{
	if (options->by >= GROUP_BY_SIZE || options->ages ||
	    filter_list_has_block(&options->selection.filters))
		return true;
	if (options->by != GROUP_BY_THREAD && !filter_list_has_thread(&options->selection.filters))
		return false;
	/* Threads are known for all moments when they were recorded as ends of stacks. */
	return !profile_has_threads(profile);
}

/* Whether the values have to be made of blocks, not only the ages. */
static bool
counts_blocks(const struct group_options *options, const struct profile *profile)
{
	struct group_options without_ages = *options;

	without_ages.ages = false;
	return profile->blocks.is_read && group_needs_blocks(&without_ages, profile);
}

/* So many times NONE. */
static uint32_t *
new_numbers(size_t count)
{
	uint32_t *numbers = xmalloc((count + 1) * sizeof(*numbers));

	memset(numbers, 0xff, (count + 1) * sizeof(*numbers));
	return numbers;
}

static void
fill_ages(struct grouping *grouping, uint64_t now_ns)
{
	const struct block_set *blocks = &grouping->profile->blocks;

	for (size_t i = 0; !grouping->set->by_blocks && i < blocks->count; i++)
		grouping->group_of_block[i] = grouping->group_of_site[blocks->blocks[i].site];
	group_fill_ages(grouping->set->ages, grouping->set->count, &grouping->set->all_ages, blocks,
			grouping->group_of_block, now_ns);
}

bool
group_is_end_of_run(const struct profile *profile, const struct profile_at *at)
{
	return !at->peak && profile->state != PROFILE_RUNNING &&
	       at->moment == &profile->moments[profile->moment_count - 1];
}

/* What the set has room for, before the first site. */
static void
begin_set(struct group_set *set, const struct profile *profile, const struct profile_at *at,
	  const struct group_options *options)
{
	*set = (struct group_set){.by_blocks = counts_blocks(options, profile)};
	set->has_lost = !set->by_blocks && leak_set_has_answer(&profile->leaks);
	set->has_lifetimes = (options->ages || options->lifetimes) && !set->by_blocks &&
			     profile->blocks.lifetimes_count != 0 &&
			     at->moment == &profile->moments[profile->moment_count - 1];
	if (options->selection.suppressions.count > 0)
		set->suppressed =
			xcalloc(options->selection.suppressions.count, sizeof(*set->suppressed));
	if (options->selection.system_rules && group_is_end_of_run(profile, at))
		set->kept = xcalloc(system_rule_count, sizeof(*set->kept));
}

static void
end_grouping(struct grouping *grouping)
{
	array_release(&grouping->group_of_key);
	group_functions_release(&grouping->functions);
	free(grouping->group_of_site);
	free(grouping->group_of_block);
	free(grouping->seen);
}

void
group_attributed(struct attribution *attribution, const struct profile_at *at,
		 const struct group_options *options, struct group_set *ret_set)
{
	const struct profile *profile = attribution->profile;
	struct grouping grouping = {
		.profile = profile,
		.options = options,
		.table = attribution->table,
		.attribution = attribution,
		.peak = at->peak,
		.has_threads = profile_has_threads(profile),
		.set = ret_set,
	};

	begin_set(ret_set, profile, at, options);
	if (options->by == GROUP_BY_STACK)
		attribution_prepare_stacks(attribution, 0, profile->site_count);
	if (options->ages) {
		grouping.group_of_site = new_numbers(profile->site_count);
		grouping.group_of_block = new_numbers(profile->blocks.count);
	}
	if (ret_set->by_blocks)
		grouping_add_blocks(&grouping, at->moment->time_ns);
	for (uint32_t site = 0; site < at->moment->site_count && !ret_set->by_blocks; site++)
		grouping_add_site(&grouping, site, &at->moment->values[site]);
	for (size_t i = 0; i < options->mapped_count && !ret_set->by_blocks; i++)
		add_mapped(&grouping, &options->mapped[i]);
	group_functions_merge(&grouping.functions, grouping.table, grouping.groups.items);
	ret_set->groups = grouping.groups.items;
	ret_set->count = grouping.groups.count;
	ret_set->ages = grouping.ages.items;
	ret_set->links = grouping.links.items;
	if (options->ages)
		fill_ages(&grouping, at->moment->time_ns);
	end_grouping(&grouping);
}

void
group_profile(const struct profile *profile, const struct profile_at *at,
	      const struct group_options *options, struct place_table *table, const uint32_t *alias,
	      struct group_set *ret_set)
{
	struct attribution attribution;

	attribution_init(&attribution, profile, &options->selection, table, alias);
	group_attributed(&attribution, at, options, ret_set);
	attribution_release(&attribution);
}
