/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variable_table.h - the variables that one ELF file has, by address
 *
 * Names come from the symbol table, and from DWARF, which also says where a variable is declared.
 */
#ifndef VARIABLE_TABLE_H
#define VARIABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct debuginfo;
struct variable_table;

struct variable {
	const char *name; /* as people know it; as long as the table, as the next */
	const char *file; /* or NULL */
	uint32_t line;
	uint64_t start, bytes; /* in the program headers, or in the image of thread-locals */
};

/* Of a file, which is not looked at any more afterwards. Never NULL. */
struct variable_table *variable_table_new(struct debuginfo *debuginfo);

/* NULL is accepted. */
void variable_table_free(struct variable_table *table);

/* What holds an address; a thread-local one by its offset in the image of them. */
bool variable_table_find(const struct variable_table *table, uint64_t address, bool is_thread_local,
			 struct variable *ret_variable);

/* How far below the end of a thread's own variables those of an executable begin; 0: it has none.
 */
uint64_t variable_table_get_thread_bytes(const struct variable_table *table);

#endif
