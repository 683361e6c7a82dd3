/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attribution.c - which frame names a site, and which filters match it
 *
 * Everything is first worked out for what is few (places, frames), then passed down the tree of
 * nodes, where a parent always comes before its children, and at last read off at the sites.
 */
#include "config.h"

#include "model/attribution.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/system_library.h"
#include "model/system_rules.h"
#include "util/xalloc.h"

#define NONE ATTRIBUTION_NONE

static uint32_t
position_count(const struct profile_frame *frame)
{
	return frame->location_count > 0 ? frame->location_count : 1;
}

void
attribution_insert_places(const struct profile *profile, struct place_table *table)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		for (uint32_t k = 0; k < position_count(frame); k++)
			place_table_insert(table, profile, frame, k);
	}
}

/*** frames ***/

static bool
may_name_site(const struct attribution *attribution, const struct place *place)
{
	if (place->kind == PLACE_ADDRESS)
		return true;
	if (place->kind != PLACE_CODE)
		return false;
	if (place->python)
		return !wrapper_match_python(place->function, &attribution->selection->wrappers);
	if (attribution->selection->raw_frames)
		return true;
	if (place->function == NULL && place->module != NULL &&
	    wrapper_match_address(place->module, place->offset, &attribution->selection->wrappers))
		return false;
	return !wrapper_match(place->function, place->file, place->module,
			      &attribution->selection->wrappers);
}

static void
prepare_system(struct attribution_frame *info, const struct place *place)
{
	const char *library =
		place->kind == PLACE_CODE ? system_library_find_module(place->module) : NULL;
	uint32_t rule = system_rules_match_place(place);

	info->is_system = library != NULL;
	info->is_loader = library != NULL && strcmp(library, "ld.so") == 0;
	info->is_entry = place->function != NULL && strcmp(place->function, "_start") == 0;
	info->kept = rule < info->kept ? rule : info->kept;
}

static void
prepare_frame(struct attribution *attribution, const struct profile_frame *frame,
	      struct attribution_frame *info, const uint32_t *alias)
{
	info->kind = frame->kind;
	info->count = info->named = position_count(frame);
	info->rule = SUPPRESS_NONE;
	info->kept = SYSTEM_RULE_NONE;
	info->foreign = true;
	for (uint32_t i = 0; i < info->count; i++) {
		struct attribution_position *position = &attribution->positions[info->first + i];
		uint32_t number =
			place_table_insert(attribution->table, attribution->profile, frame, i);
		uint32_t stands = alias ? alias[number] : number;
		const struct place *place = place_table_get(attribution->table, stands);
		uint32_t rule =
			suppress_list_match_place(&attribution->selection->suppressions, place);

		info->rule = rule < info->rule ? rule : info->rule;
		prepare_system(info, place);
		if (info->named == info->count && may_name_site(attribution, place))
			info->named = i;
		position->bits = filter_list_match_place(&attribution->selection->filters, place);
		position->place = stands;
		position->key = NONE;
		info->bits |= position->bits;
		info->foreign =
			place->kind != PLACE_CODE ||
			(!place->python && wrapper_is_foreign(place->function, place->module));
	}
}

static void
prepare_frames(struct attribution *attribution, const uint32_t *alias)
{
	const struct profile *profile = attribution->profile;
	size_t count = 0;

	attribution->frames = xcalloc(profile->frame_count + 1u, sizeof(*attribution->frames));
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		attribution->frames[i].first = (uint32_t)count;
		count += position_count(&profile->frames[i]);
	}
	attribution->positions = xcalloc(count + 1, sizeof(*attribution->positions));
	for (uint32_t i = 0; i < profile->frame_count; i++)
		prepare_frame(attribution, &profile->frames[i], &attribution->frames[i], alias);
}

/*** nodes ***/

static bool
is_code(enum profile_frame_kind kind)
{
	return kind == PROFILE_FRAME_CODE || kind == PROFILE_FRAME_ADDRESS ||
	       kind == PROFILE_FRAME_PYTHON;
}

/* What native frames name a node by, and Python's all the same. */
static void
name_node(const struct attribution *attribution, struct attribution_node *node, uint32_t number)
{
	const struct attribution_frame *info = &attribution->frames[number];
	bool native = attribution->selection->native || attribution->selection->raw_frames;

	if (node->in_python && info->kind != PROFILE_FRAME_PYTHON)
		return;
	if (info->named < info->count)
		node->named = number;
	if (!info->foreign)
		node->own = number;
	node->in_python |= info->kind == PROFILE_FRAME_PYTHON && !native && node->named == number;
}

/* What is known of a node becomes what is known of its child. */
static void
descend_system(struct attribution_node *node, const struct attribution_frame *info)
{
	enum profile_frame_kind kind = info->kind;

	if (kind == PROFILE_FRAME_ALLOCATOR || kind == PROFILE_FRAME_THREAD ||
	    kind == PROFILE_FRAME_PROCESS)
		return;
	if (kind == PROFILE_FRAME_TRUNCATED && node->system == ATTRIBUTION_AT_START) {
		node->system = ATTRIBUTION_UNSURE;
		return;
	}
	if (kind != PROFILE_FRAME_CODE || !info->is_system) {
		bool is_entry = kind == PROFILE_FRAME_CODE && info->is_entry;

		if (!is_entry || node->system != ATTRIBUTION_AT_START)
			node->system = ATTRIBUTION_NOT_SYSTEM;
		node->kept = SYSTEM_RULE_NONE;
		return;
	}
	if (node->system == ATTRIBUTION_UNSURE && !info->is_loader)
		node->system = ATTRIBUTION_NOT_SYSTEM;
	else if (node->system != ATTRIBUTION_NOT_SYSTEM)
		node->system = ATTRIBUTION_ALL_SYSTEM;
	node->kept = info->kept < node->kept ? info->kept : node->kept;
}

static void
prepare_nodes(struct attribution *attribution)
{
	const struct profile *profile = attribution->profile;

	attribution->nodes = xmalloc((profile->node_count + 1u) * sizeof(*attribution->nodes));
	attribution->nodes[0] = (struct attribution_node){
		.named = NONE,
		.own = NONE,
		.recent = NONE,
		.thread = NONE,
		.process = NONE,
		.rule = SUPPRESS_NONE,
		.kept = SYSTEM_RULE_NONE,
		.system = ATTRIBUTION_AT_START,
	};
	for (uint32_t i = 1; i < profile->node_count; i++) {
		uint32_t number = profile->nodes[i].frame;
		const struct attribution_frame *info = &attribution->frames[number];
		struct attribution_node *node = &attribution->nodes[i];

		*node = attribution->nodes[profile->nodes[i].parent];
		descend_system(node, info);
		/* The allocator is no frame that filters look at, nor are the marks of cut stacks.
		 */
		if (is_code(info->kind)) {
			node->bits |= info->bits;
			node->rule = info->rule < node->rule ? info->rule : node->rule;
		}
		name_node(attribution, node, number);
		if (is_code(info->kind) ||
		    (node->recent == NONE && info->kind != PROFILE_FRAME_ALLOCATOR))
			node->recent = number;
		if (info->kind == PROFILE_FRAME_THREAD)
			node->thread = number;
		if (info->kind == PROFILE_FRAME_PROCESS)
			node->process = number;
	}
}

void
attribution_get_site(const struct attribution *attribution, uint32_t leaf,
		     struct attribution_site *ret_site)
{
	const struct attribution_node *node = &attribution->nodes[leaf];
	uint32_t frame = attribution->profile->nodes[leaf].frame, position = 0;

	if (node->named != NONE) {
		frame = node->named;
		position = attribution->frames[frame].named;
	} else if (node->own != NONE) {
		frame = node->own;
		position = attribution->frames[frame].count - 1;
	} else if (node->recent != NONE) {
		frame = node->recent;
	}
	ret_site->leaf = leaf;
	ret_site->frame = &attribution->frames[frame];
	ret_site->position = &attribution->positions[ret_site->frame->first + position];
}

/*** stacks ***/

static void
mark_stacks(struct attribution *attribution, uint32_t first, uint32_t count)
{
	const struct profile *profile = attribution->profile;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t node = profile->sites[first + i];

		for (; node != 0 && attribution->full_stacks[node] == NONE;
		     node = profile->nodes[node].parent)
			attribution->full_stacks[node] = 0;
	}
}

/*
 * The stack of every node, outermost place first, and how much of it is left when wrappers are
 * folded away at its inner end. Raw stacks keep all, the allocator included.
 */
void
attribution_prepare_stacks(struct attribution *attribution, uint32_t first, uint32_t count)
{
	const struct profile *profile = attribution->profile;
	size_t bytes = (profile->node_count + 1u) * sizeof(uint32_t);

	if (attribution->full_stacks != NULL)
		return;
	attribution->full_stacks = xmalloc(bytes);
	attribution->named_stacks = xmalloc(bytes);
	memset(attribution->full_stacks, 0xff, bytes);
	mark_stacks(attribution, first, count);
	attribution->full_stacks[0] = attribution->named_stacks[0] = 0;
	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		const struct attribution_frame *frame = &attribution->frames[node->frame];
		uint32_t stack;

		if (attribution->full_stacks[i] == NONE)
			continue;
		stack = attribution->full_stacks[node->parent];
		attribution->named_stacks[i] = attribution->named_stacks[node->parent];
		for (uint32_t k = frame->count; k > 0; k--) {
			uint32_t place = attribution->positions[frame->first + k - 1].place;

			stack = place_table_insert_stack(attribution->table, stack, place);
			if (frame->named == k - 1 && attribution->nodes[i].named == node->frame)
				attribution->named_stacks[i] = stack;
		}
		attribution->full_stacks[i] = stack;
	}
}

uint32_t
attribution_get_stack(const struct attribution *attribution, uint32_t leaf)
{
	uint32_t parent = attribution->profile->nodes[leaf].parent;

	if (attribution->selection->raw_frames || attribution->selection->whole_stacks)
		return attribution->full_stacks[leaf];
	if (attribution->named_stacks[leaf] != 0)
		return attribution->named_stacks[leaf];
	return parent ? attribution->full_stacks[parent] : attribution->full_stacks[leaf];
}

uint32_t
attribution_make_stack(struct attribution *attribution, const struct attribution_site *site)
{
	uint32_t first = (uint32_t)(site->position - attribution->positions);
	uint32_t stack = 0;

	for (uint32_t i = site->frame->first + site->frame->count; i > first; i--)
		stack = place_table_insert_stack(attribution->table, stack,
						 attribution->positions[i - 1].place);
	return stack;
}

static bool
has_name(const struct attribution *attribution, const struct attribution_position *position)
{
	const struct place *place = place_table_get(attribution->table, position->place);

	return place->function || place->file;
}

/* From the leaf of the stack to the naming frame, and on to the first one with a name. */
uint32_t
attribution_find_caller(const struct attribution *attribution, const struct attribution_site *site)
{
	const struct profile *profile = attribution->profile;
	bool passed = false, beyond = false;

	if (has_name(attribution, site->position))
		return PLACE_NONE;
	for (uint32_t node = site->leaf; node != 0; node = profile->nodes[node].parent) {
		const struct attribution_frame *frame =
			&attribution->frames[profile->nodes[node].frame];

		if (passed && frame->named < frame->count) {
			const struct attribution_position *position =
				&attribution->positions[frame->first + frame->named];

			if (has_name(attribution, position))
				return beyond ? place_table_insert_beyond(attribution->table,
									  position->place)
					      : position->place;
		}
		beyond |= passed;
		passed |= frame == site->frame;
	}
	return PLACE_NONE;
}

uint32_t
attribution_find_call(const struct attribution *attribution, const struct attribution_site *site)
{
	const struct profile *profile = attribution->profile;
	uint32_t index = (uint32_t)(site->position - attribution->positions);
	uint32_t own = (uint32_t)(site->frame - attribution->frames), node = site->leaf;

	while (node != 0 && profile->nodes[node].frame != own)
		node = profile->nodes[node].parent;
	if (node != 0 && index + 1 == site->frame->first + site->frame->count)
		node = profile->nodes[node].parent;
	return node != 0 ? profile->nodes[node].frame : ATTRIBUTION_NONE;
}

const char *
attribution_get_domain(const struct attribution *attribution, uint32_t leaf)
{
	const struct profile *profile = attribution->profile;
	const struct profile_frame *frame = &profile->frames[profile->nodes[leaf].frame];

	if (frame->kind != PROFILE_FRAME_ALLOCATOR)
		return "malloc";
	return frame->offset >= PROFILE_POOL || strcmp(frame->name, "tracked") == 0 ? frame->name
										    : "malloc";
}

bool
attribution_keep(const struct attribution *attribution, const struct attribution_site *site,
		 const struct filter_block *block)
{
	const struct profile *profile = attribution->profile;
	const struct attribution_node *node = &attribution->nodes[site->leaf];
	const struct profile_frame *leaf = &profile->frames[profile->nodes[site->leaf].frame];
	struct filter_stack stack = {
		.allocator = leaf->kind == PROFILE_FRAME_ALLOCATOR ? leaf->name : NULL,
		.domain = attribution_get_domain(attribution, site->leaf),
		.block = block,
	};
	char thread[24];

	if (attribution->selection->filters.count == 0)
		return true;
	if (node->thread != NONE) {
		snprintf(thread, sizeof(thread), "%" PRIu64, profile->frames[node->thread].offset);
		stack.thread = thread;
		stack.thread_name = profile->frames[node->thread].name;
	} else if (block != NULL && attribution->filters_threads) {
		snprintf(thread, sizeof(thread), "%" PRIu32, block->thread);
		stack.thread = thread;
		stack.thread_name = thread_names_find(&attribution->threads, block->thread);
	}
	return filter_list_keep(&attribution->selection->filters, site->position->bits,
				node->bits | site->position->bits, &stack);
}

void
attribution_init(struct attribution *attribution, const struct profile *profile,
		 const struct selection *selection, struct place_table *table,
		 const uint32_t *alias)
{
	*attribution = (struct attribution){
		.profile = profile,
		.selection = selection,
		.table = table,
		.filters_threads = filter_list_has_thread(&selection->filters),
	};
	thread_names_init(&attribution->threads, profile);
	prepare_frames(attribution, alias);
	prepare_nodes(attribution);
}

void
attribution_release(struct attribution *attribution)
{
	thread_names_release(&attribution->threads);
	free(attribution->positions);
	free(attribution->frames);
	free(attribution->nodes);
	free(attribution->full_stacks);
	free(attribution->named_stacks);
	memset(attribution, 0, sizeof(*attribution));
}
