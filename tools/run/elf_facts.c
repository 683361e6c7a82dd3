/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/elf_facts.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "run/elf_look.h"
#include "util/text.h"
#include "util/xalloc.h"

static const struct {
	const char *symbol;
	const char *library;
	const char *name;
} sanitizers[] = {
	{"__asan_init", "libasan.so", "AddressSanitizer"},
	{"__hwasan_init", "libhwasan.so", "HWAddressSanitizer"},
	{"__tsan_init", "libtsan.so", "ThreadSanitizer"},
	{"__msan_init", "libmsan.so", "MemorySanitizer"},
	{"__lsan_init", "liblsan.so", "LeakSanitizer"},
};

static const struct {
	const char *symbol;
	const char *name;
} allocators[] = {
	{"je_malloc", "jemalloc"},
	{"_rjem_malloc", "jemalloc"},
	{"jemalloc", "jemalloc"},
	{"tc_malloc", "tcmalloc"},
	{"TCMallocInternalMalloc", "tcmalloc"},
	{"mi_malloc", "mimalloc"},
	{"scudo_malloc", "scudo"},
	{"rpmalloc", "rpmalloc"},
	{"sn_malloc", "snmalloc"},
	{"dlmalloc", "dlmalloc"},
	{"nedmalloc", "nedmalloc"},
	{"hoard_malloc", "hoard"},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static void
look_at_segments(Elf *elf, struct elf_facts *facts)
{
	size_t count;

	if (elf_getphdrnum(elf, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;
		Elf_Data *data;

		if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_INTERP)
			continue;
		facts->has_interpreter = true;
		data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
					    ELF_T_BYTE);
		if (data != NULL && data->d_size != 0 &&
		    memchr(data->d_buf, '\0', data->d_size) != NULL) {
			free(facts->interpreter);
			facts->interpreter = xstrdup(data->d_buf);
			facts->is_musl = strncmp(text_base_name(data->d_buf), "ld-musl", 7) == 0;
		}
	}
}

static void
look_at_needed(Elf *elf, Elf_Data *data, size_t strings, struct elf_facts *facts)
{
	GElf_Dyn entry;

	for (int i = 0; gelf_getdyn(data, i, &entry) != NULL && entry.d_tag != DT_NULL; i++) {
		const char *name = entry.d_tag == DT_NEEDED || entry.d_tag == DT_SONAME
					   ? elf_strptr(elf, strings, entry.d_un.d_val)
					   : NULL;

		if (entry.d_tag == DT_SONAME) {
			facts->is_loader = name != NULL && text_starts_with(name, "ld-linux");
			continue;
		}
		for (size_t s = 0; name != NULL && s < COUNT_OF(sanitizers); s++)
			if (text_starts_with(name, sanitizers[s].library))
				facts->sanitizer = sanitizers[s].name;
	}
}

static void
look_at_symbols(Elf *elf, Elf_Data *data, size_t strings, struct elf_facts *facts)
{
	GElf_Sym symbol;

	for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++) {
		const char *name;

		name = elf_strptr(elf, strings, symbol.st_name);
		if (symbol.st_shndx == SHN_UNDEF || name == NULL)
			continue;
		/* The loader of glibc 2.35 is the first that has it. */
		if (strcmp(name, "__rseq_offset") == 0)
			facts->is_recent_loader = true;
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		if (strcmp(name, "malloc") == 0)
			facts->exports_malloc = true;
		for (size_t s = 0; name[0] == '_' && s < COUNT_OF(sanitizers); s++)
			if (strcmp(name, sanitizers[s].symbol) == 0)
				facts->sanitizer = sanitizers[s].name;
	}
}

static void
look_at_sections(Elf *elf, struct elf_facts *facts)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) == NULL)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name != NULL && strcmp(name, ".go.buildinfo") == 0)
			facts->is_go = true;
		if (header.sh_type != SHT_DYNAMIC && header.sh_type != SHT_DYNSYM)
			continue;
		data = elf_getdata(section, NULL);
		if (data == NULL)
			continue;
		if (header.sh_type == SHT_DYNAMIC)
			look_at_needed(elf, data, header.sh_link, facts);
		else
			look_at_symbols(elf, data, header.sh_link, facts);
	}
}

static void
look_at_all(Elf *elf, void *context)
{
	struct elf_facts *facts = context;
	GElf_Ehdr header;

	if (gelf_getehdr(elf, &header) == NULL)
		return;
	facts->is_elf = true;
	facts->is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
	facts->is_x86_64 = header.e_machine == EM_X86_64;
	look_at_segments(elf, facts);
	look_at_sections(elf, facts);
}

bool
elf_facts_read(const char *path, struct elf_facts *ret_facts)
{
	struct elf_facts facts = {0};

	if (!elf_look(path, look_at_all, &facts))
		return false;
	*ret_facts = facts;
	return true;
}

void
elf_facts_release(struct elf_facts *facts)
{
	free(facts->interpreter);
	facts->interpreter = NULL;
}

static void
find_allocator_symbol(Elf *elf, void *context)
{
	char **found = context;
	Elf_Scn *section = NULL;

	while (*found == NULL && (section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		GElf_Sym symbol;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) == NULL ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; *found == NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
			const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);

			if (name == NULL || symbol.st_shndx == SHN_UNDEF ||
			    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
				continue;
			for (size_t a = 0; a < COUNT_OF(allocators); a++)
				if (strcmp(name, allocators[a].symbol) == 0)
					*found = xasprintf("%s (%s)", allocators[a].name, name);
		}
	}
}

char *
elf_facts_find_allocator(const char *path)
{
	char *found = NULL;

	elf_look(path, find_allocator_symbol, &found);
	return found;
}
