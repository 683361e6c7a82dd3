/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.c - add up the sites of a profile by a key
 *
 * Everything is first worked out for what is few (places, frames), then passed down the tree of
 * nodes, where a parent always comes before its children, and at last read off at the sites.
 */
#include "config.h"

#include "group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/xalloc.h"

#define NONE UINT32_MAX

const char *const group_by_names[] = {
	[GROUP_BY_LINE] = "line",     [GROUP_BY_FUNCTION] = "function",
	[GROUP_BY_FILE] = "file",     [GROUP_BY_MODULE] = "module",
	[GROUP_BY_STACK] = "stack",   [GROUP_BY_ALLOCATOR] = "allocator",
	[GROUP_BY_THREAD] = "thread", NULL,
};

/* One source position of a frame. */
struct position {
	uint32_t place; /* after aliasing */
	uint32_t key;   /* NONE until it is needed */
	uint64_t bits;  /* filters that match it */
};

struct frame_info {
	uint32_t first, count; /* in `positions`; innermost first */
	uint32_t named;        /* of these the first that may name a site, or `count` */
	uint64_t bits;         /* filters that match any of them */
	uint32_t rule;         /* first suppression that matches any of them, or SUPPRESS_NONE */
};

struct node_info {
	uint32_t named;  /* frame that names the site, or NONE */
	uint32_t recent; /* most recent frame that is not the allocator, or NONE */
	uint32_t thread; /* frame of the thread, or NONE */
	uint32_t rule;   /* first suppression that matches any frame, or SUPPRESS_NONE */
	uint64_t bits;
};

struct grouping {
	const struct profile *profile;
	const struct group_options *options;
	struct place_table *table;
	bool peak;
	struct position *positions;
	struct frame_info *frames;
	struct node_info *nodes;
	uint32_t *full_stacks, *named_stacks; /* by node, for GROUP_BY_STACK */
	ARRAY(struct group) groups;
	ARRAY(uint32_t) group_of_key;
	uint32_t *seen; /* by group: the last site that counted, for cumulative */
	size_t seen_capacity;
	struct group_set *set;
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

static uint32_t
position_count(const struct profile_frame *frame)
{
	return frame->location_count > 0 ? frame->location_count : 1;
}

void
group_insert_places(const struct profile *profile, struct place_table *table)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		for (uint32_t k = 0; k < position_count(frame); k++)
			place_table_insert(table, profile, frame, k);
	}
}

/*** frames ***/

static bool
may_name_site(const struct grouping *grouping, const struct place *place)
{
	if (place->kind == PLACE_ADDRESS)
		return true;
	if (place->kind != PLACE_CODE)
		return false;
	return grouping->options->raw_frames ||
	       !wrapper_match(place->function, place->file, place->module,
			      &grouping->options->wrappers);
}

static void
prepare_frame(struct grouping *grouping, const struct profile_frame *frame, struct frame_info *info,
	      const uint32_t *alias)
{
	info->count = info->named = position_count(frame);
	info->rule = SUPPRESS_NONE;
	for (uint32_t i = 0; i < info->count; i++) {
		struct position *position = &grouping->positions[info->first + i];
		uint32_t number = place_table_insert(grouping->table, grouping->profile, frame, i);
		const struct place *place = place_table_get(grouping->table, number);
		uint32_t rule = suppress_list_match_place(&grouping->options->suppressions, place);

		info->rule = rule < info->rule ? rule : info->rule;
		if (info->named == info->count && may_name_site(grouping, place))
			info->named = i;
		position->bits = filter_list_match_place(&grouping->options->filters, place);
		position->place = alias ? alias[number] : number;
		position->key = NONE;
		info->bits |= position->bits;
	}
}

static void
prepare_frames(struct grouping *grouping, const uint32_t *alias)
{
	const struct profile *profile = grouping->profile;
	size_t count = 0;

	grouping->frames = xcalloc(profile->frame_count + 1u, sizeof(*grouping->frames));
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		grouping->frames[i].first = (uint32_t)count;
		count += position_count(&profile->frames[i]);
	}
	grouping->positions = xcalloc(count + 1, sizeof(*grouping->positions));
	for (uint32_t i = 0; i < profile->frame_count; i++)
		prepare_frame(grouping, &profile->frames[i], &grouping->frames[i], alias);
}

/*** nodes ***/

static void
prepare_nodes(struct grouping *grouping)
{
	const struct profile *profile = grouping->profile;

	grouping->nodes = xmalloc((profile->node_count + 1u) * sizeof(*grouping->nodes));
	grouping->nodes[0] = (struct node_info){NONE, NONE, NONE, SUPPRESS_NONE, 0};
	for (uint32_t i = 1; i < profile->node_count; i++) {
		uint32_t number = profile->nodes[i].frame;
		const struct profile_frame *frame = &profile->frames[number];
		const struct frame_info *info = &grouping->frames[number];
		struct node_info *node = &grouping->nodes[i];

		*node = grouping->nodes[profile->nodes[i].parent];
		/* The allocator is no frame that filters look at, nor are the marks of cut stacks.
		 */
		if (frame->kind == PROFILE_FRAME_CODE || frame->kind == PROFILE_FRAME_ADDRESS) {
			node->bits |= info->bits;
			node->rule = info->rule < node->rule ? info->rule : node->rule;
		}
		if (info->named < info->count)
			node->named = number;
		if (frame->kind == PROFILE_FRAME_CODE || frame->kind == PROFILE_FRAME_ADDRESS ||
		    (node->recent == NONE && frame->kind != PROFILE_FRAME_ALLOCATOR))
			node->recent = number;
		if (frame->kind == PROFILE_FRAME_THREAD)
			node->thread = number;
	}
}

/* A stack that allocated, and what names it. */
struct site {
	uint32_t leaf;
	const struct profile_values *values;
	const struct frame_info *frame;
	struct position *position; /* of the frame */
};

/* When all are wrappers, the most recent one names the site. */
static void
name_site(const struct grouping *grouping, struct site *site)
{
	const struct node_info *node = &grouping->nodes[site->leaf];
	uint32_t recent =
		node->recent != NONE ? node->recent : grouping->profile->nodes[site->leaf].frame;
	bool named = node->named != NONE;

	site->frame = &grouping->frames[named ? node->named : recent];
	site->position =
		&grouping->positions[site->frame->first + (named ? site->frame->named : 0)];
}

/*** stacks ***/

static void
mark_stacks(struct grouping *grouping, uint32_t site_count)
{
	const struct profile *profile = grouping->profile;

	for (uint32_t site = 0; site < site_count; site++) {
		uint32_t node = profile->sites[site];

		for (; node != 0 && grouping->full_stacks[node] == NONE;
		     node = profile->nodes[node].parent)
			grouping->full_stacks[node] = 0;
	}
}

/*
 * The stack of every node, outermost place first, and how much of it is left when wrappers are
 * folded away at its inner end. Raw stacks keep all, the allocator included.
 */
static void
prepare_stacks(struct grouping *grouping, uint32_t site_count)
{
	const struct profile *profile = grouping->profile;
	size_t bytes = (profile->node_count + 1u) * sizeof(uint32_t);

	grouping->full_stacks = xmalloc(bytes);
	grouping->named_stacks = xmalloc(bytes);
	memset(grouping->full_stacks, 0xff, bytes);
	mark_stacks(grouping, site_count);
	grouping->full_stacks[0] = grouping->named_stacks[0] = 0;
	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		const struct frame_info *frame = &grouping->frames[node->frame];
		uint32_t stack;

		if (grouping->full_stacks[i] == NONE)
			continue;
		stack = grouping->full_stacks[node->parent];
		grouping->named_stacks[i] = grouping->named_stacks[node->parent];
		for (uint32_t k = frame->count; k > 0; k--) {
			uint32_t place = grouping->positions[frame->first + k - 1].place;

			stack = place_table_insert_stack(grouping->table, stack, place);
			if (frame->named == k - 1)
				grouping->named_stacks[i] = stack;
		}
		grouping->full_stacks[i] = stack;
	}
}

static uint32_t
get_stack(const struct grouping *grouping, uint32_t leaf)
{
	uint32_t parent = grouping->profile->nodes[leaf].parent;

	if (grouping->options->raw_frames)
		return grouping->full_stacks[leaf];
	if (grouping->named_stacks[leaf] != 0)
		return grouping->named_stacks[leaf];
	return parent ? grouping->full_stacks[parent] : grouping->full_stacks[leaf];
}

/*** groups ***/

static uint32_t
find_group(struct grouping *grouping, uint32_t key)
{
	while (grouping->group_of_key.count <= key)
		*array_push(&grouping->group_of_key) = NONE;
	if (grouping->group_of_key.items[key] == NONE) {
		grouping->group_of_key.items[key] = (uint32_t)grouping->groups.count;
		*array_push(&grouping->groups) =
			(struct group){.key = key, .stack = NONE, .caller = PLACE_NONE};
	}
	return grouping->group_of_key.items[key];
}

static uint32_t
get_place_key(struct grouping *grouping, struct position *position)
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
add_signed(int64_t *sum, int64_t value)
{
	*sum = (int64_t)((uint64_t)*sum + (uint64_t)value);
}

/* The places of the naming frame from its position outward, as a stack of their own. */
static uint32_t
make_frame_stack(struct grouping *grouping, const struct site *site)
{
	uint32_t first = (uint32_t)(site->position - grouping->positions);
	uint32_t stack = 0;

	for (uint32_t i = site->frame->first + site->frame->count; i > first; i--)
		stack = place_table_insert_stack(grouping->table, stack,
						 grouping->positions[i - 1].place);
	return stack;
}

static bool
has_name(const struct grouping *grouping, const struct position *position)
{
	const struct place *place = place_table_get(grouping->table, position->place);

	return place->function || place->file;
}

/* From the leaf of the stack to the naming frame, and on to the first one with a name. */
static uint32_t
find_caller(const struct grouping *grouping, const struct site *site)
{
	const struct profile *profile = grouping->profile;
	bool passed = false;

	if (has_name(grouping, site->position))
		return PLACE_NONE;
	for (uint32_t node = site->leaf; node != 0; node = profile->nodes[node].parent) {
		const struct frame_info *frame = &grouping->frames[profile->nodes[node].frame];

		if (passed && frame->named < frame->count) {
			const struct position *position =
				&grouping->positions[frame->first + frame->named];

			if (has_name(grouping, position))
				return position->place;
		}
		passed |= frame == site->frame;
	}
	return PLACE_NONE;
}

static void
add_to_group(struct grouping *grouping, uint32_t key, const struct site *site)
{
	uint32_t index = find_group(grouping, key); /* may move the groups */
	struct group *group = &grouping->groups.items[index];

	profile_values_add(&group->values, site->values);
	group->sites++;
	if (group->stack != NONE && site->values->live_bytes <= group->largest)
		return;
	group->largest = site->values->live_bytes;
	if (grouping->options->by == GROUP_BY_STACK) {
		group->stack = key;
	} else {
		group->stack = make_frame_stack(grouping, site);
		group->caller = find_caller(grouping, site);
	}
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
add_cumulative(struct grouping *grouping, uint32_t number, const struct site *innermost)
{
	const struct profile *profile = grouping->profile;
	bool inside =
		!grouping->options->raw_frames && grouping->nodes[innermost->leaf].named != NONE;
	struct site site = *innermost;

	for (uint32_t node = site.leaf; node != 0; node = profile->nodes[node].parent) {
		uint32_t i = 0;

		site.frame = &grouping->frames[profile->nodes[node].frame];
		if (profile->frames[profile->nodes[node].frame].kind == PROFILE_FRAME_ALLOCATOR)
			continue;
		if (inside && site.frame->named == site.frame->count)
			continue;
		if (inside)
			i = site.frame->named;
		inside = false;
		for (; i < site.frame->count; i++) {
			uint32_t key;

			site.position = &grouping->positions[site.frame->first + i];
			key = get_place_key(grouping, site.position);
			if (note_seen(grouping, find_group(grouping, key), number))
				add_to_group(grouping, key, &site);
		}
	}
}

static void
add_single(struct grouping *grouping, struct site *site)
{
	uint32_t thread = grouping->nodes[site->leaf].thread;

	switch (grouping->options->by) {
	case GROUP_BY_STACK:
		add_to_group(grouping, get_stack(grouping, site->leaf), site);
		return;
	case GROUP_BY_ALLOCATOR:
	case GROUP_BY_THREAD:
		if (grouping->options->by == GROUP_BY_ALLOCATOR)
			site->frame = &grouping->frames[grouping->profile->nodes[site->leaf].frame];
		else if (thread != NONE)
			site->frame = &grouping->frames[thread];
		site->position = &grouping->positions[site->frame->first];
		add_to_group(grouping, site->position->place, site);
		return;
	default:
		add_to_group(grouping, get_place_key(grouping, site->position), site);
	}
}

static bool
keep_site(const struct grouping *grouping, const struct site *site)
{
	const struct profile *profile = grouping->profile;
	const struct node_info *node = &grouping->nodes[site->leaf];
	const struct profile_frame *leaf = &profile->frames[profile->nodes[site->leaf].frame];
	struct filter_stack stack = {
		.allocator = leaf->allocator_name,
		.domain = leaf->offset >= PROFILE_POOL ? leaf->allocator_name : "malloc",
	};
	char thread[24];

	if (grouping->options->filters.count == 0)
		return true;
	if (stack.allocator && strcmp(stack.allocator, "tracked") == 0)
		stack.domain = "tracked";
	if (node->thread != NONE) {
		snprintf(thread, sizeof(thread), "%" PRIu64, profile->frames[node->thread].offset);
		stack.thread = thread;
	}
	return filter_list_keep(&grouping->options->filters, site->position->bits,
				node->bits | site->position->bits, &stack);
}

static bool
suppress_site(const struct grouping *grouping, const struct site *site)
{
	uint32_t rule = grouping->nodes[site->leaf].rule;

	if (rule == SUPPRESS_NONE)
		return false;
	profile_values_add(&grouping->set->suppressed[rule].values, site->values);
	grouping->set->suppressed[rule].sites += site->values->live_blocks > 0;
	return true;
}

static void
add_site(struct grouping *grouping, uint32_t number, const struct profile_values *recorded)
{
	struct profile_values values = *recorded;
	struct site site = {.leaf = grouping->profile->sites[number], .values = &values};
	const struct place *place;

	if (values.total_blocks == 0 && values.live_blocks == 0 && values.live_bytes == 0 &&
	    values.peak_blocks == 0)
		return;
	name_site(grouping, &site);
	if (!keep_site(grouping, &site))
		return;
	if (grouping->peak) {
		values.live_bytes = values.peak_bytes;
		values.live_blocks = values.peak_blocks;
	}
	if (suppress_site(grouping, &site))
		return;
	profile_values_add(&grouping->set->sum, &values);
	place = place_table_get(grouping->table, site.position->place);
	if (place->file && place->line)
		add_signed(&grouping->set->live_with_line, values.live_bytes);
	if (place->file || place->function)
		add_signed(&grouping->set->live_with_name, values.live_bytes);
	if (grouping->options->cumulative)
		add_cumulative(grouping, number, &site);
	else
		add_single(grouping, &site);
}

void
group_profile(const struct profile *profile, const struct profile_at *at,
	      const struct group_options *options, struct place_table *table, const uint32_t *alias,
	      struct group_set *ret_set)
{
	struct grouping grouping = {
		.profile = profile,
		.options = options,
		.table = table,
		.peak = at->peak,
		.set = ret_set,
	};

	memset(ret_set, 0, sizeof(*ret_set));
	if (options->suppressions.count > 0)
		ret_set->suppressed =
			xcalloc(options->suppressions.count, sizeof(*ret_set->suppressed));
	prepare_frames(&grouping, alias);
	prepare_nodes(&grouping);
	if (options->by == GROUP_BY_STACK)
		prepare_stacks(&grouping, at->moment->site_count);
	for (uint32_t site = 0; site < at->moment->site_count; site++)
		add_site(&grouping, site, &at->moment->values[site]);
	ret_set->groups = grouping.groups.items;
	ret_set->count = grouping.groups.count;
	free(grouping.positions);
	free(grouping.frames);
	free(grouping.nodes);
	free(grouping.full_stacks);
	free(grouping.named_stacks);
	array_release(&grouping.group_of_key);
	free(grouping.seen);
}

void
group_set_release(struct group_set *set)
{
	free(set->groups);
	free(set->suppressed);
	memset(set, 0, sizeof(*set));
}
