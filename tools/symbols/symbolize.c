/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize.c - give the frames of a profile functions, files and lines
 *
 * Frames are taken module by module in the order of their addresses, so that each module is opened
 * once, each of its units is read once, and only while it is needed. Names are demangled once for
 * each string of the module, by its address. What the cache of names has is not looked up at all.
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
#include "symbols/name_cache.h"
#include "symbols/name_file.h"
#include "symbols/perf_map.h"
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
	const char *symbol; /* NULL if that is the same, or not what the linker has */
	UT_hash_handle hh;
};

/* What says what is at the addresses of the current module. */
struct resolver {
	const struct profile_module *module;
	struct name_file *names;     /* found before, or to be kept; or NULL */
	char *path;                  /* of the file that they are of */
	struct debuginfo *debuginfo; /* NULL: not needed yet, or not there */
	bool is_open;                /* as far as it can be */
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

static void
make_name(struct symbolizer *symbolizer, const struct debuginfo_location *location,
	  struct name *name)
{
	struct intern *strings = symbolizer->profile->strings;
	char *text = demangle(location->symbol, location->language);

	if (text && strcmp(text, location->symbol) != 0)
		name->symbol = intern_insert_string(strings, location->symbol);
	if (!text && location->scope)
		text = xasprintf("%s%s", location->scope, location->symbol);
	name->function = intern_insert_string(strings, text ? text : location->symbol);
	free(text);
}

static const struct name *
find_name(struct symbolizer *symbolizer, const struct debuginfo_location *location)
{
	static const struct name none;
	const char *key[2] = {location->symbol, location->scope};
	struct name *name;

	if (!location->symbol)
		return &none;
	HASH_FIND(hh, symbolizer->names, key, sizeof(key), name);
	if (!name) {
		name = xcalloc(1, sizeof(*name));
		memcpy(name->key, key, sizeof(key));
		make_name(symbolizer, location, name);
		HASH_ADD(hh, symbolizer->names, key, sizeof(name->key), name);
	}
	return name;
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

static struct name_cache *
get_names(const struct symbolizer *symbolizer)
{
	const struct symbolize_options *options = symbolizer->options;

	return options != NULL && !options->online ? options->names : NULL;
}

/* Open the file at path, or find what it once had. 0 or -errno. */
static int
try_path(const struct symbolizer *symbolizer, struct resolver *resolver, const char *path)
{
	const struct profile_module *module = resolver->module;
	struct name_cache *names = get_names(symbolizer);
	int result;

	resolver->names = name_cache_find(names, path, module->build_id, module->build_id_bytes);
	if (resolver->names != NULL)
		return 0;
	result = open_path(symbolizer, module, path, &resolver->debuginfo);
	resolver->is_open = result == 0;
	if (result == 0)
		resolver->names = name_cache_begin(names, path, module->build_id,
						   module->build_id_bytes, resolver->debuginfo);
	return result;
}

static void
open_module(struct symbolizer *symbolizer, struct profile_module *module, struct resolver *resolver)
{
	bool found = false;
	int error = 0;
	size_t index = 0;

	*resolver = (struct resolver){.module = module};
	while (!found && (resolver->path = module_files_next(symbolizer->files, module, &index,
							     &error)) != NULL) {
		int result = try_path(symbolizer, resolver, resolver->path);

		found = result == 0;
		/* That another file is there tells more than that none is. */
		if (!found && error != -ESTALE)
			error = result;
		if (!found)
			free(resolver->path);
	}
	/* Whoever looked first was where the program ran. */
	if (!symbolizer->profile->symbolized && strchr(module->path, '/') != NULL)
		module->file = found                                   ? PROFILE_FILE_AS_MAPPED
			       : error == -ESTALE                      ? PROFILE_FILE_CHANGED
			       : error == -ENOENT || error == -ENOTDIR ? PROFILE_FILE_GONE
								       : PROFILE_FILE_AS_MAPPED;
}

/* Of what was kept, something is missing. */
static struct debuginfo *
need_debuginfo(struct symbolizer *symbolizer, struct resolver *resolver)
{
	if (resolver->is_open || resolver->path == NULL)
		return resolver->debuginfo;
	resolver->is_open = true;
	open_path(symbolizer, resolver->module, resolver->path, &resolver->debuginfo);
	return resolver->debuginfo;
}

/*** frames ***/

static void
convert(struct symbolizer *symbolizer, const struct debuginfo_location *found, size_t count,
	struct profile_location *locations)
{
	for (size_t i = 0; i < count; i++) {
		const struct name *name = find_name(symbolizer, &found[i]);

		locations[i] = (struct profile_location){
			.function = name->function,
			.symbol = name->symbol,
			.file = found[i].file,
			.line = found[i].line,
			.column = found[i].column,
			.function_line = found[i].function_line,
			.inlined = found[i].inlined,
		};
	}
}

static size_t
find_locations(struct symbolizer *symbolizer, struct resolver *resolver, uint64_t address,
	       struct profile_location *locations)
{
	struct debuginfo_location found[DEBUGINFO_LOCATIONS_MAX];
	struct debuginfo *debuginfo;
	size_t count;

	_Static_assert(NAME_LOCATIONS_MAX == DEBUGINFO_LOCATIONS_MAX, "room for all");
	if (resolver->names != NULL && name_file_find(resolver->names, address, locations, &count))
		return count;
	debuginfo = need_debuginfo(symbolizer, resolver);
	if (debuginfo == NULL)
		return 0;
	count = debuginfo_find(debuginfo, address, found);
	convert(symbolizer, found, count, locations);
	if (resolver->names != NULL)
		name_file_insert(resolver->names, address, locations, count);
	return count;
}

static void
report_progress(struct symbolizer *symbolizer)
{
	const struct symbolize_options *options = symbolizer->options;

	if (options != NULL && options->progress != NULL && ++symbolizer->done % PROGRESS_STEP == 0)
		options->progress(options->context, symbolizer->done, symbolizer->all);
}

static void
resolve_frame(struct symbolizer *symbolizer, struct profile_frame *frame, struct resolver *resolver)
{
	struct profile_location found[NAME_LOCATIONS_MAX];
	struct intern *strings = symbolizer->profile->strings;
	size_t count = 0;

	/* A return address is that of the next instruction, which may be in another line. */
	if (frame->offset > 0)
		count = find_locations(symbolizer, resolver, frame->offset - 1, found);
	/* Names that came with a file are kept when there are no better ones here. */
	if (count > 0 || frame->location_count == 0) {
		frame->location = symbolizer->profile->location_count;
		frame->location_count = count > 0 ? (uint32_t)count : 1;
	}
	if (count == 0 && frame->location == symbolizer->profile->location_count)
		insert_location(symbolizer);
	for (size_t i = 0; i < count; i++) {
		struct profile_location *location = insert_location(symbolizer);

		*location = found[i];
		location->function = intern_insert_string(strings, found[i].function);
		location->symbol = intern_insert_string(strings, found[i].symbol);
		location->file = intern_insert_string(strings, found[i].file);
	}
	report_progress(symbolizer);
}

/* What was found is kept only if it was all there is to find. */
static void
close_module(struct symbolizer *symbolizer, struct resolver *resolver)
{
	const struct symbolize_options *options = symbolizer->options;

	if (resolver->debuginfo != NULL && !debuginfo_is_complete(resolver->debuginfo))
		name_cache_drop(get_names(symbolizer), resolver->names);
	clear_names(symbolizer);
	if (options == NULL || options->cache == NULL)
		debuginfo_free(resolver->debuginfo);
	free(resolver->path);
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
	struct profile *profile = symbolizer->profile;
	struct profile_module *module = &profile->modules[profile->frames[frames[0]].module];
	struct resolver resolver;

	open_module(symbolizer, module, &resolver);
	for (size_t i = 0; i < count; i++)
		resolve_frame(symbolizer, &profile->frames[frames[i]], &resolver);
	if (resolver.debuginfo != NULL)
		note_problem(profile, resolver.debuginfo);
	close_module(symbolizer, &resolver);
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

/*** generated code ***/

static int
compare_wanted(const void *a, const void *b)
{
	const struct perf_map_wanted *left = a, *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

/* Addresses in no module that a block was allocated from. */
static struct perf_map_wanted *
collect_generated(const struct profile *profile, size_t *ret_count)
{
	struct perf_map_wanted *wanted = NULL;
	size_t count = 0;

	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind != PROFILE_FRAME_ADDRESS || frame->location_count != 0)
			continue;
		if (count % 256 == 0)
			wanted = xreallocarray(wanted, count + 256, sizeof(*wanted));
		wanted[count++] = (struct perf_map_wanted){.address = frame->offset, .frame = i};
	}
	if (count > 1)
		qsort(wanted, count, sizeof(*wanted), compare_wanted);
	*ret_count = count;
	return wanted;
}

static void
name_frame(struct symbolizer *symbolizer, const struct perf_map_wanted *wanted)
{
	struct profile *profile = symbolizer->profile;
	struct profile_frame *frame = &profile->frames[wanted->frame];
	struct profile_location *location;
	char *function, *file;
	uint32_t line;

	perf_map_parse_name(wanted->name, &function, &file, &line);
	frame->location = profile->location_count;
	frame->location_count = 1;
	location = insert_location(symbolizer);
	location->function = intern_insert_string(profile->strings, function);
	location->file = intern_insert_string(profile->strings, file);
	location->function_line = line;
	free(function);
	free(file);
}

static void
note_reuse(struct profile *profile, size_t reused)
{
	char *sentence;

	if (reused == 0)
		return;
	sentence = xasprintf(PROFILE_NOTE_GENERATED
			     ": at %zu address%s there was another function before; the "
			     "name is that of the last one",
			     reused, reused == 1 ? "" : "es");
	profile_insert_note(profile, sentence);
	free(sentence);
}

/* Where the process has written a map for perf. Whoever looked first was where it ran. */
static void
name_generated(struct symbolizer *symbolizer)
{
	struct profile *profile = symbolizer->profile;
	struct perf_map_wanted *wanted;
	size_t count, reused = 0;

	if (profile->symbolized && profile->pid_here == 0)
		return;
	wanted = collect_generated(profile, &count);
	if (count != 0 && perf_map_find(profile, wanted, count) == -ENOENT && !profile->symbolized)
		profile_insert_note(profile, PROFILE_NOTE_GENERATED
				    " has no names: there is no /tmp/perf-PID.map of the process "
				    "(node --perf-basic-prof, java -XX:+DumpPerfMapAtExit, "
				    "DOTNET_PerfMapEnabled=1)");
	for (size_t i = 0; i < count; i++) {
		if (wanted[i].name == NULL)
			continue;
		name_frame(symbolizer, &wanted[i]);
		reused += wanted[i].is_reused;
	}
	note_reuse(profile, reused);
	free(wanted);
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
	name_generated(&symbolizer);
	profile->symbolized = true;
	module_files_free(symbolizer.files);
	free(frames);
}
