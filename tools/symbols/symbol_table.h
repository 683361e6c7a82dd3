/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbol_table.h - the functions that the symbols of one ELF file name
 *
 * For code without DWARF. Read when the first address is asked for.
 */
#ifndef SYMBOL_TABLE_H
#define SYMBOL_TABLE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbols/encoding.h"
#include "util/array.h"
#include "util/range_index.h"

struct symbol {
	uint64_t start, size;
	uint64_t limit; /* of one of size 0 */
	const char *name;
	unsigned rank; /* the higher, the better a name for its address */
};

/* Zero but for the module, which outlives it. */
struct symbol_table {
	Dwfl_Module *module;
	bool is_read;
	ARRAY(struct symbol) symbols;
	struct range_index ranges;
	enum encoding_language language; /* as the names say */
};

/* The best name for the function around address, and its language; NULL when there is none. */
const char *symbol_table_find(struct symbol_table *table, uint64_t address,
			      enum encoding_language *ret_language);

void symbol_table_release(struct symbol_table *table);

#endif
