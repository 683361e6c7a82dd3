/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/grouping_blocks.h"

#include <stdlib.h>

#include "model/attribution.h"
#include "model/filter.h"
#include "model/group_blocks.h"
#include "model/grouping.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/thread_name.h"
#include "util/xalloc.h"

#define NONE ATTRIBUTION_NONE

static uint64_t
get_size_class(uint64_t bytes)
{
	return bytes == 0 ? 0 : (uint64_t)1 << (63 - __builtin_clzll(bytes));
}

/* The group of a block, when the key is about blocks; else NONE. */
static uint32_t
find_block_group(struct grouping *grouping, const struct filter_block *block)
{
	enum place_kind kind;
	const char *name = NULL;
	uint64_t number;
	uint32_t place, group;

	switch (grouping->options->by) {
	case GROUP_BY_SIZE:
		kind = PLACE_SIZE;
		number = get_size_class(block->bytes);
		break;
	case GROUP_BY_GENERATION:
		kind = PLACE_GENERATION;
		number = block->generation;
		break;
	case GROUP_BY_THREAD:
		if (grouping->has_threads)
			return NONE;
		kind = PLACE_THREAD;
		number = block->thread;
		name = thread_names_find(&grouping->attribution->threads, number);
		break;
	default:
		return NONE;
	}
	place = place_table_insert_number(grouping->table, kind, number, name);
	group = grouping_find(grouping, place);
	if (grouping->groups.items[group].stack == NONE)
		grouping->groups.items[group].stack =
			place_table_insert_stack(grouping->table, 0, place);
	return group;
}

/* Add one block that passed the filters to its group, or to the values of its site. */
static void
add_block(struct grouping *grouping, size_t index, const struct filter_block *filtered,
	  struct grouping_addition *addition, struct profile_values *sites)
{
	const struct block *block = &grouping->profile->blocks.blocks[index];
	const struct profile_values values = {
		.live_bytes = (int64_t)block->bytes,
		.live_blocks = 1,
		.rounding_bytes = block->rounding,
	};
	uint32_t group = find_block_group(grouping, filtered);

	if (group == NONE) {
		profile_values_add(&sites[block->site], &values);
		return;
	}
	addition->values = &values;
	if (!grouping_add_to_sums(grouping, addition))
		return;
	profile_values_add(&grouping->groups.items[group].values, &values);
	grouping->groups.items[group].end_bytes = grouping->groups.items[group].values.live_bytes;
	grouping->groups.items[group].end_blocks = grouping->groups.items[group].values.live_blocks;
	grouping->groups.items[group].sites++;
	if (grouping->group_of_block != NULL)
		grouping->group_of_block[index] = group;
}

void
grouping_add_blocks(struct grouping *grouping, uint64_t now_ns)
{
	const struct profile *profile = grouping->profile;
	struct profile_values *sites = xcalloc(profile->site_count, sizeof(*sites));
	bool *kept = grouping->group_of_block != NULL
			     ? xcalloc(profile->blocks.count, sizeof(*kept))
			     : NULL;
	struct group_marks marks;

	group_marks_init(&marks, profile);
	for (size_t i = 0; i < profile->blocks.count; i++) {
		const struct block *block = &profile->blocks.blocks[i];
		struct grouping_addition addition = {.number = block->site};
		struct filter_block filtered;

		group_describe_block(block, &marks, now_ns, &filtered);
		attribution_get_site(grouping->attribution, profile->sites[block->site],
				     &addition.site);
		if (!attribution_keep(grouping->attribution, &addition.site, &filtered))
			continue;
		if (kept != NULL)
			kept[i] = true;
		add_block(grouping, i, &filtered, &addition, sites);
	}
	for (uint32_t site = 0; site < profile->site_count; site++)
		grouping_add_site(grouping, site, &sites[site]);
	/* The group of a site is only known now. */
	for (size_t i = 0; kept != NULL && i < profile->blocks.count; i++)
		if (kept[i] && grouping->group_of_block[i] == NONE)
			grouping->group_of_block[i] =
				grouping->group_of_site[profile->blocks.blocks[i].site];
	group_marks_release(&marks);
	free(kept);
	free(sites);
}
