/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * variable_table.c - the variables that one ELF file has, by address
 *
 * The symbol table has sizes and all that the linker kept; a symbol of C++ tells its scope. DWARF
 * has the plain names of static variables of functions, and positions. What both have is one.
 */
#include "config.h"

#include "symbols/variable_table.h"

#include <ctype.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debuginfo.h"
#include "symbols/demangle.h"
#include "symbols/dwarf_path.h"
#include "util/array.h"
#include "util/intern.h"
#include "util/range_index.h"
#include "util/xalloc.h"

struct entry {
	struct variable variable;
	bool is_thread_local;
	unsigned rank; /* the higher, the better a name for its address */
};

struct variable_table {
	ARRAY(struct entry) entries;
	struct range_index ranges[2]; /* of all, and of those of threads */
	struct intern *strings;
	uint64_t thread_bytes;
};

enum rank {
	RANK_LOCAL_SYMBOL,
	RANK_SYMBOL,
	RANK_DWARF,
	RANK_SCOPED_SYMBOL, /* of C++, which has its namespace in it */
};

/*** names ***/

/* Without what a compiler adds to the name of a function's static variable: "cache.3". */
static const char *
make_plain_name(struct variable_table *table, const char *symbol)
{
	size_t length = strlen(symbol), end = length;

	while (end > 0 && isdigit((unsigned char)symbol[end - 1]))
		end--;
	if (end > 1 && end < length && symbol[end - 1] == '.')
		length = end - 1;
	return intern_insert(table->strings, symbol, length);
}

static void
insert(struct variable_table *table, const struct entry *entry)
{
	*array_push(&table->entries) = *entry;
}

static void
insert_symbol(struct variable_table *table, const char *name, const GElf_Sym *symbol,
	      uint64_t address)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	struct entry entry = {.is_thread_local = type == STT_TLS};
	char *demangled;

	if (name == NULL || *name == '\0' || symbol->st_shndx == SHN_UNDEF ||
	    symbol->st_size == 0 || (type != STT_OBJECT && type != STT_TLS))
		return;
	demangled = demangle(name, ENCODING_ANY);
	entry.variable.name = demangled != NULL ? intern_insert_string(table->strings, demangled)
						: make_plain_name(table, name);
	entry.rank = demangled != NULL                            ? RANK_SCOPED_SYMBOL
		     : GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? RANK_LOCAL_SYMBOL
								  : RANK_SYMBOL;
	entry.variable.start = type == STT_TLS ? symbol->st_value : address;
	entry.variable.bytes = symbol->st_size;
	free(demangled);
	insert(table, &entry);
}

static void
read_symbols(struct variable_table *table, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const char *name =
			dwfl_module_getsym_info(module, i, &symbol, &address, NULL, NULL, NULL);

		insert_symbol(table, name, &symbol, address);
	}
}

/*** DWARF ***/

static bool
is_thread_operation(const Dwarf_Op *operation)
{
	return operation->atom == DW_OP_GNU_push_tls_address ||
	       operation->atom == DW_OP_form_tls_address;
}

/* Where a variable is, if it stays there for ever. */
static bool
find_address(Dwarf_Die *die, Dwarf_Addr bias, struct entry *entry)
{
	Dwarf_Attribute attribute, address;
	Dwarf_Op *operations;
	Dwarf_Addr found;
	size_t count;

	if (dwarf_attr(die, DW_AT_location, &attribute) == NULL ||
	    dwarf_getlocation(&attribute, &operations, &count) != 0 || count == 0 || count > 2)
		return false;
	entry->is_thread_local = count == 2 && is_thread_operation(&operations[1]);
	if (count == 2 && !entry->is_thread_local)
		return false;
	if (entry->is_thread_local) {
		entry->variable.start = operations[0].number;
		return true;
	}
	if (operations[0].atom == DW_OP_addr) {
		entry->variable.start = operations[0].number + bias;
		return true;
	}
	if ((operations[0].atom != DW_OP_addrx && operations[0].atom != DW_OP_GNU_addr_index) ||
	    dwarf_getlocation_attr(&attribute, operations, &address) != 0 ||
	    dwarf_formaddr(&address, &found) != 0)
		return false;
	entry->variable.start = found + bias;
	return true;
}

static uint64_t
find_size(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;
	Dwarf_Word bytes;

	if (dwarf_attr_integrate(die, DW_AT_type, &attribute) == NULL ||
	    dwarf_formref_die(&attribute, &type) == NULL ||
	    dwarf_aggregate_size(&type, &bytes) != 0)
		return 0;
	return bytes;
}

/* Of a unit of DWARF whose folder is known by `unit`. */
struct walk {
	struct variable_table *table;
	Dwarf_Die *unit;
	Dwarf_Addr bias;
};

static void
insert_variable(struct walk *walk, Dwarf_Die *die)
{
	struct intern *strings = walk->table->strings;
	struct entry entry = {.rank = RANK_DWARF};
	Dwarf_Attribute attribute;
	const char *name, *file;
	int line;

	if (!find_address(die, walk->bias, &entry) ||
	    dwarf_attr_integrate(die, DW_AT_name, &attribute) == NULL)
		return;
	name = dwarf_formstring(&attribute);
	entry.variable.bytes = find_size(die);
	if (name == NULL || entry.variable.bytes == 0)
		return;
	entry.variable.name = intern_insert_string(strings, name);
	file = dwarf_path_make(walk->unit, dwarf_decl_file(die), strings);
	if (file != NULL && dwarf_decl_line(die, &line) == 0) {
		entry.variable.file = intern_insert_string(strings, file);
		entry.variable.line = (uint32_t)line;
	}
	insert(walk->table, &entry);
}

/* What may have variables of its own that stay: types have theirs declared only. */
static bool
may_hold_variables(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_subprogram ||
	       tag == DW_TAG_lexical_block;
}

static void
walk_below(struct walk *walk, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die child;

	if (depth > DEBUGINFO_DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_variable)
			insert_variable(walk, &child);
		else if (may_hold_variables(tag))
			walk_below(walk, &child, depth + 1);
	} while (dwarf_siblingof(&child, &child) == 0);
}

static void
read_dwarf(struct variable_table *table, Dwfl_Module *module)
{
	Dwarf_Die die, split;
	struct walk walk = {.table = table, .unit = &die};
	Dwarf *dwarf = dwfl_module_getdwarf(module, &walk.bias);
	Dwarf_CU *unit = NULL;
	uint8_t type;

	if (dwarf == NULL)
		return;
	while (dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, &split) == 0)
		if (type == DW_UT_compile)
			walk_below(&walk, &die, 0);
		else if (type == DW_UT_skeleton && split.addr != NULL)
			walk_below(&walk, &split, 0);
}

/*** both ***/

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->is_thread_local != right->is_thread_local)
		return left->is_thread_local ? 1 : -1;
	if (left->variable.start != right->variable.start)
		return left->variable.start > right->variable.start ? 1 : -1;
	if (left->rank != right->rank)
		return left->rank < right->rank ? 1 : -1;
	return strcmp(left->variable.name, right->variable.name);
}

/* The best name of each address, with the position that another may have. */
static void
join_entries(struct variable_table *table)
{
	struct entry *entries = table->entries.items;
	size_t kept = 0;

	if (table->entries.count != 0)
		qsort(entries, table->entries.count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < table->entries.count; i++) {
		struct entry *last = kept != 0 ? &entries[kept - 1] : NULL;

		if (last == NULL || last->variable.start != entries[i].variable.start ||
		    last->is_thread_local != entries[i].is_thread_local) {
			entries[kept++] = entries[i];
			continue;
		}
		if (last->variable.file == NULL) {
			last->variable.file = entries[i].variable.file;
			last->variable.line = entries[i].variable.line;
		}
	}
	table->entries.count = kept;
	for (size_t i = 0; i < kept; i++)
		range_index_insert(
			&table->ranges[entries[i].is_thread_local], entries[i].variable.start,
			entries[i].variable.start + entries[i].variable.bytes, (uint32_t)i);
	range_index_sort(&table->ranges[0]);
	range_index_sort(&table->ranges[1]);
}

/* As glibc lays it out where the thread's data is behind its variables: those of the executable are
 * the nearest, at an address that is congruent to that in the file. */
static uint64_t
find_thread_bytes(Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	size_t count = 0;
	GElf_Phdr header;

	if (elf == NULL || elf_getphdrnum(elf, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t align, first;

		if (gelf_getphdr(elf, (int)i, &header) == NULL || header.p_type != PT_TLS)
			continue;
		align = header.p_align != 0 ? header.p_align : 1;
		first = -header.p_vaddr & (align - 1);
		return (header.p_memsz - first + align - 1) / align * align + first;
	}
	return 0;
}

struct variable_table *
variable_table_new(struct debuginfo *debuginfo)
{
	struct variable_table *table = xcalloc(1, sizeof(*table));
	Dwfl_Module *module = debuginfo_get_module(debuginfo);

	table->strings = intern_new();
	read_symbols(table, module);
	read_dwarf(table, module);
	join_entries(table);
	table->thread_bytes = find_thread_bytes(module);
	return table;
}

void
variable_table_free(struct variable_table *table)
{
	if (table == NULL)
		return;
	array_release(&table->entries);
	range_index_release(&table->ranges[0]);
	range_index_release(&table->ranges[1]);
	intern_free(table->strings);
	free(table);
}

bool
variable_table_find(const struct variable_table *table, uint64_t address, bool is_thread_local,
		    struct variable *ret_variable)
{
	uint32_t item;

	if (!range_index_find(&table->ranges[is_thread_local], address, &item))
		return false;
	*ret_variable = table->entries.items[item].variable;
	return true;
}

uint64_t
variable_table_get_thread_bytes(const struct variable_table *table)
{
	return table->thread_bytes;
}
