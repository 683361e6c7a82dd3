/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize.c - give the frames of a profile functions, files and lines
 *
 * Frames are taken module by module in the order of their addresses, so that each module is opened
 * once, each of its units is read once, and only while it is needed. Names are demangled once for
 * each string of the module, by its address.
 */
#include "config.h"

#include "symbols/symbolize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debuginfo.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/demangle.h"
#include "symbols/module_file.h"
#include "model/profile.h"
#include "util/buffer.h"
#include "util/hash_map.h"
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
	struct module_files *files;
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
make_function(struct symbolizer *symbolizer, const struct debuginfo_location *location)
{
	struct intern *strings = symbolizer->profile->strings;
	char *text = demangle(location->symbol, location->language);
	const char *function;

	if (!text && location->scope)
		text = xasprintf("%s%s", location->scope, location->symbol);
	function = intern_insert_string(strings, text ? text : location->symbol);
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
		name->function = make_function(symbolizer, location);
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
	/* Names that came with a file are kept when there are no better ones here. */
	if (count > 0 || frame->location_count == 0) {
		frame->location = symbolizer->profile->location_count;
		frame->location_count = count > 0 ? (uint32_t)count : 1;
	}
	if (count == 0 && frame->location == symbolizer->profile->location_count)
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

/* To be freed if there is no cache. */
static int
open_path(const struct symbolizer *symbolizer, const struct profile_module *module,
	  const char *path, struct debuginfo **ret_debuginfo)
{
	const struct symbolize_options *options = symbolizer->options;
	bool online = options != NULL && options->online;

	if (options != NULL && options->cache != NULL)
		return debuginfo_cache_get(options->cache, path, module->build_id,
					   module->build_id_bytes, online, ret_debuginfo);
	return debuginfo_open(path, module->build_id, module->build_id_bytes, online,
			      ret_debuginfo);
}

static struct debuginfo *
open_module(struct symbolizer *symbolizer, struct profile_module *module)
{
	struct debuginfo *debuginfo = NULL;
	int error = 0;
	size_t index = 0;
	char *path;

	while (debuginfo == NULL &&
	       (path = module_files_next(symbolizer->files, module, &index, &error)) != NULL) {
		int result = open_path(symbolizer, module, path, &debuginfo);

		/* That another file is there tells more than that none is. */
		if (result != 0 && error != -ESTALE)
			error = result;
		free(path);
	}
	/* Whoever looked first was where the program ran. */
	if (!symbolizer->profile->symbolized && strchr(module->path, '/') != NULL)
		module->file = debuginfo != NULL                       ? PROFILE_FILE_AS_MAPPED
			       : error == -ESTALE                      ? PROFILE_FILE_CHANGED
			       : error == -ENOENT || error == -ENOTDIR ? PROFILE_FILE_GONE
								       : PROFILE_FILE_AS_MAPPED;
	return debuginfo;
}

static void
note_problem(struct profile *profile, const struct debuginfo *debuginfo)
{
	char *sentence = debuginfo_explain(debuginfo);

	if (sentence != NULL)
		profile_insert_note(profile, sentence);
	free(sentence);
}

static void
resolve_module(struct symbolizer *symbolizer, uint32_t *frames, size_t count)
{
	const struct symbolize_options *options = symbolizer->options;
	struct profile *profile = symbolizer->profile;
	struct profile_module *module = &profile->modules[profile->frames[frames[0]].module];
	struct debuginfo *debuginfo = open_module(symbolizer, module);

	for (size_t i = 0; i < count; i++)
		resolve_frame(symbolizer, &profile->frames[frames[i]], debuginfo);
	if (debuginfo != NULL)
		note_problem(profile, debuginfo);
	clear_names(symbolizer);
	if (options == NULL || options->cache == NULL)
		debuginfo_free(debuginfo);
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

/* Servers may know what was not known where the names were looked up first. */
static bool
is_wanted(const struct profile *profile, const struct profile_frame *frame, bool online)
{
	if (frame->kind != PROFILE_FRAME_CODE)
		return false;
	if (!profile->symbolized || frame->location_count == 0)
		return true;
	return online && !profile->locations[frame->location].file;
}

void
symbolize_profile(struct profile *profile, const struct symbolize_options *options)
{
	struct symbolizer symbolizer = {.profile = profile, .options = options};
	uint32_t *frames = xmalloc(sizeof(*frames) * (profile->frame_count + 1u));
	size_t count = 0;

	for (uint32_t i = 0; i < profile->frame_count; i++) {
		if (is_wanted(profile, &profile->frames[i], options != NULL && options->online))
			frames[count++] = i;
	}
	symbolizer.files = module_files_new(profile);
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
	module_files_free(symbolizer.files);
	free(frames);
}
