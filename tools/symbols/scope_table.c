/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/scope_table.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>

#include "symbols/debuginfo_location.h"
#include "util/intern.h"
#include "util/xalloc.h"

static const char *
extend_scope(struct intern *strings, const char *prefix, Dwarf_Die *die, unsigned *unnamed)
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
	result = intern_insert_string(strings, text);
	free(text);
	return result;
}

static void
walk_scopes(struct scope_table *table, Dwarf_Die *die, const char *prefix, unsigned depth)
{
	unsigned unnamed = 0;
	Dwarf_Die child;

	if (depth > DEBUGINFO_DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_subprogram && *prefix &&
		    dwarf_hasattr(&child, DW_AT_name))
			*array_push(&table->scopes) =
				(struct scope){dwarf_dieoffset(&child), prefix};
		if (dwarf_haschildren(&child))
			walk_scopes(table, &child,
				    extend_scope(table->strings, prefix, &child, &unnamed),
				    depth + 1);
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

	for (unsigned i = 0; i < DEBUGINFO_DEPTH_MAX && !dwarf_hasattr(&die, DW_AT_name); i++) {
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

const char *
scope_table_find(struct scope_table *table, Dwarf_Die *unit, const Dwarf_Die *function)
{
	Dwarf_Die named = find_named(function);
	struct scope wanted = {dwarf_dieoffset(&named), NULL}, *found;

	if (named.cu != unit->cu)
		return NULL;
	if (!table->is_read) {
		table->is_read = true;
		walk_scopes(table, unit, "", 0);
	}
	if (table->scopes.count == 0)
		return NULL;
	found = bsearch(&wanted, table->scopes.items, table->scopes.count, sizeof(wanted),
			compare_scopes);
	return found ? found->prefix : NULL;
}

void
scope_table_release(struct scope_table *table)
{
	array_release(&table->scopes);
}
