/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo.c - the names and lines that one ELF file has for its addresses
 *
 *     address --unit_ranges--> unit --functions--> innermost DIE --parent--> ... --> subprogram
 *                                  \--line table--> file and line of the innermost
 *     address --symbol_ranges--> symbol, when there is no DWARF for it
 *
 * libdw walks DIEs one by one, so finding the functions around one address costs as much as finding
 * those of the whole unit. Each unit is therefore walked once, when the first of its addresses is
 * looked up, and its ranges are kept. The scopes of unmangled C++ names need the types too, which
 * are most of a unit, so they are a second walk that happens only when such a name turns up.
 */
#include "config.h"

#include "symbols/debuginfo.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debuginfo_search.h"
#include "symbols/elf_inflate.h"
#include "util/array.h"
#include "util/intern.h"
#include "util/range_index.h"
#include "util/xalloc.h"

#define NO_FUNCTION UINT32_MAX
#define DEPTH_MAX   200 /* of nested DIEs; deeper ones are not looked at */

/* A subprogram or an inlined copy of one. */
struct function {
	Dwarf_Die die;
	uint32_t parent; /* the function that this one is inlined into */
};

struct scope {
	Dwarf_Off die;
	const char *prefix;
};

struct unit {
	Dwarf_Die die;      /* with the functions; of a split unit, the one in the .dwo file */
	Dwarf_Die line_die; /* with the line table */
	bool is_cplusplus;
	enum encoding_language language;
	bool walked, scoped;
	ARRAY(struct function) functions;
	struct range_index function_ranges;
	ARRAY(struct scope) scopes; /* in the order of `die` */
};

struct symbol {
	uint64_t start, size;
	uint64_t limit; /* of one of size 0 */
	const char *name;
	unsigned rank; /* the higher, the better a name for its address */
};

struct debuginfo {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;     /* NULL without DWARF */
	Dwarf_Addr bias;  /* of addresses in the DWARF */
	bool units_known; /* the tables below are filled when first needed */
	bool symbols_known;
	ARRAY(struct unit) units;
	struct range_index unit_ranges;
	ARRAY(struct symbol) symbols;
	struct range_index symbol_ranges;
	struct intern *strings; /* scope prefixes and paths */
	enum encoding_language symbol_language;
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
	char path[128] = "/usr/lib/debug/.build-id/";
	size_t length = strlen(path);

	if (bytes < 2 || bytes > 20)
		return -ENOENT;
	for (uint32_t i = 0; i < bytes; i++)
		length += (size_t)sprintf(path + length, i == 0 ? "%02x/" : "%02x", build_id[i]);
	strcpy(path + length, ".debug");
	return open_absolute(path, build_id, bytes, online, debuginfo);
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
	debuginfo->path = xstrdup(path);
	*ret_debuginfo = debuginfo;
	return 0;
}

void
debuginfo_free(struct debuginfo *debuginfo)
{
	if (!debuginfo)
		return;
	array_each (&debuginfo->units, unit) {
		array_release(&unit->functions);
		array_release(&unit->scopes);
		range_index_release(&unit->function_ranges);
	}
	array_release(&debuginfo->units);
	array_release(&debuginfo->symbols);
	range_index_release(&debuginfo->unit_ranges);
	range_index_release(&debuginfo->symbol_ranges);
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

/*** symbols ***/

/* Of several names for one address: the exported one, then that with the fewest underscores. */
static unsigned
rank_symbol(const GElf_Sym *symbol, const char *name)
{
	unsigned underscores = (unsigned)strspn(name, "_");
	unsigned rank = 8 - (underscores < 8 ? underscores : 8);

	if (GELF_ST_BIND(symbol->st_info) != STB_LOCAL)
		rank += 16;
	if (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE)
		rank += 64;
	return rank;
}

static bool
is_code_symbol(const GElf_Sym *symbol, const char *name)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	if (!name || !*name || name[0] == '$' || symbol->st_shndx == SHN_UNDEF)
		return false;
	/* The beginnings of the sections .init and .fini, which no program calls by name. */
	if (symbol->st_size == 0 && (strcmp(name, "_init") == 0 || strcmp(name, "_fini") == 0))
		return false;
	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && symbol->st_size > 0);
}

static int
compare_symbols(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return -strcmp(left->name, right->name);
}

/* The end of the function around address as the unwinder knows it, or UINT64_MAX. */
static uint64_t
get_unwound_end(struct debuginfo *debuginfo, uint64_t address)
{
	Dwarf_Addr bias, start, end = UINT64_MAX;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(debuginfo->module, &bias);
	Dwarf_Frame *frame;

	if (cfi == NULL || dwarf_cfi_addrframe(cfi, address - bias, &frame) != 0)
		return UINT64_MAX;
	if (dwarf_frame_info(frame, &start, &end, NULL) < 0)
		end = UINT64_MAX;
	free(frame);
	return end == UINT64_MAX ? end : end + bias;
}

/*
 * Hand-written assembly may lack sizes: such a function ends at the next one, and no further than
 * its section. After the last symbol that is known, others may follow that have none.
 */
static uint64_t
limit_symbol(struct debuginfo *debuginfo, uint64_t address, Elf *elf, GElf_Word section,
	     GElf_Addr bias)
{
	Elf_Scn *found = elf != NULL ? elf_getscn(elf, section) : NULL;
	uint64_t end = get_unwound_end(debuginfo, address), section_end;
	GElf_Shdr header;

	if (found == NULL || gelf_getshdr(found, &header) == NULL)
		return address;
	section_end = header.sh_addr + header.sh_size + bias;
	return end < section_end ? end : section_end;
}

static void
insert_symbol(struct debuginfo *debuginfo, int index)
{
	GElf_Addr address, bias;
	GElf_Word section;
	GElf_Sym symbol;
	Elf *elf;
	const char *name = dwfl_module_getsym_info(debuginfo->module, index, &symbol, &address,
						   &section, &elf, &bias);
	struct symbol *inserted;

	if (name != NULL && debuginfo->symbol_language == ENCODING_ANY)
		debuginfo->symbol_language = encoding_guess_language(name);
	if (!is_code_symbol(&symbol, name))
		return;
	inserted = array_push(&debuginfo->symbols);
	*inserted = (struct symbol){.start = address,
				    .size = symbol.st_size,
				    .name = name,
				    .rank = rank_symbol(&symbol, name)};
	if (symbol.st_size == 0)
		inserted->limit = limit_symbol(debuginfo, address, elf, section, bias);
}

static void
read_symbols(struct debuginfo *debuginfo)
{
	int count = dwfl_module_getsymtab(debuginfo->module);

	debuginfo->symbols_known = true;
	for (int i = 1; i < count; i++)
		insert_symbol(debuginfo, i);
	if (debuginfo->symbols.count == 0)
		return;
	qsort(debuginfo->symbols.items, debuginfo->symbols.count, sizeof(struct symbol),
	      compare_symbols);
	for (size_t i = 0; i < debuginfo->symbols.count; i++) {
		struct symbol *symbol = &debuginfo->symbols.items[i];
		uint64_t end = symbol->start + symbol->size;
		size_t next = i + 1;

		if (symbol->size == 0) {
			while (next < debuginfo->symbols.count &&
			       debuginfo->symbols.items[next].start == symbol->start)
				next++;
			end = symbol->limit;
			if (next < debuginfo->symbols.count &&
			    debuginfo->symbols.items[next].start < end)
				end = debuginfo->symbols.items[next].start;
		}
		range_index_insert(&debuginfo->symbol_ranges, symbol->start, end, (uint32_t)i);
	}
	range_index_sort(&debuginfo->symbol_ranges);
}

static void
find_symbol(struct debuginfo *debuginfo, uint64_t address, struct debuginfo_location *location)
{
	uint32_t item;

	if (!debuginfo->symbols_known)
		read_symbols(debuginfo);
	if (!range_index_find(&debuginfo->symbol_ranges, address, &item))
		return;
	location->symbol = debuginfo->symbols.items[item].name;
	location->language = debuginfo->symbol_language;
}

/*** units ***/

/*
 * Languages in which a name means little without its scopes. By number where elfutils may not have
 * the name yet: the list at dwarfstd.org grows between versions of the standard.
 */
static bool
is_cplusplus(Dwarf_Die *unit)
{
	static const int languages[] = {
		DW_LANG_C_plus_plus,
		DW_LANG_ObjC_plus_plus,
		DW_LANG_C_plus_plus_03,
		DW_LANG_C_plus_plus_11,
		DW_LANG_C_plus_plus_14,
		0x2a, /* C++17 */
		0x2b, /* C++20 */
		0x30, /* HIP */
		0x37, /* OpenCL C++ */
		0x38, /* C++ for OpenCL */
		0x39, /* SYCL */
		0x3a, /* C++23 */
	};
	/* DWARF 6 tells the language apart from its version. */
	const unsigned language_name = 0x90;
	const Dwarf_Word cplusplus = 0x04, objective_cplusplus = 0x12;
	int language = dwarf_srclang(unit);
	Dwarf_Attribute attribute;
	Dwarf_Word name;

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (language == languages[i])
			return true;
	return dwarf_attr(unit, language_name, &attribute) != NULL &&
	       dwarf_formudata(&attribute, &name) == 0 &&
	       (name == cplusplus || name == objective_cplusplus);
}

static void
insert_unit(struct debuginfo *debuginfo, Dwarf_Die *die, Dwarf_Die *split)
{
	struct unit *unit = array_push(&debuginfo->units);
	bool is_split = split->addr != NULL;

	memset(unit, 0, sizeof(*unit));
	unit->line_die = *die;
	unit->die = is_split ? *split : *die;
	unit->language = encoding_get_language(dwarf_srclang(&unit->die));
	unit->is_cplusplus = is_cplusplus(&unit->die);
}

static void
insert_ranges(struct range_index *index, Dwarf_Die *die, uint32_t item)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0)
		range_index_insert(index, low, high, item);
}

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
		insert_unit(debuginfo, &die, &split);
		insert_ranges(&debuginfo->unit_ranges, &die,
			      (uint32_t)(debuginfo->units.count - 1));
	}
	range_index_sort(&debuginfo->unit_ranges);
}

/* Keep die if it is code, and return the function that encloses its children. */
static uint32_t
insert_function(struct unit *unit, Dwarf_Die *die, uint32_t parent)
{
	uint32_t index = (uint32_t)unit->functions.count;
	size_t before = unit->function_ranges.count;

	insert_ranges(&unit->function_ranges, die, index);
	if (unit->function_ranges.count == before)
		return parent;
	*array_push(&unit->functions) = (struct function){
		*die,
		dwarf_tag(die) == DW_TAG_inlined_subroutine ? parent : NO_FUNCTION,
	};
	return index;
}

/*
 * Types count, and functions without code of their own: the lambda of an inlined function stands in
 * a type, in the abstract function.
 */
static bool
may_hold_code(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_subprogram:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_variant_part:
		return true;
	default:
		return false;
	}
}

static void
walk_functions(struct unit *unit, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	Dwarf_Die child;

	if (depth > DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	do {
		uint32_t function = parent;
		int tag = dwarf_tag(&child);

		if (!may_hold_code(&child))
			continue;
		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			function = insert_function(unit, &child, parent);
		walk_functions(unit, &child, function, depth + 1);
	} while (dwarf_siblingof(&child, &child) == 0);
}

/*** scopes of unmangled names ***/

static const char *
extend_scope(struct debuginfo *debuginfo, const char *prefix, Dwarf_Die *die, unsigned *unnamed)
{
	const char *name = dwarf_diename(die);
	const char *call = "";
	const char *result;
	char number[32], *text;

	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		name = name ? name : "(anonymous namespace)";
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		/* Nearly always a lambda; numbered within its function, as a mangled name is. */
		if (!name)
			snprintf(number, sizeof(number), "{lambda#%u}", ++*unnamed);
		name = name ? name : number;
		break;
	case DW_TAG_subprogram:
		call = "()";
		break;
	default:
		return prefix;
	}
	if (!name)
		return prefix;
	text = xasprintf("%s%s%s::", prefix, name, call);
	result = intern_insert_string(debuginfo->strings, text);
	free(text);
	return result;
}

static void
walk_scopes(struct debuginfo *debuginfo, struct unit *unit, Dwarf_Die *die, const char *prefix,
	    unsigned depth)
{
	unsigned unnamed = 0;
	Dwarf_Die child;

	if (depth > DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_subprogram && *prefix &&
		    dwarf_hasattr(&child, DW_AT_name))
			*array_push(&unit->scopes) =
				(struct scope){dwarf_dieoffset(&child), prefix};
		if (dwarf_haschildren(&child))
			walk_scopes(debuginfo, unit, &child,
				    extend_scope(debuginfo, prefix, &child, &unnamed), depth + 1);
	} while (dwarf_siblingof(&child, &child) == 0);
}

static int
compare_scopes(const void *a, const void *b)
{
	const struct scope *left = a, *right = b;

	return (left->die > right->die) - (left->die < right->die);
}

/* The DIE that has the name of a function: its declaration, when it is defined elsewhere. */
static Dwarf_Die
find_named(const Dwarf_Die *function)
{
	Dwarf_Die die = *function;

	for (unsigned i = 0; i < DEPTH_MAX && !dwarf_hasattr(&die, DW_AT_name); i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;

		if (!dwarf_attr(&die, DW_AT_abstract_origin, &attribute) &&
		    !dwarf_attr(&die, DW_AT_specification, &attribute))
			break;
		if (!dwarf_formref_die(&attribute, &next))
			break;
		die = next;
	}
	return die;
}

static const char *
find_scope(struct debuginfo *debuginfo, struct unit *unit, const Dwarf_Die *function)
{
	Dwarf_Die named = find_named(function);
	struct scope wanted = {dwarf_dieoffset(&named), NULL}, *found;

	if (!unit->is_cplusplus || named.cu != unit->die.cu)
		return NULL;
	if (!unit->scoped) {
		unit->scoped = true;
		walk_scopes(debuginfo, unit, &unit->die, "", 0);
	}
	if (unit->scopes.count == 0)
		return NULL;
	found = bsearch(&wanted, unit->scopes.items, unit->scopes.count, sizeof(wanted),
			compare_scopes);
	return found ? found->prefix : NULL;
}

/*** look-up ***/

static void
name_function(struct debuginfo *debuginfo, struct unit *unit, Dwarf_Die *die,
	      struct debuginfo_location *location)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line;

	location->language = unit->language;
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		location->symbol = dwarf_formstring(&attribute);
	if (!location->symbol && dwarf_attr_integrate(die, DW_AT_name, &attribute)) {
		location->symbol = dwarf_formstring(&attribute);
		location->scope = find_scope(debuginfo, unit, die);
	}
	if (dwarf_attr_integrate(die, DW_AT_decl_line, &attribute) &&
	    dwarf_formudata(&attribute, &line) == 0)
		location->function_line = (uint32_t)line;
}

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

/*
 * A file as an absolute path, where the folder of the compiler is known. Tables of lines have what
 * the compiler was given: one program has `src/a.c` and `/build/src/b.c` in it.
 */
static const char *
make_path(struct debuginfo *debuginfo, struct unit *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *directory = NULL, *result;
	char *path;

	if (file == NULL || (file[0] == '/' && !has_idle_component(file)))
		return file;
	if (dwarf_attr(&unit->line_die, DW_AT_comp_dir, &attribute))
		directory = dwarf_formstring(&attribute);
	/* As <artificial>, which is no file. */
	if (file[0] == '/' || file[0] == '<' || directory == NULL || directory[0] != '/')
		path = xstrdup(file);
	else
		path = xasprintf("%s/%s", directory, file);
	drop_idle_components(path);
	result = intern_insert_string(debuginfo->strings, path);
	free(path);
	return result;
}

static uint32_t
get_number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) != 0)
		return 0;
	return (uint32_t)value;
}

/* Where an inlined function is called: a position in the function around it. */
static void
set_call_position(struct debuginfo *debuginfo, struct unit *unit, Dwarf_Die *inlined,
		  struct debuginfo_location *outer)
{
	Dwarf_Files *files;
	size_t count;
	uint32_t file = get_number(inlined, DW_AT_call_file);

	if (dwarf_getsrcfiles(&unit->line_die, &files, &count) == 0 && file < count)
		outer->file = make_path(debuginfo, unit, dwarf_filesrc(files, file, NULL, NULL));
	outer->line = get_number(inlined, DW_AT_call_line);
	outer->column = get_number(inlined, DW_AT_call_column);
}

/*
 * Whether an inlined function is said to be nobody's source: __attribute__((artificial)), as libc's
 * checking wrappers and heaptally.h have it. What the compiler makes itself, as lambdas, is
 * declared nowhere, and is a frame.
 */
static bool
is_artificial(const struct function *inlined)
{
	Dwarf_Die die = inlined->die, origin;
	Dwarf_Attribute attribute;
	bool flag;

	return inlined->parent != NO_FUNCTION &&
	       dwarf_attr(&die, DW_AT_abstract_origin, &attribute) != NULL &&
	       dwarf_formref_die(&attribute, &origin) != NULL &&
	       dwarf_hasattr(&origin, DW_AT_decl_line) &&
	       dwarf_attr(&origin, DW_AT_artificial, &attribute) != NULL &&
	       dwarf_formflag(&attribute, &flag) == 0 && flag;
}

/* The last row of the line table that is not after address, or NULL. */
static Dwarf_Line *
find_line(Dwarf_Lines *lines, size_t count, uint64_t address)
{
	size_t low = 0, high = count;
	Dwarf_Line *line;
	bool ends = false;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		Dwarf_Addr start;

		if (dwarf_lineaddr(dwarf_onesrcline(lines, middle), &start) == 0 &&
		    start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	line = low > 0 ? dwarf_onesrcline(lines, low - 1) : NULL;
	if (line == NULL || dwarf_lineendsequence(line, &ends) != 0 || ends)
		return NULL;
	return line;
}

static void
set_line_position(struct debuginfo *debuginfo, struct unit *unit, uint64_t address,
		  struct debuginfo_location *location)
{
	Dwarf_Lines *lines;
	Dwarf_Line *line;
	size_t count;
	int number = 0, column;

	if (dwarf_getsrclines(&unit->line_die, &lines, &count) != 0)
		return;
	line = find_line(lines, count, address);
	if (!line)
		return;
	location->file = make_path(debuginfo, unit, dwarf_linesrc(line, NULL, NULL));
	/* Line 0 is code that belongs to no line, as where several were merged. */
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		location->line = (uint32_t)number;
	if (number > 0 && dwarf_linecol(line, &column) == 0 && column > 0)
		location->column = (uint32_t)column;
}

static size_t
find_in_unit(struct debuginfo *debuginfo, struct unit *unit, uint64_t address,
	     struct debuginfo_location *locations)
{
	uint32_t function;
	size_t count = 0;

	if (!unit->walked) {
		unit->walked = true;
		walk_functions(unit, &unit->die, NO_FUNCTION, 0);
		range_index_sort(&unit->function_ranges);
	}
	memset(&locations[0], 0, sizeof(locations[0]));
	set_line_position(debuginfo, unit, address, &locations[0]);
	if (!range_index_find(&unit->function_ranges, address, &function))
		return locations[0].file ? 1 : 0;

	for (;;) {
		struct function *found = &unit->functions.items[function];

		if (!is_artificial(found)) {
			name_function(debuginfo, unit, &found->die, &locations[count]);
			count++;
			if (found->parent == NO_FUNCTION || count == DEBUGINFO_LOCATIONS_MAX)
				return count;
			locations[count - 1].inlined = true;
		}
		memset(&locations[count], 0, sizeof(locations[count]));
		set_call_position(debuginfo, unit, &found->die, &locations[count]);
		function = found->parent;
	}
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
		count = find_in_unit(debuginfo, &debuginfo->units.items[item],
				     address - debuginfo->bias, locations);
	if (count == 0) {
		memset(&locations[0], 0, sizeof(locations[0]));
		find_symbol(debuginfo, address, &locations[0]);
		return locations[0].symbol ? 1 : 0;
	}
	/* DWARF without a name for the physical function: hand-written assembly. */
	if (!locations[count - 1].symbol)
		find_symbol(debuginfo, address, &locations[count - 1]);
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
