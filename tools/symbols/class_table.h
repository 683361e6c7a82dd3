/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * class_table.h - the class that a table of virtual functions is of, as one ELF file tells
 *
 * A symbol says it, also of the tables that a class has for its other bases. Where there are no
 * symbols any more, the information about types does that the program itself needs.
 */
#ifndef CLASS_TABLE_H
#define CLASS_TABLE_H

#include <stdint.h>

struct class_table;
struct debuginfo;

/* Of a file, which must outlive it. Never NULL. */
struct class_table *class_table_new(struct debuginfo *debuginfo);

/* NULL is accepted. */
void class_table_free(struct class_table *table);

/* By the address that objects begin with, in the program headers; NULL when it is not known. The
 * name lives as long as the table. */
const char *class_table_find(struct class_table *table, uint64_t address);

#endif
