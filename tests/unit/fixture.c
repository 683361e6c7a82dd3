/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fixture.c - profiles of invented programs, from stacks written as text
 */
#include "config.h"

#include "fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/intern.h"
#include "util/xalloc.h"

struct builder {
	struct profile *profile;
	ARRAY(struct profile_module) modules;
	ARRAY(struct profile_frame) frames;
	ARRAY(struct profile_location) locations;
	ARRAY(struct profile_node) nodes;
	ARRAY(const char *) frame_texts; /* interned */
};

static uint32_t
insert_module(struct builder *builder, const char *path)
{
	struct intern *strings = builder->profile->strings;
	const char *name = intern_insert_string(strings, path);

	for (size_t i = 0; i < builder->modules.count; i++) {
		if (builder->modules.items[i].path == name)
			return (uint32_t)i;
	}
	*array_push(&builder->modules) = (struct profile_module){
		.path = name,
		.build_id = {0xab, 0xcd},
		.build_id_bytes = 2,
	};
	return (uint32_t)builder->modules.count - 1;
}

/* One place; text is changed. */
static void
insert_location(struct builder *builder, char *text, struct profile_frame *frame, bool inlined)
{
	struct intern *strings = builder->profile->strings;
	struct profile_location *location = array_push(&builder->locations);
	char *offset = strstr(text, "+0x"), *at = strchr(text, '@');
	char *declared = strrchr(text, '/'), *colon;

	*location = (struct profile_location){.inlined = inlined};
	if (offset) {
		*offset = '\0';
		frame->module = insert_module(builder, text);
		frame->offset = strtoull(offset + 1, NULL, 16);
		return;
	}
	if (declared && declared[1] && strspn(declared + 1, "0123456789") == strlen(declared + 1)) {
		location->function_line = (uint32_t)atoi(declared + 1);
		*declared = '\0';
	}
	if (at) {
		*at = '\0';
		location->function = intern_insert_string(strings, text);
		text = at + 1;
	}
	colon = strrchr(text, ':');
	if (colon) {
		*colon = '\0';
		location->line = (uint32_t)atoi(colon + 1);
	}
	location->file = *text ? intern_insert_string(strings, text) : NULL;
}

static uint32_t
insert_frame(struct builder *builder, const char *text, size_t length)
{
	const char *name = intern_insert(builder->profile->strings, text, length);
	char *copy, *place, *next;
	struct profile_frame frame = {
		.kind = PROFILE_FRAME_CODE,
		.location = (uint32_t)builder->locations.count,
		.offset = 16 * (builder->frames.count + 1),
	};

	for (size_t i = 0; i < builder->frame_texts.count; i++) {
		if (builder->frame_texts.items[i] == name)
			return (uint32_t)i;
	}
	copy = xstrdup(name);
	frame.module = insert_module(builder, "/bin/app");
	for (place = copy; place; place = next) {
		next = strstr(place, " ^ ");
		if (next) {
			*next = '\0';
			next += 3;
		}
		insert_location(builder, place, &frame, next != NULL);
		frame.location_count++;
	}
	free(copy);
	*array_push(&builder->frame_texts) = name;
	*array_push(&builder->frames) = frame;
	return (uint32_t)builder->frames.count - 1;
}

static uint32_t
insert_allocator(struct builder *builder, const char *allocator)
{
	const char *name =
		intern_insert_string(builder->profile->strings, allocator ? allocator : "malloc");

	*array_push(&builder->frame_texts) = "";
	*array_push(&builder->frames) = (struct profile_frame){
		.kind = PROFILE_FRAME_ALLOCATOR,
		.module = PROFILE_NO_MODULE,
		.name = name,
	};
	return (uint32_t)builder->frames.count - 1;
}

/* The stack outermost first, for a parent must come before its children. */
static uint32_t
insert_stack(struct builder *builder, const char *stack, const char *allocator)
{
	const char *end = stack + strlen(stack);
	uint32_t node = 0;

	while (end > stack) {
		const char *start = end;

		while (start > stack && (start - stack < 3 || strncmp(start - 3, " < ", 3) != 0))
			start--;
		*array_push(&builder->nodes) = (struct profile_node){
			node, insert_frame(builder, start, (size_t)(end - start))};
		node = (uint32_t)builder->nodes.count - 1;
		end = start > stack ? start - 3 : stack;
	}
	*array_push(&builder->nodes) =
		(struct profile_node){node, insert_allocator(builder, allocator)};
	return (uint32_t)builder->nodes.count - 1;
}

static void
finish(struct builder *builder, struct profile_values *values, size_t count)
{
	struct profile *profile = builder->profile;

	profile->modules = builder->modules.items;
	profile->module_count = (uint32_t)builder->modules.count;
	profile->frames = builder->frames.items;
	profile->frame_count = (uint32_t)builder->frames.count;
	profile->locations = builder->locations.items;
	profile->location_count = (uint32_t)builder->locations.count;
	profile->nodes = builder->nodes.items;
	profile->node_count = (uint32_t)builder->nodes.count;
	profile->site_count = (uint32_t)count;
	profile->moments = xcalloc(1, sizeof(*profile->moments));
	profile->moments[0].values = values;
	profile->moments[0].site_count = (uint32_t)count;
	profile->moment_count = 1;
	profile->symbolized = true;
	array_release(&builder->frame_texts);
	if (profile_finish(profile) != 0)
		abort();
}

struct profile *
fixture_profile(const struct fixture_site *sites, size_t count)
{
	struct builder builder = {.profile = profile_new()};
	struct profile_values *values = xcalloc(count + 1, sizeof(*values));

	*array_push(&builder.frame_texts) = "";
	*array_push(&builder.frames) = (struct profile_frame){
		.kind = PROFILE_FRAME_UNKNOWN,
		.module = PROFILE_NO_MODULE,
	};
	*array_push(&builder.nodes) = (struct profile_node){0, 0};
	builder.profile->sites = xcalloc(count + 1, sizeof(*builder.profile->sites));
	for (size_t i = 0; i < count; i++) {
		builder.profile->sites[i] =
			insert_stack(&builder, sites[i].stack, sites[i].allocator);
		values[i] = (struct profile_values){
			.live_bytes = sites[i].bytes,
			.live_blocks = sites[i].blocks,
			.total_bytes = (uint64_t)sites[i].bytes,
			.total_blocks = (uint64_t)sites[i].blocks,
			.peak_bytes = sites[i].bytes,
			.peak_blocks = sites[i].blocks,
		};
	}
	finish(&builder, values, count);
	return builder.profile;
}

struct profile_at
fixture_at(const struct profile *profile, bool peak)
{
	return (struct profile_at){.moment = &profile->moments[0], .peak = peak};
}
