/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dwarf_unit.h - the functions and lines of one unit of DWARF
 *
 *     address --function_ranges--> innermost DIE --parent--> ... --> subprogram
 *            \--line table--> file and line of the innermost
 *
 * libdw walks DIEs one by one, so finding the functions around one address costs as much as finding
 * those of the whole unit: it is walked once, when the first of its addresses is looked up.
 */
#ifndef DWARF_UNIT_H
#define DWARF_UNIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/debuginfo_location.h"
#include "symbols/encoding.h"
#include "symbols/scope_table.h"
#include "util/array.h"
#include "util/range_index.h"

struct intern;

/* A subprogram or an inlined copy of one. */
struct function {
	Dwarf_Die die;
	uint32_t parent; /* the function that this one is inlined into */
};

struct dwarf_unit {
	Dwarf_Die die;      /* with the functions; of a split unit, the one in the .dwo file */
	Dwarf_Die line_die; /* with the line table */
	struct intern *strings;
	bool is_cplusplus;
	enum encoding_language language;
	bool is_walked;
	ARRAY(struct function) functions;
	struct range_index function_ranges;
	struct scope_table scopes;
};

/* `split` is a zeroed DIE where the unit is whole. The strings outlive it. */
void dwarf_unit_init(struct dwarf_unit *unit, Dwarf_Die *die, Dwarf_Die *split,
		     struct intern *strings);

void dwarf_unit_release(struct dwarf_unit *unit);

/* As debuginfo_find, of an address in the DWARF. */
size_t dwarf_unit_find(struct dwarf_unit *unit, uint64_t address,
		       struct debuginfo_location *locations);

/* Insert the ranges of code that a DIE covers. */
void dwarf_insert_ranges(Dwarf_Die *die, uint32_t item, struct range_index *index);

#endif
