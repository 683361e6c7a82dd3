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
	enum attribution_naming naming = ATTRIBUTION_BY_NOTHING;

	if (node->in_python && info->kind != PROFILE_FRAME_PYTHON)
		return;
	if (info->named < info->count)
		naming = ATTRIBUTION_BY_NAME;
	else if (!info->foreign)
		naming = ATTRIBUTION_BY_OWN;
	else if (is_code(info->kind) ||
		 (node->naming == ATTRIBUTION_BY_NOTHING && info->kind != PROFILE_FRAME_ALLOCATOR))
		naming = ATTRIBUTION_BY_RECENT;
	if (naming == ATTRIBUTION_BY_NOTHING || naming < node->naming)
		return;
	node->naming = (uint8_t)naming;
	node->name = number;
	node->in_python |=
		info->kind == PROFILE_FRAME_PYTHON && !native && naming == ATTRIBUTION_BY_NAME;
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
prepare_node(struct attribution *attribution, uint32_t i)
{
	const struct profile_node *from = &attribution->profile->nodes[i];
	const struct attribution_frame *info = &attribution->frames[from->frame];
	struct attribution_node *node = &attribution->nodes[i];
	/* The allocator is no frame that filters look at, nor are the marks of cut stacks. */
	bool is_matched = is_code(info->kind);

	*node = attribution->nodes[from->parent];
	descend_system(node, info);
	if (is_matched && info->rule < node->rule)
		node->rule = info->rule;
	if (attribution->bits != NULL)
		attribution->bits[i] =
			attribution->bits[from->parent] | (is_matched ? info->bits : 0);
	name_node(attribution, node, from->frame);
	if (info->kind == PROFILE_FRAME_THREAD || info->kind == PROFILE_FRAME_PROCESS)
		node->ends = i;
}

static void
prepare_nodes(struct attribution *attribution)
{
	uint32_t count = attribution->profile->node_count;

	attribution->nodes = xmalloc((count + 1u) * sizeof(*attribution->nodes));
	attribution->nodes[0] = (struct attribution_node){
		.name = NONE,
		.rule = SUPPRESS_NONE,
		.kept = SYSTEM_RULE_NONE,
		.naming = ATTRIBUTION_BY_NOTHING,
		.system = ATTRIBUTION_AT_START,
	};
	if (attribution->selection->filters.count != 0)
		attribution->bits = xcalloc(count + 1u, sizeof(*attribution->bits));
	for (uint32_t i = 1; i < count; i++)
		prepare_node(attribution, i);
}

uint32_t
attribution_get_end(const struct attribution *attribution, uint32_t leaf,
		    enum profile_frame_kind kind)
{
	const struct profile *profile = attribution->profile;
	uint32_t node = attribution->nodes[leaf].ends;

	while (node != 0 && profile->frames[profile->nodes[node].frame].kind != kind)
		node = profile->nodes[node].parent;
	return node != 0 ? profile->nodes[node].frame : NONE;
}

void
attribution_get_site(const struct attribution *attribution, uint32_t leaf,
		     struct attribution_site *ret_site)
{
	const struct attribution_node *node = &attribution->nodes[leaf];
	uint32_t frame = node->naming != ATTRIBUTION_BY_NOTHING
				 ? node->name
				 : attribution->profile->nodes[leaf].frame;
	uint32_t position = 0;

	ret_site->leaf = leaf;
	ret_site->frame = &attribution->frames[frame];
	if (node->naming == ATTRIBUTION_BY_NAME)
		position = ret_site->frame->named;
	else if (node->naming == ATTRIBUTION_BY_OWN)
		position = ret_site->frame->count - 1;
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

static bool
names(const struct attribution_node *node, uint32_t frame)
{
	return node->naming == ATTRIBUTION_BY_NAME && node->name == frame;
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
			if (frame->named == k - 1 && names(&attribution->nodes[i], node->frame))
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
	const struct profile_frame *leaf = &profile->frames[profile->nodes[site->leaf].frame];
	uint32_t end = attribution_get_end(attribution, site->leaf, PROFILE_FRAME_THREAD);
	struct filter_stack stack = {
		.allocator = leaf->kind == PROFILE_FRAME_ALLOCATOR ? leaf->name : NULL,
		.domain = attribution_get_domain(attribution, site->leaf),
		.block = block,
	};
	char thread[24];

	if (attribution->selection->filters.count == 0)
		return true;
	if (end != NONE) {
		snprintf(thread, sizeof(thread), "%" PRIu64, profile->frames[end].offset);
		stack.thread = thread;
		stack.thread_name = profile->frames[end].name;
	} else if (block != NULL && attribution->filters_threads) {
		snprintf(thread, sizeof(thread), "%" PRIu32, block->thread);
		stack.thread = thread;
		stack.thread_name = thread_names_find(&attribution->threads, block->thread);
	}
	return filter_list_keep(&attribution->selection->filters, site->position->bits,
				attribution->bits[site->leaf] | site->position->bits, &stack);
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
	free(attribution->bits);
	free(attribution->full_stacks);
	free(attribution->named_stacks);
	memset(attribution, 0, sizeof(*attribution));
}
