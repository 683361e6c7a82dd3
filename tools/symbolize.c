/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize.c - give the frames of a profile functions, files and lines
 *
 * Frames are taken module by module in the order of their addresses, so that each module is opened
 * once, each of its units is read once, and only while it is needed. Names are demangled once for
 * each string of the module, by its address.
 */
#include "config.h"

#include "symbolize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)XXH3_64bits(key, length))
#include <uthash.h>

#include "debuginfo.h"
#include "debuginfo_cache.h"
#include "demangle.h"
#include "profile.h"
#include "util/buffer.h"
#include "util/intern.h"
#include "util/xalloc.h"

#define PROGRESS_STEP 256

/* A name of a module's symbol table or DWARF, and what people see. */
struct name {
	const char *key[2]; /* symbol, scope: addresses in the module's file */
	const char *function;
	UT_hash_handle hh;
};

struct symbolizer {
	struct profile *profile;
	const struct symbolize_options *options;
	uint32_t location_capacity;
	uint64_t done, all;
	struct name *names; /* of the current module */
};

static void
clear_names(struct symbolizer *symbolizer)
{
	struct name *name, *next;

	HASH_ITER (hh, symbolizer->names, name, next) {
		HASH_DEL(symbolizer->names, name);
		free(name);
	}
}

static const char *
make_function(struct symbolizer *symbolizer, const char *symbol, const char *scope)
{
	struct intern *strings = symbolizer->profile->strings;
	char *text = demangle(symbol);
	const char *function;

	if (!text && scope)
		text = xasprintf("%s%s", scope, symbol);
	function = intern_insert_string(strings, text ? text : symbol);
	free(text);
	return function;
}

static const char *
find_function(struct symbolizer *symbolizer, const struct debuginfo_location *location)
{
	const char *key[2] = {location->symbol, location->scope};
	struct name *name;

	if (!location->symbol)
		return NULL;
	HASH_FIND(hh, symbolizer->names, key, sizeof(key), name);
	if (!name) {
		name = xcalloc(1, sizeof(*name));
		memcpy(name->key, key, sizeof(key));
		name->function = make_function(symbolizer, location->symbol, location->scope);
		HASH_ADD(hh, symbolizer->names, key, sizeof(name->key), name);
	}
	return name->function;
}

static struct profile_location *
insert_location(struct symbolizer *symbolizer)
{
	struct profile *profile = symbolizer->profile;

	if (profile->location_count == symbolizer->location_capacity) {
		symbolizer->location_capacity = 2 * symbolizer->location_capacity + 1024;
		profile->locations =
			xreallocarray(profile->locations, symbolizer->location_capacity,
				      sizeof(*profile->locations));
	}
	memset(&profile->locations[profile->location_count], 0, sizeof(*profile->locations));
	return &profile->locations[profile->location_count++];
}

static void
resolve_frame(struct symbolizer *symbolizer, struct profile_frame *frame,
	      struct debuginfo *debuginfo)
{
	struct debuginfo_location found[DEBUGINFO_LOCATIONS_MAX];
	struct intern *strings = symbolizer->profile->strings;
	size_t count = 0;

	/* A return address is that of the next instruction, which may be in another line. */
	if (debuginfo && frame->offset > 0)
		count = debuginfo_find(debuginfo, frame->offset - 1, found);
	frame->location = symbolizer->profile->location_count;
	frame->location_count = count > 0 ? (uint32_t)count : 1;
	if (count == 0)
		insert_location(symbolizer);
	for (size_t i = 0; i < count; i++) {
		struct profile_location *location = insert_location(symbolizer);

		location->function = find_function(symbolizer, &found[i]);
		location->file = intern_insert_string(strings, found[i].file);
		location->line = found[i].line;
		location->column = found[i].column;
		location->function_line = found[i].function_line;
		location->inlined = found[i].inlined;
	}
	if (symbolizer->options && symbolizer->options->progress &&
	    ++symbolizer->done % PROGRESS_STEP == 0)
		symbolizer->options->progress(symbolizer->options->context, symbolizer->done,
					      symbolizer->all);
}

static void
resolve_module(struct symbolizer *symbolizer, uint32_t *frames, size_t count)
{
	const struct symbolize_options *options = symbolizer->options;
	struct profile *profile = symbolizer->profile;
	const struct profile_module *module = &profile->modules[profile->frames[frames[0]].module];
	struct debuginfo *debuginfo = NULL, *own = NULL;
	bool online = options != NULL && options->online;

	if (options != NULL && options->cache != NULL)
		debuginfo = debuginfo_cache_get(options->cache, module->path, module->build_id,
						module->build_id_bytes, online);
	else if (debuginfo_open(module->path, module->build_id, module->build_id_bytes, online,
				&own) == 0)
		debuginfo = own;
	for (size_t i = 0; i < count; i++)
		resolve_frame(symbolizer, &profile->frames[frames[i]], debuginfo);
	clear_names(symbolizer);
	debuginfo_free(own);
}

static int
compare_frames(const void *a, const void *b, void *context)
{
	const struct profile *profile = context;
	const struct profile_frame *left = &profile->frames[*(const uint32_t *)a];
	const struct profile_frame *right = &profile->frames[*(const uint32_t *)b];

	if (left->module != right->module)
		return left->module < right->module ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

void
symbolize_profile(struct profile *profile, const struct symbolize_options *options)
{
	struct symbolizer symbolizer = {.profile = profile, .options = options};
	uint32_t *frames = xmalloc(sizeof(*frames) * (profile->frame_count + 1u));
	size_t count = 0;

	if (profile->symbolized) {
		free(frames);
		return;
	}
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		if (profile->frames[i].kind == PROFILE_FRAME_CODE)
			frames[count++] = i;
	}
	symbolizer.location_capacity = profile->location_count;
	symbolizer.all = count;
	qsort_r(frames, count, sizeof(*frames), compare_frames, profile);
	for (size_t first = 0, next; first < count; first = next) {
		for (next = first + 1;
		     next < count &&
		     profile->frames[frames[next]].module == profile->frames[frames[first]].module;
		     next++)
			;
		resolve_module(&symbolizer, frames + first, next - first);
	}
	profile->symbolized = true;
	free(frames);
}

uint32_t
symbolize_count_stale(const struct profile *profile, const char **ret_path)
{
	bool *used = xcalloc(profile->module_count + 1u, sizeof(*used));
	uint32_t count = 0;

	*ret_path = NULL;
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind == PROFILE_FRAME_CODE && frame->module < profile->module_count &&
		    frame->location_count == 1 && !profile->locations[frame->location].function &&
		    !profile->locations[frame->location].file)
			used[frame->module] = true;
	}
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		struct debuginfo *debuginfo;

		if (!used[i] || module->build_id_bytes == 0)
			continue;
		switch (debuginfo_open(module->path, module->build_id, module->build_id_bytes,
				       false, &debuginfo)) {
		case 0:
			debuginfo_free(debuginfo);
			break;
		case -ESTALE:
			count++;
			*ret_path = *ret_path ? *ret_path : module->path;
			break;
		}
	}
	free(used);
	return count;
}
