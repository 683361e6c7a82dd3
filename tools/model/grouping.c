/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/grouping.h"

#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "model/place.h"
#include "model/system_rules.h"
#include "util/wrap.h"
#include "util/xalloc.h"

#define NONE ATTRIBUTION_NONE

uint32_t
grouping_find(struct grouping *grouping, uint32_t key)
{
	while (grouping->group_of_key.count <= key)
		*array_push(&grouping->group_of_key) = NONE;
	if (grouping->group_of_key.items[key] == NONE) {
		uint32_t index = (uint32_t)grouping->groups.count;

		grouping->group_of_key.items[key] = index;
		*array_push(&grouping->groups) = (struct group){
			.key = key, .stack = NONE, .caller = PLACE_NONE, .ages = index};
		if (grouping->options->ages || grouping->options->lifetimes)
			*array_push(&grouping->ages) = (struct group_ages){0};
	}
	return grouping->group_of_key.items[key];
}

static uint32_t
get_place_key(struct grouping *grouping, struct attribution_position *position)
{
	static const enum place_key keys[] = {
		[GROUP_BY_LINE] = PLACE_KEY_LINE,
		[GROUP_BY_FUNCTION] = PLACE_KEY_FUNCTION,
		[GROUP_BY_FILE] = PLACE_KEY_FILE,
		[GROUP_BY_MODULE] = PLACE_KEY_MODULE,
	};

	if (position->key == NONE)
		position->key = place_table_insert_key(grouping->table, position->place,
						       keys[grouping->options->by]);
	return position->key;
}

static void
link_site(struct grouping *grouping, struct group_ages *ages, uint32_t site)
{
	if (grouping->links.count == 0)
		*array_push(&grouping->links) = (struct group_link){0, 0};
	*array_push(&grouping->links) = (struct group_link){site, ages->sites};
	ages->sites = (uint32_t)grouping->links.count - 1;
}

static void
note_function(struct grouping *grouping, uint32_t group, const struct grouping_addition *addition)
{
	const char *function =
		place_table_get(grouping->table, addition->site.position->place)->function;

	if (function != NULL)
		group_functions_insert(&grouping->functions, group, function);
}

/* The caller is that of the largest site; when others have another one it is only somewhere there.
 */
static void
note_caller(struct grouping *grouping, struct group *group,
	    const struct grouping_addition *addition, bool largest)
{
	uint32_t caller = attribution_find_caller(grouping->attribution, &addition->site);
	bool agrees = group->sites == 1 || caller == group->caller;

	if (largest)
		group->caller = caller;
	if (!agrees && group->caller != PLACE_NONE)
		group->caller = place_table_insert_beyond(grouping->table, group->caller);
}

static void
note_call(struct grouping *grouping, struct group *group, const struct grouping_addition *addition)
{
	uint32_t call = attribution_find_call(grouping->attribution, &addition->site);

	if (call == ATTRIBUTION_NONE || (group->calls != 0 && call == group->call))
		return;
	group->call = call;
	group->calls++;
}

static void
add_to_group(struct grouping *grouping, uint32_t key, const struct grouping_addition *addition)
{
	uint32_t index = grouping_find(grouping, key); /* may move the groups */
	struct group *group = &grouping->groups.items[index];
	enum group_by by = grouping->options->by;
	int64_t live = addition->values->live_bytes;
	bool largest = group->stack == NONE || live > group->largest;

	profile_values_add(&group->values, addition->values);
	group->end_bytes = wrap_add(group->end_bytes, addition->end_bytes);
	group->end_blocks = wrap_add(group->end_blocks, addition->end_blocks);
	group->sites++;
	if (grouping->group_of_site != NULL)
		grouping->group_of_site[addition->number] = index;
	if (grouping->set->has_lifetimes)
		link_site(grouping, &grouping->ages.items[index], addition->number);
	if (by == GROUP_BY_LINE)
		note_function(grouping, index, addition);
	/* A module is not called. */
	if (by == GROUP_BY_LINE || by == GROUP_BY_FUNCTION) {
		note_caller(grouping, group, addition, largest);
		note_call(grouping, group, addition);
	}
	if (!largest)
		return;
	group->largest = live;
	if (by == GROUP_BY_STACK)
		group->stack = key;
	else if (by == GROUP_BY_DOMAIN)
		group->stack = place_table_insert_stack(grouping->table, 0, key);
	else
		group->stack = attribution_make_stack(grouping->attribution, &addition->site);
}

/* Whether this site, by its number, counts for a group for the first time. */
static bool
note_seen(struct grouping *grouping, uint32_t group, uint32_t number)
{
	if (group >= grouping->seen_capacity) {
		size_t capacity = 2 * (size_t)group + 64;

		grouping->seen = xreallocarray(grouping->seen, capacity, sizeof(*grouping->seen));
		memset(grouping->seen + grouping->seen_capacity, 0xff,
		       (capacity - grouping->seen_capacity) * sizeof(*grouping->seen));
		grouping->seen_capacity = capacity;
	}
	if (grouping->seen[group] == number)
		return false;
	grouping->seen[group] = number;
	return true;
}

/* Once for each group on the stack of a site, however often recursion repeats it. */
static void
add_cumulative(struct grouping *grouping, const struct grouping_addition *innermost)
{
	const struct profile *profile = grouping->profile;
	const struct attribution *attribution = grouping->attribution;
	struct grouping_addition addition = *innermost;
	struct attribution_site *site = &addition.site;
	bool inside = !grouping->options->selection.raw_frames &&
		      attribution->nodes[site->leaf].naming == ATTRIBUTION_BY_NAME;

	for (uint32_t node = site->leaf; node != 0; node = profile->nodes[node].parent) {
		uint32_t i = 0;

		site->frame = &attribution->frames[profile->nodes[node].frame];
		if (profile->frames[profile->nodes[node].frame].kind == PROFILE_FRAME_ALLOCATOR)
			continue;
		if (inside && profile->nodes[node].frame != attribution->nodes[site->leaf].name)
			continue;
		if (inside)
			i = site->frame->named;
		inside = false;
		for (; i < site->frame->count; i++) {
			uint32_t key;

			site->position = &attribution->positions[site->frame->first + i];
			key = get_place_key(grouping, site->position);
			if (note_seen(grouping, grouping_find(grouping, key), addition.number))
				add_to_group(grouping, key, &addition);
		}
	}
}

/* The frame at the end of a stack that the key is about: its first one, or its last. */
static uint32_t
get_end(const struct grouping *grouping, uint32_t leaf)
{
	if (grouping->options->by == GROUP_BY_ALLOCATOR)
		return grouping->profile->nodes[leaf].frame;
	return attribution_get_end(grouping->attribution, leaf,
				   grouping->options->by == GROUP_BY_PROCESS
					   ? PROFILE_FRAME_PROCESS
					   : PROFILE_FRAME_THREAD);
}

static void
add_single(struct grouping *grouping, struct grouping_addition *addition)
{
	const struct attribution *attribution = grouping->attribution;
	struct attribution_site *site = &addition->site;
	uint32_t frame;

	switch (grouping->options->by) {
	case GROUP_BY_STACK:
		add_to_group(grouping, attribution_get_stack(attribution, site->leaf), addition);
		return;
	case GROUP_BY_DOMAIN:
		add_to_group(
			grouping,
			place_table_insert_name(grouping->table, PLACE_ALLOCATOR,
						attribution_get_domain(attribution, site->leaf)),
			addition);
		return;
	case GROUP_BY_ALLOCATOR:
	case GROUP_BY_PROCESS:
	case GROUP_BY_THREAD:
		frame = get_end(grouping, site->leaf);
		if (frame != NONE)
			site->frame = &attribution->frames[frame];
		site->position = &attribution->positions[site->frame->first];
		add_to_group(grouping, site->position->place, addition);
		return;
	default:
		add_to_group(grouping, get_place_key(grouping, site->position), addition);
	}
}

static bool
suppress(const struct grouping *grouping, const struct grouping_addition *addition)
{
	const struct attribution_node *node = &grouping->attribution->nodes[addition->site.leaf];
	struct group_suppressed *to = NULL;

	if (node->rule != SUPPRESS_NONE)
		to = &grouping->set->suppressed[node->rule];
	else if (grouping->set->kept != NULL && node->kept != SYSTEM_RULE_NONE)
		to = &grouping->set->kept[node->kept];
	else if (grouping->set->kept != NULL && node->system == ATTRIBUTION_ALL_SYSTEM)
		to = &grouping->set->kept[SYSTEM_RULE_START_UP];
	if (to == NULL)
		return false;
	profile_values_add(&to->values, addition->values);
	to->sites += addition->values->live_blocks > 0;
	return true;
}

void
grouping_count_named(struct grouping *grouping, const struct attribution_site *site,
		     int64_t live_bytes)
{
	const struct place *place = place_table_get(grouping->table, site->position->place);
	struct group_set *set = grouping->set;

	if (place->file && place->line)
		set->live_with_line = wrap_add(set->live_with_line, live_bytes);
	if (place->file || place->function)
		set->live_with_name = wrap_add(set->live_with_name, live_bytes);
}

bool
grouping_add_to_sums(struct grouping *grouping, const struct grouping_addition *addition)
{
	if (suppress(grouping, addition))
		return false;
	profile_values_add(&grouping->set->sum, addition->values);
	grouping_count_named(grouping, &addition->site, addition->values->live_bytes);
	return true;
}

/* What the last look says of a site, whichever moment is shown. */
static void
take_lost(const struct grouping *grouping, uint32_t number, struct profile_values *values)
{
	const struct leak_set *leaks = &grouping->profile->leaks;

	if (!grouping->set->has_lost || number >= leaks->site_count)
		return;
	values->lost_bytes = (int64_t)leak_values_get_lost_bytes(&leaks->sites[number]);
	values->lost_blocks = (int64_t)leak_values_get_lost_blocks(&leaks->sites[number]);
}

void
grouping_add_site(struct grouping *grouping, uint32_t number, const struct profile_values *recorded)
{
	struct profile_values values = *recorded;
	struct grouping_addition addition = {
		.number = number,
		.values = &values,
		.end_bytes = values.live_bytes,
		.end_blocks = values.live_blocks,
	};

	if (values.total_blocks == 0 && values.live_blocks == 0 && values.live_bytes == 0 &&
	    values.peak_blocks == 0)
		return;
	attribution_get_site(grouping->attribution, grouping->profile->sites[number],
			     &addition.site);
	/* Of blocks only those came here that passed. */
	if (!grouping->set->by_blocks &&
	    !attribution_keep(grouping->attribution, &addition.site, NULL))
		return;
	if (grouping->peak) {
		values.live_bytes = values.peak_bytes;
		values.live_blocks = values.peak_blocks;
	}
	take_lost(grouping, number, &values);
	if (!grouping_add_to_sums(grouping, &addition))
		return;
	if (grouping->set->has_lifetimes)
		block_histogram_add(&grouping->set->all_lifetimes, &grouping->profile->blocks,
				    number);
	if (grouping->options->cumulative)
		add_cumulative(grouping, &addition);
	else
		add_single(grouping, &addition);
}
