/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * merge.c - several processes as one profile
 *
 * Modules, frames and nodes are looked up by what they are, so that a thousand runs of one program
 * take little more memory than one. A module is the file: where it was mapped differs from process
 * to process, and what is known of a frame is its offset.
 */
#include "config.h"

#include "model/merge.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/hash_map.h"
#include "util/intern.h"
#include "util/xalloc.h"

/* What an item is known by. Zeroed before it is filled: padding is hashed. */
struct merge_key {
	const void *names[3];
	uint64_t numbers[4];
};

struct merge_entry {
	struct merge_key key;
	uint32_t number;
	UT_hash_handle hh;
};

struct merge {
	struct profile *sum;
	bool by_process;
	struct merge_entry *modules, *frames, *nodes;
	uint32_t *site_of_node; /* plus one; 0 is none */
	size_t site_room;
	ARRAY(struct profile_module) all_modules;
	ARRAY(struct profile_frame) all_frames;
	ARRAY(struct profile_location) locations;
	ARRAY(struct profile_node) all_nodes;
	ARRAY(uint32_t) sites;
	ARRAY(struct profile_values) chosen, last;
};

/* --- tables --- */

/* The item of this key; *ret_known tells whether it was there before. */
static uint32_t
find_number(struct merge_entry **table, const struct merge_key *key, size_t next, bool *ret_known)
{
	struct merge_entry *entry;

	HASH_FIND(hh, *table, key, sizeof(*key), entry);
	*ret_known = entry != NULL;
	if (entry != NULL)
		return entry->number;
	entry = xcalloc(1, sizeof(*entry));
	entry->key = *key;
	entry->number = (uint32_t)next;
	HASH_ADD(hh, *table, key, sizeof(entry->key), entry);
	return entry->number;
}

static void
free_table(struct merge_entry **table)
{
	struct merge_entry *entry, *next;

	HASH_ITER (hh, *table, entry, next) {
		HASH_DEL(*table, entry);
		free(entry);
	}
}

static const char *
take_string(struct merge *merge, const char *text)
{
	return intern_insert_string(merge->sum->strings, text);
}

static uint32_t
insert_module(struct merge *merge, const struct profile_module *module)
{
	struct profile_module copy = *module;
	struct merge_key key;
	uint32_t number;
	bool known;

	copy.path = take_string(merge, module->path);
	memset(&key, 0, sizeof(key));
	key.names[0] = copy.path;
	key.names[1] = intern_insert(merge->sum->strings, (const char *)module->build_id,
				     module->build_id_bytes);
	key.numbers[0] = module->device;
	key.numbers[1] = module->inode;
	key.numbers[2] = module->file_bytes;
	key.numbers[3] = module->modified_ns;
	number = find_number(&merge->modules, &key, merge->all_modules.count, &known);
	if (!known)
		*array_push(&merge->all_modules) = copy;
	return number;
}

static void
insert_locations(struct merge *merge, const struct profile *profile, struct profile_frame *frame)
{
	uint32_t first = frame->location;

	frame->location = (uint32_t)merge->locations.count;
	for (uint32_t i = 0; i < frame->location_count; i++) {
		struct profile_location location = profile->locations[first + i];

		location.function = take_string(merge, location.function);
		location.symbol = take_string(merge, location.symbol);
		location.file = take_string(merge, location.file);
		*array_push(&merge->locations) = location;
	}
}

static uint32_t
insert_frame(struct merge *merge, const struct profile *profile, const struct profile_frame *frame,
	     const uint32_t *modules)
{
	struct profile_frame copy = *frame;
	struct merge_key key;
	uint32_t number;
	bool known;

	copy.name = take_string(merge, frame->name);
	if (frame->module != PROFILE_NO_MODULE)
		copy.module = modules[frame->module];
	memset(&key, 0, sizeof(key));
	key.names[0] = copy.name;
	key.numbers[0] = (uint64_t)copy.module << 32 | (uint32_t)copy.kind;
	key.numbers[1] = copy.offset;
	/* A code object is known by what it is called; at an address each process may have
	 * generated other code. */
	if (copy.kind == PROFILE_FRAME_PYTHON ||
	    (copy.kind == PROFILE_FRAME_ADDRESS && copy.location_count != 0)) {
		const struct profile_location *location = &profile->locations[frame->location];

		key.names[1] = take_string(merge, location->function);
		key.names[2] = take_string(merge, location->file);
		key.numbers[2] = (uint64_t)location->function_line << 32 | location->line;
	}
	number = find_number(&merge->frames, &key, merge->all_frames.count, &known);
	if (!known) {
		insert_locations(merge, profile, &copy);
		*array_push(&merge->all_frames) = copy;
	}
	return number;
}

static uint32_t
insert_node(struct merge *merge, uint32_t parent, uint32_t frame)
{
	struct merge_key key;
	uint32_t number;
	bool known;

	memset(&key, 0, sizeof(key));
	key.numbers[0] = (uint64_t)parent << 32 | frame;
	number = find_number(&merge->nodes, &key, merge->all_nodes.count, &known);
	if (!known)
		*array_push(&merge->all_nodes) = (struct profile_node){parent, frame};
	return number;
}

static uint32_t
insert_site(struct merge *merge, uint32_t leaf)
{
	if (leaf >= merge->site_room) {
		size_t room = array_next_capacity(merge->site_room, leaf + 1u);

		merge->site_of_node =
			xreallocarray(merge->site_of_node, room, sizeof(*merge->site_of_node));
		memset(merge->site_of_node + merge->site_room, 0,
		       (room - merge->site_room) * sizeof(*merge->site_of_node));
		merge->site_room = room;
	}
	if (merge->site_of_node[leaf] == 0) {
		*array_push(&merge->sites) = leaf;
		*array_push(&merge->chosen) = (struct profile_values){0};
		*array_push(&merge->last) = (struct profile_values){0};
		merge->site_of_node[leaf] = (uint32_t)merge->sites.count;
	}
	return merge->site_of_node[leaf] - 1;
}

/* --- a profile --- */

/* The node below which the stacks of a process hang. */
static uint32_t
insert_root(struct merge *merge, const struct profile *profile)
{
	const char *title = profile->arguments[0] != '\0' ? profile->arguments : profile->command;
	uint32_t frame;

	if (!merge->by_process)
		return 0;
	frame = (uint32_t)merge->all_frames.count;
	*array_push(&merge->all_frames) = (struct profile_frame){
		.kind = PROFILE_FRAME_PROCESS,
		.module = PROFILE_NO_MODULE,
		.offset = profile->pid,
		.location = (uint32_t)merge->locations.count,
		.location_count = 1,
		.name = take_string(merge, profile->command),
	};
	*array_push(&merge->locations) =
		(struct profile_location){.function = take_string(merge, title)};
	return insert_node(merge, 0, frame);
}

/* By node of the profile: the node of the sum. */
static uint32_t *
insert_nodes(struct merge *merge, const struct profile *profile)
{
	uint32_t *modules = xcalloc(profile->module_count + 1u, sizeof(*modules));
	uint32_t *frames = xcalloc(profile->frame_count + 1u, sizeof(*frames));
	uint32_t *nodes = xcalloc(profile->node_count + 1u, sizeof(*nodes));

	if (profile->node_count == 0) {
		free(modules);
		free(frames);
		return nodes;
	}
	for (uint32_t i = 0; i < profile->module_count; i++)
		modules[i] = insert_module(merge, &profile->modules[i]);
	for (uint32_t i = 0; i < profile->frame_count; i++)
		frames[i] = insert_frame(merge, profile, &profile->frames[i], modules);
	/* The root is the same for all; its frame means nothing. */
	if (merge->all_nodes.count == 0)
		*array_push(&merge->all_nodes) =
			(struct profile_node){0, frames[profile->nodes[0].frame]};
	nodes[0] = insert_root(merge, profile);
	for (uint32_t i = 1; i < profile->node_count; i++)
		nodes[i] = insert_node(merge, nodes[profile->nodes[i].parent],
				       frames[profile->nodes[i].frame]);
	free(modules);
	free(frames);
	return nodes;
}

static void
add_values(struct merge *merge, const struct profile *profile, const uint32_t *nodes,
	   const struct profile_moment *moment, bool is_last)
{
	for (uint32_t i = 0; i < moment->site_count; i++) {
		uint32_t site = insert_site(merge, nodes[profile->sites[i]]);

		profile_values_add(is_last ? &merge->last.items[site] : &merge->chosen.items[site],
				   &moment->values[i]);
	}
}

static void
add_leaks(struct merge *merge, const struct profile *profile, const uint32_t *nodes)
{
	const struct leak_set *leaks = &profile->leaks;
	uint32_t *sites;

	if (!leaks->is_known)
		return;
	sites = xcalloc(profile->site_count + 1u, sizeof(*sites));
	for (uint32_t i = 0; i < profile->site_count; i++)
		sites[i] = insert_site(merge, nodes[profile->sites[i]]);
	leak_set_add(&merge->sum->leaks, leaks, sites, (uint32_t)merge->sites.count);
	free(sites);
}

static void
add_quality(struct profile *sum, const struct profile *profile)
{
	sum->trouble |= profile->trouble;
	sum->dropped_events += profile->dropped_events;
	sum->cut_stacks += profile->cut_stacks;
	sum->nested_events += profile->nested_events;
	sum->unknown_frees += profile->unknown_frees;
	sum->failed_allocations += profile->failed_allocations;
	sum->reallocs += profile->reallocs;
	sum->tracer_bytes += profile->tracer_bytes;
	sum->tracer_cpu_ns += profile->tracer_cpu_ns;
	sum->crosschecks += profile->crosschecks;
	sum->crosscheck_differences += profile->crosscheck_differences;
	sum->full_walks += profile->full_walks;
	sum->rules += profile->rules;
	sum->threads += profile->threads;
	sum->peak_error_bytes += profile->peak_error_bytes;
	sum->realloc_origin |= profile->realloc_origin;
	if (profile->frames_limit > sum->frames_limit)
		sum->frames_limit = profile->frames_limit;
	if (profile->duration_ns > sum->duration_ns)
		sum->duration_ns = profile->duration_ns;
	for (uint32_t i = 0; i < profile->note_count; i++)
		profile_insert_note(sum, profile->notes[i]);
}

/* The process that was run gives its name; else the first one that there is. */
static void
add_identity(struct merge *merge, const struct profile *profile)
{
	struct profile *sum = merge->sum;
	bool is_first = sum->process_count++ == 0;

	if (is_first || (profile->has_wait_status && !sum->has_wait_status)) {
		sum->command = take_string(merge, profile->command);
		sum->executable = take_string(merge, profile->executable);
		sum->arguments = take_string(merge, profile->arguments);
		sum->allocator = take_string(merge, profile->allocator);
		sum->version = take_string(merge, profile->version);
		sum->has_wait_status = profile->has_wait_status;
		sum->wait_status = profile->wait_status;
		sum->start_realtime_ns = profile->start_realtime_ns;
	}
	/* The files and the generated code of a process that lives are found by its number. */
	sum->pid = is_first ? profile->pid : 0;
	sum->pid_here = is_first ? profile->pid_here : 0;
	if (sum->python == PROFILE_PYTHON_NONE) {
		sum->python = profile->python;
		sum->python_version = profile->python_version;
	}
	if (is_first || profile->state == PROFILE_RUNNING ||
	    (sum->state == PROFILE_EXITED && profile->state == PROFILE_ENDED))
		sum->state = profile->state;
	sum->symbolized = profile->symbolized && (is_first || sum->symbolized);
}

struct merge *
merge_new(bool by_process)
{
	struct merge *merge = xcalloc(1, sizeof(*merge));

	merge->sum = profile_new();
	merge->by_process = by_process;
	return merge;
}

void
merge_free(struct merge *merge)
{
	if (merge == NULL)
		return;
	profile_free(merge->sum);
	free_table(&merge->modules);
	free_table(&merge->frames);
	free_table(&merge->nodes);
	free(merge->site_of_node);
	array_release(&merge->all_modules);
	array_release(&merge->all_frames);
	array_release(&merge->locations);
	array_release(&merge->all_nodes);
	array_release(&merge->sites);
	array_release(&merge->chosen);
	array_release(&merge->last);
	free(merge);
}

void
merge_insert(struct merge *merge, const struct profile *profile,
	     const struct profile_moment *moment)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	uint32_t *nodes = insert_nodes(merge, profile);

	add_identity(merge, profile);
	add_quality(merge->sum, profile);
	add_values(merge, profile, nodes, moment, false);
	add_values(merge, profile, nodes, last, true);
	add_leaks(merge, profile, nodes);
	free(nodes);
}

/* Hand the tables over to the sum. */
static void
give_tables(struct merge *merge)
{
	struct profile *sum = merge->sum;

#define GIVE(from, to)                              \
	do {                                        \
		sum->to = (from).items;             \
		(from).items = NULL;                \
		(from).count = (from).capacity = 0; \
	} while (0)
	sum->module_count = (uint32_t)merge->all_modules.count;
	sum->frame_count = (uint32_t)merge->all_frames.count;
	sum->location_count = (uint32_t)merge->locations.count;
	sum->node_count = (uint32_t)merge->all_nodes.count;
	sum->site_count = (uint32_t)merge->sites.count;
	GIVE(merge->all_modules, modules);
	GIVE(merge->all_frames, frames);
	GIVE(merge->locations, locations);
	GIVE(merge->all_nodes, nodes);
	GIVE(merge->sites, sites);
#undef GIVE
}

struct profile *
merge_finish(struct merge *merge, const char *label)
{
	struct profile *sum = merge->sum;

	if (sum->process_count == 0)
		return NULL;
	give_tables(merge);
	leak_set_finish(&sum->leaks, sum->site_count);
	sum->moments = xcalloc(2, sizeof(*sum->moments));
	if (label != NULL) {
		struct profile_moment *chosen = &sum->moments[sum->moment_count++];

		chosen->site_count = sum->site_count;
		chosen->values = merge->chosen.items;
		strncpy(chosen->label, label, sizeof(chosen->label) - 1);
		merge->chosen.items = NULL;
		merge->chosen.count = 0;
	}
	sum->moments[sum->moment_count].site_count = sum->site_count;
	sum->moments[sum->moment_count++].values = merge->last.items;
	merge->last.items = NULL;
	merge->last.count = 0;
	merge->sum = NULL;
	profile_finish(sum);
	return sum;
}
