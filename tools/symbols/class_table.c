/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * class_table.c - the class that a table of virtual functions is of, as one ELF file tells
 *
 *     address - 8 -> type { its own table, name, ... } -> "7Session"
 *
 * A pointer in the file is what a relocation will make of it: its addend, a symbol, or what stands
 * there already. The loader's tables say where these are, which no stripping takes away. Every
 * offset is checked: the file may be anything.
 */
#include "config.h"

#include "symbols/class_table.h"

#include <elf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debuginfo.h"
#include "symbols/demangle.h"
#include "util/array.h"
#include "util/intern.h"
#include "util/range_index.h"
#include "util/text.h"
#include "util/xalloc.h"

#define NAME_MAX_BYTES 4000 /* of a mangled name */

struct class_table {
	struct intern *strings;
	struct range_index ranges; /* of symbols */
	ARRAY(const char *) names; /* by item */

	/* Of the file; NULL if it cannot be read like this. */
	const char *image;
	size_t image_bytes;
	Elf *elf;
	uint64_t bias;
	bool has_relocations; /* looked for */
	ARRAY(Elf64_Rela) relocations;
	uint64_t symbols, strings_at, strings_bytes; /* addresses */
};

/*** names ***/

/* Without what the demangler says it is: "vtable for Session". */
static const char *
make_name(struct class_table *table, const char *symbol)
{
	static const char *const titles[] = {"vtable for ", "typeinfo for ", "typeinfo name for "};
	char *name = demangle(symbol, ENCODING_ANY);
	const char *found = NULL;

	for (size_t i = 0; name != NULL && i < sizeof(titles) / sizeof(*titles); i++)
		if (text_starts_with(name, titles[i]))
			found = intern_insert_string(table->strings, name + strlen(titles[i]));
	free(name);
	return found;
}

static void
read_symbols(struct class_table *table, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const char *name =
			dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);

		if (name == NULL || !text_starts_with(name, "_ZTV") ||
		    symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0)
			continue;
		name = make_name(table, name);
		if (name == NULL)
			continue;
		range_index_insert(&table->ranges, address, address + symbol.st_size,
				   (uint32_t)table->names.count);
		*array_push(&table->names) = name;
	}
	range_index_sort(&table->ranges);
}

/*** the file ***/

/* What is at an address, and how much of it is in the file; NULL. */
static const char *
find_bytes(const struct class_table *table, uint64_t address, uint64_t *ret_bytes)
{
	size_t count = 0;
	GElf_Phdr header;

	if (table->image == NULL || elf_getphdrnum(table->elf, &count) != 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(table->elf, (int)i, &header) == NULL || header.p_type != PT_LOAD ||
		    address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		if (header.p_offset > table->image_bytes ||
		    header.p_filesz > table->image_bytes - header.p_offset)
			return NULL;
		*ret_bytes = header.p_filesz - (address - header.p_vaddr);
		return table->image + header.p_offset + (address - header.p_vaddr);
	}
	return NULL;
}

static bool
read_at(const struct class_table *table, uint64_t address, void *record, size_t bytes)
{
	uint64_t there;
	const char *found = find_bytes(table, address, &there);

	if (found == NULL || there < bytes)
		return false;
	memcpy(record, found, bytes);
	return true;
}

/* A string; NULL if it does not end, or is too long for a name. */
static const char *
find_string(const struct class_table *table, uint64_t address)
{
	uint64_t there;
	const char *found = find_bytes(table, address, &there);

	if (found == NULL ||
	    memchr(found, '\0', there < NAME_MAX_BYTES ? there : NAME_MAX_BYTES) == NULL)
		return NULL;
	return found;
}

/*** relocations ***/

static int
compare_relocations(const void *a, const void *b)
{
	const Elf64_Rela *left = a, *right = b;

	return (left->r_offset > right->r_offset) - (left->r_offset < right->r_offset);
}

static void
insert_relocations(struct class_table *table, uint64_t address, uint64_t bytes)
{
	Elf64_Rela relocation;

	for (uint64_t at = 0; bytes - at >= sizeof(relocation); at += sizeof(relocation)) {
		if (!read_at(table, address + at, &relocation, sizeof(relocation)))
			return;
		*array_push(&table->relocations) = relocation;
	}
}

static void
take_dynamic(struct class_table *table, const GElf_Phdr *header)
{
	uint64_t address = 0, bytes = 0;
	Elf64_Dyn entry;

	for (uint64_t at = 0; header->p_filesz - at >= sizeof(entry); at += sizeof(entry)) {
		if (!read_at(table, header->p_vaddr + at, &entry, sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_RELA)
			address = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_RELASZ)
			bytes = entry.d_un.d_val;
		else if (entry.d_tag == DT_SYMTAB)
			table->symbols = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_STRTAB)
			table->strings_at = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_STRSZ)
			table->strings_bytes = entry.d_un.d_val;
	}
	insert_relocations(table, address, bytes);
}

/* When they are needed first. */
static void
read_relocations(struct class_table *table)
{
	size_t count = 0;
	GElf_Phdr header;

	if (table->has_relocations)
		return;
	table->has_relocations = true;
	if (elf_getphdrnum(table->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(table->elf, (int)i, &header) != NULL &&
		    header.p_type == PT_DYNAMIC)
			take_dynamic(table, &header);
	if (table->relocations.count != 0)
		qsort(table->relocations.items, table->relocations.count,
		      sizeof(*table->relocations.items), compare_relocations);
}

/*** types ***/

/* Where a word of the file will point: an address, or 0 and the name of a symbol. */
struct pointer {
	uint64_t address;
	const char *symbol;
};

static bool
follow_symbol(const struct class_table *table, const Elf64_Rela *relocation,
	      struct pointer *ret_pointer)
{
	Elf64_Sym symbol;

	if (!read_at(table,
		     table->symbols + (uint64_t)ELF64_R_SYM(relocation->r_info) * sizeof(symbol),
		     &symbol, sizeof(symbol)) ||
	    symbol.st_name >= table->strings_bytes)
		return false;
	ret_pointer->symbol = find_string(table, table->strings_at + symbol.st_name);
	ret_pointer->address =
		symbol.st_shndx != SHN_UNDEF ? symbol.st_value + (uint64_t)relocation->r_addend : 0;
	return ret_pointer->symbol != NULL || ret_pointer->address != 0;
}

static bool
find_pointer(struct class_table *table, uint64_t address, struct pointer *ret_pointer)
{
	const Elf64_Rela wanted = {.r_offset = address}, *found = NULL;

	read_relocations(table);
	*ret_pointer = (struct pointer){0};
	if (table->relocations.count != 0)
		found = bsearch(&wanted, table->relocations.items, table->relocations.count,
				sizeof(wanted), compare_relocations);
	if (found == NULL)
		return read_at(table, address, &ret_pointer->address, sizeof(uint64_t)) &&
		       ret_pointer->address != 0;
	if (ELF64_R_SYM(found->r_info) != 0)
		return follow_symbol(table, found, ret_pointer);
	ret_pointer->address = (uint64_t)found->r_addend;
	return true;
}

/* A type that is of one file alone has a mark in front of its name. */
static const char *
make_type_name(struct class_table *table, const char *mangled)
{
	char *symbol;
	const char *name;

	if (*mangled == '*')
		mangled++;
	symbol = xasprintf("_ZTS%s", mangled);
	name = make_name(table, symbol);
	free(symbol);
	return name;
}

static const char *
find_type(struct class_table *table, uint64_t address)
{
	struct pointer type, name;
	const char *mangled;

	if (!find_pointer(table, address - sizeof(uint64_t), &type))
		return NULL;
	if (type.symbol != NULL && text_starts_with(type.symbol, "_ZTI"))
		return make_name(table, type.symbol);
	if (type.address == 0 || !find_pointer(table, type.address + sizeof(uint64_t), &name))
		return NULL;
	if (name.symbol != NULL && text_starts_with(name.symbol, "_ZTS"))
		return make_name(table, name.symbol);
	mangled = name.address != 0 ? find_string(table, name.address) : NULL;
	return mangled != NULL ? make_type_name(table, mangled) : NULL;
}

/*** the table ***/

struct class_table *
class_table_new(struct debuginfo *debuginfo)
{
	struct class_table *table = xcalloc(1, sizeof(*table));
	Dwfl_Module *module = debuginfo_get_module(debuginfo);
	GElf_Addr bias = 0;
	char *identity;

	table->strings = intern_new();
	read_symbols(table, module);
	table->elf = dwfl_module_getelf(module, &bias);
	table->bias = bias;
	identity = table->elf != NULL ? elf_getident(table->elf, NULL) : NULL;
	if (identity != NULL && identity[EI_CLASS] == ELFCLASS64 &&
	    identity[EI_DATA] == ELFDATA2LSB)
		table->image = elf_rawfile(table->elf, &table->image_bytes);
	return table;
}

void
class_table_free(struct class_table *table)
{
	if (table == NULL)
		return;
	range_index_release(&table->ranges);
	array_release(&table->names);
	array_release(&table->relocations);
	intern_free(table->strings);
	free(table);
}

const char *
class_table_find(struct class_table *table, uint64_t address)
{
	uint32_t item;

	if (range_index_find(&table->ranges, address, &item))
		return table->names.items[item];
	return table->image != NULL ? find_type(table, address - table->bias) : NULL;
}
