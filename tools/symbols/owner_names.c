/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owner_names.c - which variable an address of a process is in
 *
 * A module is opened when the first of its addresses is asked for.
 *
 *     | ... other libraries | executable's | control block, arguments, keys |      of one thread
 *                           ^ thread_bytes ^ control                        ^ CONTROL_BYTES
 *
 * Where the variables of other objects are, and those of objects that came later are elsewhere, the
 * graph says. One that does not leaves the executable's.
 */
#include "config.h"

#include "symbols/owner_names.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/profile.h"
#include "symbols/debuginfo.h"
#include "symbols/module_file.h"
#include "symbols/module_open.h"
#include "symbols/variable_table.h"
#include "util/array.h"
#include "util/xalloc.h"

#define CONTROL_BYTES 2304 /* of glibc's struct pthread */

struct module_variables {
	bool is_known; /* looked for */
	struct variable_table *table;
};

/* One in which no stack has led, so that the profile does not have it. */
struct other_object {
	const char *path;
	struct variable_table *table;
};

struct owner_names {
	const struct profile *profile;
	const struct graph *graph;
	bool online;
	struct module_files *files;
	struct module_variables *modules; /* of profile */
	uint32_t main;                    /* module, or PROFILE_NO_MODULE */
	ARRAY(struct other_object) others;
};

struct owner_names *
owner_names_new(const struct profile *profile, const struct graph *graph, bool online)
{
	struct owner_names *names = xcalloc(1, sizeof(*names));

	names->profile = profile;
	names->graph = graph;
	names->online = online;
	names->files = module_files_new(profile);
	names->modules = xcalloc(profile->module_count + 1u, sizeof(*names->modules));
	names->main = PROFILE_NO_MODULE;
	for (uint32_t i = 0; i < profile->module_count; i++)
		if (profile->modules[i].is_main)
			names->main = i;
	return names;
}

void
owner_names_free(struct owner_names *names)
{
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < names->profile->module_count; i++)
		variable_table_free(names->modules[i].table);
	array_each (&names->others, other)
		variable_table_free(other->table);
	array_release(&names->others);
	module_files_free(names->files);
	free(names->modules);
	free(names);
}

static struct variable_table *
read_table(struct owner_names *names, const struct profile_module *module)
{
	struct debuginfo *debuginfo = module_open(names->files, module, names->online);
	struct variable_table *table = debuginfo != NULL ? variable_table_new(debuginfo) : NULL;

	debuginfo_free(debuginfo);
	return table;
}

/* NULL if its file is not there. */
static const struct variable_table *
get_table(struct owner_names *names, uint32_t number)
{
	struct module_variables *variables = &names->modules[number];

	if (!variables->is_known)
		variables->table = read_table(names, &names->profile->modules[number]);
	variables->is_known = true;
	return variables->table;
}

/* The same of one that the profile does not have: its file, if nobody has changed it since. */
static const struct variable_table *
get_table_of_path(struct owner_names *names, const char *path)
{
	const struct profile_module module = {
		.path = path,
		.seen_ns = names->profile->start_realtime_ns + names->graph->quality.taken_ns,
	};
	struct variable_table *table;

	array_each (&names->others, other)
		if (strcmp(other->path, path) == 0)
			return other->table;
	table = read_table(names, &module);
	*array_push(&names->others) = (struct other_object){path, table};
	return table;
}

/* `base`: the address at which the place 0 of the variables is. */
static void
take_variable(const char *module, const struct variable *variable, uint64_t base,
	      struct owner *ret_owner)
{
	*ret_owner = (struct owner){
		.kind = OWNER_GLOBAL,
		.name = variable->name,
		.module = module,
		.file = variable->file,
		.line = variable->line,
		.start = base + variable->start,
		.end = base + variable->start + variable->bytes,
	};
}

static bool
find_of_thread(struct owner_names *names, const struct graph_task *thread, uint64_t address,
	       struct owner *ret_owner)
{
	const struct variable_table *table =
		names->main != PROFILE_NO_MODULE ? get_table(names, names->main) : NULL;
	uint64_t bytes = table != NULL ? variable_table_get_thread_bytes(table) : 0;
	struct variable variable;

	if (address >= thread->control) {
		*ret_owner = (struct owner){
			.kind = OWNER_THREAD,
			.start = thread->control,
			.end = thread->control + CONTROL_BYTES,
		};
	} else if (thread->control - address <= bytes &&
		   variable_table_find(table, address - (thread->control - bytes), true,
				       &variable)) {
		take_variable(names->profile->modules[names->main].path, &variable,
			      thread->control - bytes, ret_owner);
		ret_owner->kind = OWNER_THREAD_LOCAL;
	} else {
		return false;
	}
	ret_owner->thread = thread->id;
	return true;
}

/* The module that is loaded there; of two, one of which has been unloaded, the other. */
static uint32_t
find_module_of(const struct profile *profile, const struct graph_share *share)
{
	uint32_t found = PROFILE_NO_MODULE;

	for (uint32_t i = 0; i < profile->module_count; i++)
		if (profile->modules[i].bias == share->bias &&
		    (found == PROFILE_NO_MODULE || !profile->modules[i].unloaded))
			found = i;
	return found;
}

/* Without a name, the place among the thread-local variables of the object. */
static void
find_in_share(struct owner_names *names, const struct graph_share *share, uint64_t address,
	      struct owner *ret_owner)
{
	uint32_t number = find_module_of(names->profile, share);
	bool is_recorded = number != PROFILE_NO_MODULE;
	const char *path = is_recorded ? names->profile->modules[number].path
				       : names->graph->strings + share->name;
	const struct variable_table *table =
		is_recorded ? get_table(names, number) : get_table_of_path(names, path);
	struct variable variable;

	if (table != NULL && variable_table_find(table, address - share->start, true, &variable))
		take_variable(path, &variable, share->start, ret_owner);
	else
		*ret_owner = (struct owner){
			.module = path,
			.start = address,
			.end = address + 8,
			.offset = address - share->start,
		};
	ret_owner->kind = OWNER_THREAD_LOCAL;
	ret_owner->thread = share->thread;
}

/* The thread whose control block is the first at or above an address, or that the address is in. */
static const struct graph_task *
find_thread(const struct graph *graph, uint64_t address)
{
	size_t low = 0, high = graph->thread_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->threads[middle].control + CONTROL_BYTES <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->thread_count ? &graph->threads[low] : NULL;
}

static bool
find(void *context, uint64_t address, struct owner *ret_owner)
{
	struct owner_names *names = context;
	uint32_t module = module_find(names->profile, address);
	const struct graph_share *share = graph_find_share(names->graph, address);
	const struct graph_task *thread;
	const struct variable_table *table;
	struct variable variable;
	uint64_t bias;

	if (share != NULL) {
		find_in_share(names, share, address, ret_owner);
		return true;
	}
	if (module == PROFILE_NO_MODULE) {
		thread = find_thread(names->graph, address);
		return thread != NULL && find_of_thread(names, thread, address, ret_owner);
	}
	bias = names->profile->modules[module].bias;
	table = get_table(names, module);
	if (table != NULL && variable_table_find(table, address - bias, false, &variable)) {
		take_variable(names->profile->modules[module].path, &variable, bias, ret_owner);
		return true;
	}
	*ret_owner = (struct owner){
		.kind = OWNER_GLOBAL,
		.module = names->profile->modules[module].path,
		.start = address,
		.end = address + 8,
		.offset = address - bias,
	};
	return true;
}

struct owner_naming
owner_names_get(struct owner_names *names)
{
	return (struct owner_naming){find, names};
}
