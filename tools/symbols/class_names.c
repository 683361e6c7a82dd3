/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * class_names.c - the classes of the tables of virtual functions that a process has
 *
 * A module is opened when the first of its tables is asked for.
 */
#include "config.h"

#include "symbols/class_names.h"

#include <stdlib.h>

#include "model/profile.h"
#include "symbols/class_table.h"
#include "symbols/debuginfo.h"
#include "symbols/module_file.h"
#include "symbols/module_open.h"
#include "util/intern.h"
#include "util/xalloc.h"

struct module_classes {
	bool is_known; /* looked for */
	struct debuginfo *debuginfo;
	struct class_table *table;
};

struct class_names {
	const struct profile *profile;
	bool online;
	struct module_files *files;
	struct module_classes *modules; /* of profile */
};

struct class_names *
class_names_new(const struct profile *profile, bool online)
{
	struct class_names *names = xcalloc(1, sizeof(*names));

	names->profile = profile;
	names->online = online;
	names->files = module_files_new(profile);
	names->modules = xcalloc(profile->module_count + 1u, sizeof(*names->modules));
	return names;
}

void
class_names_free(struct class_names *names)
{
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < names->profile->module_count; i++) {
		class_table_free(names->modules[i].table);
		debuginfo_free(names->modules[i].debuginfo);
	}
	module_files_free(names->files);
	free(names->modules);
	free(names);
}

static const char *
find(void *context, uint64_t address)
{
	struct class_names *names = context;
	uint32_t number = module_find(names->profile, address);
	struct module_classes *classes;

	if (number == PROFILE_NO_MODULE)
		return NULL;
	classes = &names->modules[number];
	if (!classes->is_known) {
		classes->is_known = true;
		classes->debuginfo =
			module_open(names->files, &names->profile->modules[number], names->online);
		if (classes->debuginfo != NULL)
			classes->table = class_table_new(classes->debuginfo);
	}
	if (classes->table == NULL)
		return NULL;
	return class_table_find(classes->table, address - names->profile->modules[number].bias);
}

struct likeness_naming
class_names_get(struct class_names *names)
{
	return (struct likeness_naming){find, names};
}

void
class_names_take_leaks(struct profile *profile, bool online)
{
	struct class_names *names = class_names_new(profile, online);

	for (size_t i = 0; i < profile->leaks.class_count; i++) {
		struct leak_class *item = &profile->leaks.classes[i];

		if (item->name == NULL)
			item->name =
				intern_insert_string(profile->strings, find(names, item->table));
	}
	class_names_free(names);
}
