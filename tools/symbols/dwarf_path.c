/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/dwarf_path.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/intern.h"
#include "util/xalloc.h"

/* Whether a path has a component that leads nowhere: `./`, or nothing at all. */
static bool
has_idle_component(const char *path)
{
	return strstr(path, "//") != NULL || strstr(path, "/./") != NULL ||
	       strncmp(path, "./", 2) == 0;
}

/* Without such components; `..` stays, for a folder may be a link. */
static void
drop_idle_components(char *path)
{
	char *to = path;

	for (const char *from = path; *from != '\0';) {
		bool at_start = to == path || to[-1] == '/';

		if (at_start && from[0] == '.' && from[1] == '/')
			from += 2;
		else if (to != path && to[-1] == '/' && from[0] == '/')
			from++;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

const char *
dwarf_path_make(Dwarf_Die *unit, const char *file, struct intern *strings)
{
	Dwarf_Attribute attribute;
	const char *directory = NULL, *result;
	char *path;

	if (file == NULL || (file[0] == '/' && !has_idle_component(file)))
		return file;
	if (dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		directory = dwarf_formstring(&attribute);
	/* As <artificial>, which is no file. */
	if (file[0] == '/' || file[0] == '<' || directory == NULL || directory[0] != '/')
		path = xstrdup(file);
	else
		path = xasprintf("%s/%s", directory, file);
	drop_idle_components(path);
	result = intern_insert_string(strings, path);
	free(path);
	return result;
}
