/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * naming.c - which frame names a site, and which filters match it
 *
 * Everything is first worked out for what is few (places, frames), then passed down the tree of
 * nodes, where a parent always comes before its children, and at last read off at the sites.
 */
#include "config.h"

#include "model/naming.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

#define NONE NAMING_NONE

static uint32_t
position_count(const struct profile_frame *frame)
{
	return frame->location_count > 0 ? frame->location_count : 1;
}

void
naming_insert_places(const struct profile *profile, struct place_table *table)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		for (uint32_t k = 0; k < position_count(frame); k++)
			place_table_insert(table, profile, frame, k);
	}
}

/*** frames ***/

static bool
may_name_site(const struct naming *naming, const struct place *place)
{
	if (place->kind == PLACE_ADDRESS)
		return true;
	if (place->kind != PLACE_CODE)
		return false;
	return naming->options->raw_frames ||
	       !wrapper_match(place->function, place->file, place->module,
			      &naming->options->wrappers);
}

static void
prepare_frame(struct naming *naming, const struct profile_frame *frame, struct naming_frame *info,
	      const uint32_t *alias)
{
	info->count = info->named = position_count(frame);
	info->rule = SUPPRESS_NONE;
	for (uint32_t i = 0; i < info->count; i++) {
		struct naming_position *position = &naming->positions[info->first + i];
		uint32_t number = place_table_insert(naming->table, naming->profile, frame, i);
		uint32_t stands = alias ? alias[number] : number;
		const struct place *place = place_table_get(naming->table, stands);
		uint32_t rule = suppress_list_match_place(&naming->options->suppressions, place);

		info->rule = rule < info->rule ? rule : info->rule;
		if (info->named == info->count && may_name_site(naming, place))
			info->named = i;
		position->bits = filter_list_match_place(&naming->options->filters, place);
		position->place = stands;
		position->key = NONE;
		info->bits |= position->bits;
	}
}

static void
prepare_frames(struct naming *naming, const uint32_t *alias)
{
	const struct profile *profile = naming->profile;
	size_t count = 0;

	naming->frames = xcalloc(profile->frame_count + 1u, sizeof(*naming->frames));
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		naming->frames[i].first = (uint32_t)count;
		count += position_count(&profile->frames[i]);
	}
	naming->positions = xcalloc(count + 1, sizeof(*naming->positions));
	for (uint32_t i = 0; i < profile->frame_count; i++)
		prepare_frame(naming, &profile->frames[i], &naming->frames[i], alias);
}

/*** nodes ***/

static void
prepare_nodes(struct naming *naming)
{
	const struct profile *profile = naming->profile;

	naming->nodes = xmalloc((profile->node_count + 1u) * sizeof(*naming->nodes));
	naming->nodes[0] = (struct naming_node){NONE, NONE, NONE, SUPPRESS_NONE, 0};
	for (uint32_t i = 1; i < profile->node_count; i++) {
		uint32_t number = profile->nodes[i].frame;
		const struct profile_frame *frame = &profile->frames[number];
		const struct naming_frame *info = &naming->frames[number];
		struct naming_node *node = &naming->nodes[i];

		*node = naming->nodes[profile->nodes[i].parent];
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

void
naming_get_site(const struct naming *naming, uint32_t leaf, struct naming_site *ret_site)
{
	const struct naming_node *node = &naming->nodes[leaf];
	uint32_t recent = node->recent != NONE ? node->recent : naming->profile->nodes[leaf].frame;
	bool named = node->named != NONE;

	ret_site->leaf = leaf;
	ret_site->frame = &naming->frames[named ? node->named : recent];
	ret_site->position =
		&naming->positions[ret_site->frame->first + (named ? ret_site->frame->named : 0)];
}

/*** stacks ***/

static void
mark_stacks(struct naming *naming, uint32_t first, uint32_t count)
{
	const struct profile *profile = naming->profile;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t node = profile->sites[first + i];

		for (; node != 0 && naming->full_stacks[node] == NONE;
		     node = profile->nodes[node].parent)
			naming->full_stacks[node] = 0;
	}
}

/*
 * The stack of every node, outermost place first, and how much of it is left when wrappers are
 * folded away at its inner end. Raw stacks keep all, the allocator included.
 */
void
naming_prepare_stacks(struct naming *naming, uint32_t first, uint32_t count)
{
	const struct profile *profile = naming->profile;
	size_t bytes = (profile->node_count + 1u) * sizeof(uint32_t);

	naming->full_stacks = xmalloc(bytes);
	naming->named_stacks = xmalloc(bytes);
	memset(naming->full_stacks, 0xff, bytes);
	mark_stacks(naming, first, count);
	naming->full_stacks[0] = naming->named_stacks[0] = 0;
	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		const struct naming_frame *frame = &naming->frames[node->frame];
		uint32_t stack;

		if (naming->full_stacks[i] == NONE)
			continue;
		stack = naming->full_stacks[node->parent];
		naming->named_stacks[i] = naming->named_stacks[node->parent];
		for (uint32_t k = frame->count; k > 0; k--) {
			uint32_t place = naming->positions[frame->first + k - 1].place;

			stack = place_table_insert_stack(naming->table, stack, place);
			if (frame->named == k - 1)
				naming->named_stacks[i] = stack;
		}
		naming->full_stacks[i] = stack;
	}
}

uint32_t
naming_get_stack(const struct naming *naming, uint32_t leaf)
{
	uint32_t parent = naming->profile->nodes[leaf].parent;

	if (naming->options->raw_frames)
		return naming->full_stacks[leaf];
	if (naming->named_stacks[leaf] != 0)
		return naming->named_stacks[leaf];
	return parent ? naming->full_stacks[parent] : naming->full_stacks[leaf];
}

uint32_t
naming_make_stack(struct naming *naming, const struct naming_site *site)
{
	uint32_t first = (uint32_t)(site->position - naming->positions);
	uint32_t stack = 0;

	for (uint32_t i = site->frame->first + site->frame->count; i > first; i--)
		stack = place_table_insert_stack(naming->table, stack,
						 naming->positions[i - 1].place);
	return stack;
}

static bool
has_name(const struct naming *naming, const struct naming_position *position)
{
	const struct place *place = place_table_get(naming->table, position->place);

	return place->function || place->file;
}

/* From the leaf of the stack to the naming frame, and on to the first one with a name. */
uint32_t
naming_find_caller(const struct naming *naming, const struct naming_site *site)
{
	const struct profile *profile = naming->profile;
	bool passed = false;

	if (has_name(naming, site->position))
		return PLACE_NONE;
	for (uint32_t node = site->leaf; node != 0; node = profile->nodes[node].parent) {
		const struct naming_frame *frame = &naming->frames[profile->nodes[node].frame];

		if (passed && frame->named < frame->count) {
			const struct naming_position *position =
				&naming->positions[frame->first + frame->named];

			if (has_name(naming, position))
				return position->place;
		}
		passed |= frame == site->frame;
	}
	return PLACE_NONE;
}

bool
naming_keep(const struct naming *naming, const struct naming_site *site,
	    const struct filter_block *block)
{
	const struct profile *profile = naming->profile;
	const struct naming_node *node = &naming->nodes[site->leaf];
	const struct profile_frame *leaf = &profile->frames[profile->nodes[site->leaf].frame];
	struct filter_stack stack = {
		.allocator = leaf->allocator_name,
		.domain = leaf->offset >= PROFILE_POOL ? leaf->allocator_name : "malloc",
		.block = block,
	};
	char thread[24];

	if (naming->options->filters.count == 0)
		return true;
	if (stack.allocator && strcmp(stack.allocator, "tracked") == 0)
		stack.domain = "tracked";
	if (node->thread != NONE) {
		snprintf(thread, sizeof(thread), "%" PRIu64, profile->frames[node->thread].offset);
		stack.thread = thread;
	} else if (block != NULL && naming->filters_threads) {
		snprintf(thread, sizeof(thread), "%" PRIu32, block->thread);
		stack.thread = thread;
	}
	return filter_list_keep(&naming->options->filters, site->position->bits,
				node->bits | site->position->bits, &stack);
}

void
naming_init(struct naming *naming, const struct profile *profile,
	    const struct group_options *options, struct place_table *table, const uint32_t *alias)
{
	*naming = (struct naming){
		.profile = profile,
		.options = options,
		.table = table,
		.filters_threads = filter_list_has_thread(&options->filters),
	};
	prepare_frames(naming, alias);
	prepare_nodes(naming);
}

void
naming_release(struct naming *naming)
{
	free(naming->positions);
	free(naming->frames);
	free(naming->nodes);
	free(naming->full_stacks);
	free(naming->named_stacks);
	memset(naming, 0, sizeof(*naming));
}
