/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/dwarf_unit.h"

#include <dwarf.h>
#include <string.h>

#include "symbols/dwarf_path.h"

#define NO_FUNCTION UINT32_MAX

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

void
dwarf_unit_init(struct dwarf_unit *unit, Dwarf_Die *die, Dwarf_Die *split, struct intern *strings)
{
	bool is_split = split->addr != NULL;

	*unit = (struct dwarf_unit){
		.die = is_split ? *split : *die,
		.line_die = *die,
		.strings = strings,
		.scopes = {.strings = strings},
	};
	unit->language = encoding_get_language(dwarf_srclang(&unit->die));
	unit->is_cplusplus = is_cplusplus(&unit->die);
}

void
dwarf_unit_release(struct dwarf_unit *unit)
{
	array_release(&unit->functions);
	range_index_release(&unit->function_ranges);
	scope_table_release(&unit->scopes);
}

void
dwarf_insert_ranges(Dwarf_Die *die, uint32_t item, struct range_index *index)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0)
		range_index_insert(index, low, high, item);
}

/* Keep die if it is code, and return the function that encloses its children. */
static uint32_t
insert_function(struct dwarf_unit *unit, Dwarf_Die *die, uint32_t parent)
{
	uint32_t index = (uint32_t)unit->functions.count;
	size_t before = unit->function_ranges.count;

	dwarf_insert_ranges(die, index, &unit->function_ranges);
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
walk_functions(struct dwarf_unit *unit, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	Dwarf_Die child;

	if (depth > DEBUGINFO_DEPTH_MAX || dwarf_child(die, &child) != 0)
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

static void
name_function(struct dwarf_unit *unit, Dwarf_Die *die, struct debuginfo_location *location)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line;

	location->language = unit->language;
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		location->symbol = dwarf_formstring(&attribute);
	if (!location->symbol && dwarf_attr_integrate(die, DW_AT_name, &attribute)) {
		location->symbol = dwarf_formstring(&attribute);
		if (unit->is_cplusplus)
			location->scope = scope_table_find(&unit->scopes, &unit->die, die);
	}
	if (dwarf_attr_integrate(die, DW_AT_decl_line, &attribute) &&
	    dwarf_formudata(&attribute, &line) == 0)
		location->function_line = (uint32_t)line;
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
set_call_position(struct dwarf_unit *unit, Dwarf_Die *inlined, struct debuginfo_location *outer)
{
	Dwarf_Files *files;
	size_t count;
	uint32_t file = get_number(inlined, DW_AT_call_file);

	if (dwarf_getsrcfiles(&unit->line_die, &files, &count) == 0 && file < count)
		outer->file = dwarf_path_make(
			&unit->line_die, dwarf_filesrc(files, file, NULL, NULL), unit->strings);
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
set_line_position(struct dwarf_unit *unit, uint64_t address, struct debuginfo_location *location)
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
	location->file =
		dwarf_path_make(&unit->line_die, dwarf_linesrc(line, NULL, NULL), unit->strings);
	/* Line 0 is code that belongs to no line, as where several were merged. */
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		location->line = (uint32_t)number;
	if (number > 0 && dwarf_linecol(line, &column) == 0 && column > 0)
		location->column = (uint32_t)column;
}

size_t
dwarf_unit_find(struct dwarf_unit *unit, uint64_t address, struct debuginfo_location *locations)
{
	uint32_t function;
	size_t count = 0;

	if (!unit->is_walked) {
		unit->is_walked = true;
		walk_functions(unit, &unit->die, NO_FUNCTION, 0);
		range_index_sort(&unit->function_ranges);
	}
	memset(&locations[0], 0, sizeof(locations[0]));
	set_line_position(unit, address, &locations[0]);
	if (!range_index_find(&unit->function_ranges, address, &function))
		return locations[0].file ? 1 : 0;

	for (;;) {
		struct function *found = &unit->functions.items[function];

		if (!is_artificial(found)) {
			name_function(unit, &found->die, &locations[count]);
			count++;
			if (found->parent == NO_FUNCTION || count == DEBUGINFO_LOCATIONS_MAX)
				return count;
			locations[count - 1].inlined = true;
		}
		memset(&locations[count], 0, sizeof(locations[count]));
		set_call_position(unit, &found->die, &locations[count]);
		function = found->parent;
	}
}
