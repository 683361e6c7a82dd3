/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo.c - the names and lines that one ELF file has for its addresses
 *
 *     address --unit_ranges--> unit --> functions and lines
 *            \--symbols--> name, when there is no DWARF for it
 */
#include "config.h"

#include "symbols/debuginfo.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debuginfo_search.h"
#include "symbols/dwarf_unit.h"
#include "symbols/elf_inflate.h"
#include "symbols/symbol_table.h"
#include "util/array.h"
#include "util/intern.h"
#include "util/output.h"
#include "util/range_index.h"
#include "util/xalloc.h"

struct debuginfo {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;     /* NULL without DWARF */
	Dwarf_Addr bias;  /* of addresses in the DWARF */
	bool units_known; /* the tables below are filled when first needed */
	ARRAY(struct dwarf_unit) units;
	struct range_index unit_ranges;
	struct symbol_table symbols;
	struct intern *strings; /* scope prefixes and paths */
	struct debuginfo_search search;
	char *path;                /* of the module, as opened */
	const char *split_missing; /* the first .dwo file that is not there */
	unsigned split_missing_count;
	bool inflate_failed;
	bool has_split; /* units that are in files of their own */
};

static int
find_no_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **file,
	    Elf **elf)
{
	(void)module, (void)data, (void)name, (void)base, (void)file, (void)elf;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_no_elf,
	.find_debuginfo = debuginfo_search,
	.section_address = dwfl_offline_section_address,
};

/* Paths come from the recording: a fifo or a device must not be able to hang the report. */
static int
open_regular(const char *path)
{
	struct stat info;
	int fd;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return -ENOEXEC;
	}
	output_note_input(fd);
	return fd;
}

static bool
has_build_id(Dwfl_Module *module, const uint8_t *build_id, uint32_t bytes)
{
	const unsigned char *bits;
	GElf_Addr where;
	int found = dwfl_module_build_id(module, &bits, &where);

	return bytes == 0 || (found == (int)bytes && memcmp(bits, build_id, bytes) == 0);
}

static int
open_absolute(const char *path, const uint8_t *build_id, uint32_t bytes, bool online,
	      struct debuginfo *debuginfo)
{
	int fd = open_regular(path), inflated;
	void **data;

	if (fd < 0)
		return fd;
	inflated = elf_inflate(fd);
	debuginfo->inflate_failed = inflated < 0;
	fd = inflated < 0 ? fd : inflated;
	debuginfo->search.online = online;
	debuginfo->dwfl = dwfl_begin(&callbacks);
	if (!debuginfo->dwfl) {
		close(fd);
		return -ENOMEM;
	}
	dwfl_report_begin(debuginfo->dwfl);
	debuginfo->module = dwfl_report_elf(debuginfo->dwfl, path, path, fd, 0, true);
	dwfl_report_end(debuginfo->dwfl, NULL, NULL);
	if (!debuginfo->module) {
		close(fd); /* taken over only on success */
		dwfl_end(debuginfo->dwfl);
		return -ENOEXEC;
	}
	dwfl_module_info(debuginfo->module, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	*data = &debuginfo->search;
	if (has_build_id(debuginfo->module, build_id, bytes))
		return 0;
	dwfl_end(debuginfo->dwfl);
	return -ESTALE;
}

/* The loader knows a module by the name that the program gave, which may be relative to where the
 * program was then. From here that may lead to another file, and only the build-id tells. */
static int
open_file(const char *path, const uint8_t *build_id, uint32_t bytes, bool online,
	  struct debuginfo *debuginfo)
{
	char *absolute;
	int result;

	if (path[0] == '/')
		return open_absolute(path, build_id, bytes, online, debuginfo);
	absolute = bytes > 0 ? realpath(path, NULL) : NULL;
	if (!absolute)
		return -ENOENT;
	result = open_absolute(absolute, build_id, bytes, online, debuginfo);
	free(absolute);
	return result == -ESTALE ? -ENOENT : result;
}

static int
open_by_build_id(const uint8_t *build_id, uint32_t bytes, bool online, struct debuginfo *debuginfo)
{
	char *path = debuginfo_search_make_path(build_id, bytes);
	int result =
		path != NULL ? open_absolute(path, build_id, bytes, online, debuginfo) : -ENOENT;

	free(path);
	return result;
}

int
debuginfo_open(const char *path, const uint8_t *build_id, uint32_t build_id_bytes, bool online,
	       struct debuginfo **ret_debuginfo)
{
	struct debuginfo *debuginfo = xcalloc(1, sizeof(*debuginfo));
	int result;

	result = open_file(path, build_id, build_id_bytes, online, debuginfo);
	if (result < 0 && open_by_build_id(build_id, build_id_bytes, online, debuginfo) == 0)
		result = 0;
	if (result < 0) {
		free(debuginfo);
		return result;
	}
	debuginfo->strings = intern_new();
	debuginfo->symbols.module = debuginfo->module;
	debuginfo->path = xstrdup(path);
	*ret_debuginfo = debuginfo;
	return 0;
}

void
debuginfo_free(struct debuginfo *debuginfo)
{
	if (!debuginfo)
		return;
	array_each (&debuginfo->units, unit)
		dwarf_unit_release(unit);
	array_release(&debuginfo->units);
	range_index_release(&debuginfo->unit_ranges);
	symbol_table_release(&debuginfo->symbols);
	intern_free(debuginfo->strings);
	dwfl_end(debuginfo->dwfl);
	free(debuginfo->search.stale);
	free(debuginfo->search.damaged);
	free(debuginfo->path);
	free(debuginfo);
}

struct Dwfl_Module *
debuginfo_get_module(const struct debuginfo *debuginfo)
{
	return debuginfo->module;
}

/*** units ***/

/* The path of the .dwo file that a skeleton stands for. */
static const char *
get_split_path(struct debuginfo *debuginfo, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL, *directory = NULL, *path;
	char *text;

	if (dwarf_attr(die, DW_AT_dwo_name, &attribute) ||
	    dwarf_attr(die, DW_AT_GNU_dwo_name, &attribute))
		name = dwarf_formstring(&attribute);
	if (dwarf_attr(die, DW_AT_comp_dir, &attribute))
		directory = dwarf_formstring(&attribute);
	if (name == NULL || name[0] == '/' || directory == NULL)
		return name;
	text = xasprintf("%s/%s", directory, name);
	path = intern_insert_string(debuginfo->strings, text);
	free(text);
	return path;
}

static void
note_missing_split(struct debuginfo *debuginfo, Dwarf_Die *die)
{
	const char *path = get_split_path(debuginfo, die);

	if (path != NULL && debuginfo->split_missing_count++ == 0)
		debuginfo->split_missing = path;
}

static void
read_units(struct debuginfo *debuginfo)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, split;
	uint8_t type;

	debuginfo->units_known = true;
	debuginfo->dwarf = dwfl_module_getdwarf(debuginfo->module, &debuginfo->bias);
	if (!debuginfo->dwarf)
		return;
	while (dwarf_get_units(debuginfo->dwarf, unit, &unit, NULL, &type, &die, &split) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		debuginfo->has_split |= type == DW_UT_skeleton;
		if (type == DW_UT_compile)
			memset(&split, 0, sizeof(split));
		else if (split.addr == NULL)
			note_missing_split(debuginfo, &die);
		dwarf_insert_ranges(&die, (uint32_t)debuginfo->units.count,
				    &debuginfo->unit_ranges);
		dwarf_unit_init(array_push(&debuginfo->units), &die, &split, debuginfo->strings);
	}
	range_index_sort(&debuginfo->unit_ranges);
}

/*** look-up ***/

static void
name_by_symbol(struct debuginfo *debuginfo, uint64_t address, struct debuginfo_location *location)
{
	location->symbol = symbol_table_find(&debuginfo->symbols, address, &location->language);
}

size_t
debuginfo_find(struct debuginfo *debuginfo, uint64_t address,
	       struct debuginfo_location locations[DEBUGINFO_LOCATIONS_MAX])
{
	uint32_t item;
	size_t count = 0;

	if (!debuginfo->units_known)
		read_units(debuginfo);
	if (range_index_find(&debuginfo->unit_ranges, address - debuginfo->bias, &item))
		count = dwarf_unit_find(&debuginfo->units.items[item], address - debuginfo->bias,
					locations);
	if (count == 0) {
		memset(&locations[0], 0, sizeof(locations[0]));
		name_by_symbol(debuginfo, address, &locations[0]);
		return locations[0].symbol ? 1 : 0;
	}
	/* DWARF without a name for the physical function: hand-written assembly. */
	if (!locations[count - 1].symbol)
		name_by_symbol(debuginfo, address, &locations[count - 1]);
	return count;
}

size_t
debuginfo_get_places(const struct debuginfo *debuginfo, char *places[DEBUGINFO_PLACES_MAX])
{
	return debuginfo_search_list(debuginfo->module, debuginfo->path, places);
}

/* A part that several debug files share is told by its build-id, but may be missing. */
static bool
lacks_shared_part(const struct debuginfo *debuginfo)
{
	const char *name;
	const void *build_id;

	return debuginfo->dwarf != NULL &&
	       dwelf_dwarf_gnu_debugaltlink(debuginfo->dwarf, &name, &build_id) > 0 &&
	       dwarf_getalt(debuginfo->dwarf) == NULL;
}

bool
debuginfo_is_complete(const struct debuginfo *debuginfo)
{
	return !debuginfo->has_split && !debuginfo->inflate_failed &&
	       debuginfo->search.damaged == NULL && debuginfo->search.stale == NULL &&
	       !debuginfo->search.online && !lacks_shared_part(debuginfo);
}

char *
debuginfo_explain(const struct debuginfo *debuginfo)
{
	char more[40] = "";
	char *packed, *sentence;

	if (debuginfo->inflate_failed || debuginfo->search.damaged != NULL)
		return xasprintf("%s: its debug sections cannot be decompressed; `objcopy "
				 "--decompress-debug-sections` may help",
				 debuginfo->inflate_failed ? debuginfo->path
							   : debuginfo->search.damaged);
	if (debuginfo->split_missing != NULL) {
		if (debuginfo->split_missing_count > 1)
			snprintf(more, sizeof(more), " (and %u more)",
				 debuginfo->split_missing_count - 1);
		packed = xasprintf("%s.dwp", debuginfo->path);
		sentence = xasprintf(
			"%s: its debug information is in %s%s, which %s not there%s; keep .dwo "
			"files where the compiler put them",
			debuginfo->path, debuginfo->split_missing, more,
			debuginfo->split_missing_count > 1 ? "are" : "is",
			access(packed, F_OK) == 0 ? ", and its .dwp is not read here" : "");
		free(packed);
		return sentence;
	}
	if (debuginfo->search.stale != NULL)
		return xasprintf("%s: the debug file %s is of another build; install the one of "
				 "this build, or compile again",
				 debuginfo->path, debuginfo->search.stale);
	return NULL;
}
