/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/symbol_table.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

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
get_unwound_end(Dwfl_Module *module, uint64_t address)
{
	Dwarf_Addr bias, start, end = UINT64_MAX;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(module, &bias);
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
limit_symbol(Dwfl_Module *module, uint64_t address, Elf *elf, GElf_Word section, GElf_Addr bias)
{
	Elf_Scn *found = elf != NULL ? elf_getscn(elf, section) : NULL;
	uint64_t end = get_unwound_end(module, address), section_end;
	GElf_Shdr header;

	if (found == NULL || gelf_getshdr(found, &header) == NULL)
		return address;
	section_end = header.sh_addr + header.sh_size + bias;
	return end < section_end ? end : section_end;
}

static void
insert_symbol(struct symbol_table *table, int index)
{
	GElf_Addr address, bias;
	GElf_Word section;
	GElf_Sym symbol;
	Elf *elf;
	const char *name = dwfl_module_getsym_info(table->module, index, &symbol, &address,
						   &section, &elf, &bias);
	struct symbol *inserted;

	if (name != NULL && table->language == ENCODING_ANY)
		table->language = encoding_guess_language(name);
	if (!is_code_symbol(&symbol, name))
		return;
	inserted = array_push(&table->symbols);
	*inserted = (struct symbol){.start = address,
				    .size = symbol.st_size,
				    .name = name,
				    .rank = rank_symbol(&symbol, name)};
	if (symbol.st_size == 0)
		inserted->limit = limit_symbol(table->module, address, elf, section, bias);
}

static void
read_symbols(struct symbol_table *table)
{
	int count = dwfl_module_getsymtab(table->module);

	table->is_read = true;
	for (int i = 1; i < count; i++)
		insert_symbol(table, i);
	if (table->symbols.count == 0)
		return;
	qsort(table->symbols.items, table->symbols.count, sizeof(struct symbol), compare_symbols);
	for (size_t i = 0; i < table->symbols.count; i++) {
		struct symbol *symbol = &table->symbols.items[i];
		uint64_t end = symbol->start + symbol->size;
		size_t next = i + 1;

		if (symbol->size == 0) {
			while (next < table->symbols.count &&
			       table->symbols.items[next].start == symbol->start)
				next++;
			end = symbol->limit;
			if (next < table->symbols.count && table->symbols.items[next].start < end)
				end = table->symbols.items[next].start;
		}
		range_index_insert(&table->ranges, symbol->start, end, (uint32_t)i);
	}
	range_index_sort(&table->ranges);
}

const char *
symbol_table_find(struct symbol_table *table, uint64_t address,
		  enum encoding_language *ret_language)
{
	uint32_t item;

	if (!table->is_read)
		read_symbols(table);
	if (!range_index_find(&table->ranges, address, &item))
		return NULL;
	*ret_language = table->language;
	return table->symbols.items[item].name;
}

void
symbol_table_release(struct symbol_table *table)
{
	array_release(&table->symbols);
	range_index_release(&table->ranges);
}
