/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scope_table.h - the namespaces and classes that the unmangled functions of a C++ unit stand in
 *
 * That needs the types too, which are most of a unit: it is walked when the first such name turns
 * up.
 */
#ifndef SCOPE_TABLE_H
#define SCOPE_TABLE_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "util/array.h"

struct intern;

struct scope {
	Dwarf_Off die;
	const char *prefix;
};

/* Zero but for the strings, which outlive it. */
struct scope_table {
	struct intern *strings;
	bool is_read;
	ARRAY(struct scope) scopes; /* in the order of `die` */
};

/* "ns::Class::" for a function of the unit, or NULL. */
const char *scope_table_find(struct scope_table *table, Dwarf_Die *unit, const Dwarf_Die *function);

void scope_table_release(struct scope_table *table);

#endif
