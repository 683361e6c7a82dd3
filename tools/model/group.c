/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.c - add up the sites of a profile by a key
 *
 * Values are those of the counters of the sites, or are made of single blocks. Blocks go to groups
 * directly, when the key is about them, or else to their sites first.
 */
#include "config.h"

#include "model/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "model/system_rules.h"
#include "util/array.h"
#include "util/wrap.h"
#include "util/xalloc.h"

#define NONE ATTRIBUTION_NONE

const char *const group_by_names[] = {
	[GROUP_BY_LINE] = "line",
	[GROUP_BY_FUNCTION] = "function",
	[GROUP_BY_FILE] = "file",
	[GROUP_BY_MODULE] = "module",
	[GROUP_BY_STACK] = "stack",
	[GROUP_BY_ALLOCATOR] = "allocator",
	[GROUP_BY_DOMAIN] = "domain",
	[GROUP_BY_PROCESS] = "process",
	[GROUP_BY_THREAD] = "thread",
	[GROUP_BY_SIZE] = "size",
	[GROUP_BY_GENERATION] = "generation",
	NULL,
};

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
	ARRAY(struct named) names;      /* the first one is none */
	ARRAY(uint32_t) names_of_group; /* the first one of each, in `names` */
	struct group_set *set;
};

/* A function that a group of sites at one line has. */
struct named {
	const char *function; /* of the table */
	uint32_t next;        /* in `names`; 0 is the end */
};

/* What is added to a group: a site, or one block of it. */
struct addition {
	struct attribution_site site;
	uint32_t number; /* of the site */
	const struct profile_values *values;
	int64_t end_bytes, end_blocks; /* live_* of the moment, at the peak too */
};

int
group_by_parse(const char *name, enum group_by *ret_by)
{
	for (unsigned i = 0; group_by_names[i]; i++) {
		if (strcmp(group_by_names[i], name) == 0) {
			*ret_by = (enum group_by)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
group_get_name(const struct group_options *options)
{
	return options->by == GROUP_BY_LINE && options->selection.native
		       ? GROUP_NATIVE
		       : group_by_names[options->by];
}

const char *
group_get_noun(const struct group_options *options, size_t count)
{
	static const char *const nouns[][2] = {
		[GROUP_BY_LINE] = {"line", "lines"},
		[GROUP_BY_FUNCTION] = {"function", "functions"},
		[GROUP_BY_FILE] = {"file", "files"},
		[GROUP_BY_MODULE] = {"module", "modules"},
		[GROUP_BY_STACK] = {"stack", "stacks"},
		[GROUP_BY_ALLOCATOR] = {"allocator", "allocators"},
		[GROUP_BY_DOMAIN] = {"domain", "domains"},
		[GROUP_BY_PROCESS] = {"process", "processes"},
		[GROUP_BY_THREAD] = {"thread", "threads"},
		[GROUP_BY_SIZE] = {"size", "sizes"},
		[GROUP_BY_GENERATION] = {"generation", "generations"},
	};

	return nouns[options->by][count != 1];
}

/*** groups ***/

static uint32_t
find_group(struct grouping *grouping, uint32_t key)
{
	while (grouping->group_of_key.count <= key)
		*array_push(&grouping->group_of_key) = NONE;
	if (grouping->group_of_key.items[key] == NONE) {
		uint32_t index = (uint32_t)grouping->groups.count;

		grouping->group_of_key.items[key] = index;
		*array_push(&grouping->groups) = (struct group){
			.key = key, .stack = NONE, .caller = PLACE_NONE, .ages = index};
		*array_push(&grouping->names_of_group) = 0;
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

/* Instances of a template, and whatever a macro made, share a line. */
static void
note_function(struct grouping *grouping, uint32_t group, const struct addition *addition)
{
	uint32_t *first = &grouping->names_of_group.items[group];
	const char *function =
		place_table_get(grouping->table, addition->site.position->place)->function;

	if (function == NULL)
		return;
	for (uint32_t i = *first; i != 0; i = grouping->names.items[i].next)
		if (grouping->names.items[i].function == function)
			return;
	if (grouping->names.count == 0)
		*array_push(&grouping->names) = (struct named){NULL, 0};
	*array_push(&grouping->names) = (struct named){function, *first};
	*first = (uint32_t)grouping->names.count - 1;
}

/* The caller is that of the largest site; when others have another one it is only somewhere there.
 */
static void
note_caller(struct grouping *grouping, struct group *group, const struct addition *addition,
	    bool largest)
{
	uint32_t caller = attribution_find_caller(grouping->attribution, &addition->site);
	bool agrees = group->sites == 1 || caller == group->caller;

	if (largest)
		group->caller = caller;
	if (!agrees && group->caller != PLACE_NONE)
		group->caller = place_table_insert_beyond(grouping->table, group->caller);
}

static void
note_call(struct grouping *grouping, struct group *group, const struct addition *addition)
{
	uint32_t call = attribution_find_call(grouping->attribution, &addition->site);

	if (call == ATTRIBUTION_NONE || (group->calls != 0 && call == group->call))
		return;
	group->call = call;
	group->calls++;
}

static void
add_to_group(struct grouping *grouping, uint32_t key, const struct addition *addition)
{
	uint32_t index = find_group(grouping, key); /* may move the groups */
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

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A line of several functions carries the name of none. */
static void
merge_names(struct grouping *grouping)
{
	ARRAY(const char *) functions = {0};

	for (size_t i = 0; i < grouping->groups.count; i++) {
		struct group *group = &grouping->groups.items[i];
		uint32_t outer, place;

		functions.count = 0;
		for (uint32_t k = grouping->names_of_group.items[i]; k != 0;
		     k = grouping->names.items[k].next)
			*array_push(&functions) = grouping->names.items[k].function;
		if (functions.count < 2)
			continue;
		qsort(functions.items, functions.count, sizeof(*functions.items), compare_names);
		outer = place_table_get_outer(grouping->table, group->stack);
		place = place_table_insert_instances(
			grouping->table, place_table_get_place(grouping->table, group->stack),
			functions.items, functions.count);
		group->stack = place_table_insert_stack(grouping->table, outer, place);
	}
	array_release(&functions);
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
add_cumulative(struct grouping *grouping, const struct addition *innermost)
{
	const struct profile *profile = grouping->profile;
	const struct attribution *attribution = grouping->attribution;
	struct addition addition = *innermost;
	struct attribution_site *site = &addition.site;
	bool inside = !grouping->options->selection.raw_frames &&
		      attribution->nodes[site->leaf].named != NONE;

	for (uint32_t node = site->leaf; node != 0; node = profile->nodes[node].parent) {
		uint32_t i = 0;

		site->frame = &attribution->frames[profile->nodes[node].frame];
		if (profile->frames[profile->nodes[node].frame].kind == PROFILE_FRAME_ALLOCATOR)
			continue;
		if (inside && profile->nodes[node].frame != attribution->nodes[site->leaf].named)
			continue;
		if (inside)
			i = site->frame->named;
		inside = false;
		for (; i < site->frame->count; i++) {
			uint32_t key;

			site->position = &attribution->positions[site->frame->first + i];
			key = get_place_key(grouping, site->position);
			if (note_seen(grouping, find_group(grouping, key), addition.number))
				add_to_group(grouping, key, &addition);
		}
	}
}

/* The frame at the end of a stack that the key is about: its first one, or its last. */
static uint32_t
get_end(const struct grouping *grouping, uint32_t leaf)
{
	const struct attribution_node *node = &grouping->attribution->nodes[leaf];

	if (grouping->options->by == GROUP_BY_ALLOCATOR)
		return grouping->profile->nodes[leaf].frame;
	return grouping->options->by == GROUP_BY_PROCESS ? node->process : node->thread;
}

static void
add_single(struct grouping *grouping, struct addition *addition)
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
suppress(const struct grouping *grouping, const struct addition *addition)
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

static void
count_named(struct grouping *grouping, const struct attribution_site *site, int64_t live_bytes)
{
	const struct place *place = place_table_get(grouping->table, site->position->place);
	struct group_set *set = grouping->set;

	if (place->file && place->line)
		set->live_with_line = wrap_add(set->live_with_line, live_bytes);
	if (place->file || place->function)
		set->live_with_name = wrap_add(set->live_with_name, live_bytes);
}

/* Count it in the sums over all groups; false if it is suppressed. */
static bool
add_to_sums(struct grouping *grouping, const struct addition *addition)
{
	if (suppress(grouping, addition))
		return false;
	profile_values_add(&grouping->set->sum, addition->values);
	count_named(grouping, &addition->site, addition->values->live_bytes);
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

static void
add_site(struct grouping *grouping, uint32_t number, const struct profile_values *recorded)
{
	struct profile_values values = *recorded;
	struct addition addition = {
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
	if (!add_to_sums(grouping, &addition))
		return;
	if (grouping->set->has_lifetimes)
		block_histogram_add(&grouping->set->all_lifetimes, &grouping->profile->blocks,
				    number);
	if (grouping->options->cumulative)
		add_cumulative(grouping, &addition);
	else
		add_single(grouping, &addition);
}

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
	index = find_group(grouping, key); /* may move the groups */
	group = &grouping->groups.items[index];
	profile_values_add(&group->values, &values);
	group->end_bytes = group->values.live_bytes;
	group->end_blocks = group->values.live_blocks;
	group->sites++;
	group->stack = place_table_insert_stack(grouping->table, 0, key);
	profile_values_add(&set->sum, &values);
	if (mapped->site < grouping->profile->site_count)
		count_named(grouping, &site, values.live_bytes);
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
	group = find_group(grouping, place);
	if (grouping->groups.items[group].stack == NONE)
		grouping->groups.items[group].stack =
			place_table_insert_stack(grouping->table, 0, place);
	return group;
}

/* Add one block that passed the filters to its group, or to the values of its site. */
static void
add_block(struct grouping *grouping, size_t index, const struct filter_block *filtered,
	  struct addition *addition, struct profile_values *sites)
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
	if (!add_to_sums(grouping, addition))
		return;
	profile_values_add(&grouping->groups.items[group].values, &values);
	grouping->groups.items[group].end_bytes = grouping->groups.items[group].values.live_bytes;
	grouping->groups.items[group].end_blocks = grouping->groups.items[group].values.live_blocks;
	grouping->groups.items[group].sites++;
	if (grouping->group_of_block != NULL)
		grouping->group_of_block[index] = group;
}

static void
add_blocks(struct grouping *grouping, uint64_t now_ns)
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
		struct addition addition = {.number = block->site};
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
		add_site(grouping, site, &sites[site]);
	/* The group of a site is only known now. */
	for (size_t i = 0; kept != NULL && i < profile->blocks.count; i++)
		if (kept[i] && grouping->group_of_block[i] == NONE)
			grouping->group_of_block[i] =
				grouping->group_of_site[profile->blocks.blocks[i].site];
	group_marks_release(&marks);
	free(kept);
	free(sites);
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
	array_release(&grouping->names);
	array_release(&grouping->names_of_group);
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
		add_blocks(&grouping, at->moment->time_ns);
	for (uint32_t site = 0; site < at->moment->site_count && !ret_set->by_blocks; site++)
		add_site(&grouping, site, &at->moment->values[site]);
	for (size_t i = 0; i < options->mapped_count && !ret_set->by_blocks; i++)
		add_mapped(&grouping, &options->mapped[i]);
	merge_names(&grouping);
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
