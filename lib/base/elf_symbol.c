/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_symbol.c - look up a dynamic symbol of a loaded object without the loader
 *
 * Sources of the formats: the System V ABI (DT_HASH) and the GNU hash section as glibc's
 * elf/dl-lookup.c reads it.
 */
#include "base/elf_symbol.h"

#include <elf.h>
#include <link.h>
#include <string.h>

struct symbols {
	const ElfW(Sym) * table;
	const char *names;
	const uint32_t *gnu_hash;
	const uint32_t *sysv_hash;
	const ElfW(Half) * versions;
	const ElfW(Verdef) * version_names;
	const char *hidden_version; /* of which a hidden symbol may be; NULL if of none */
	uintptr_t bias;
};

/* glibc relocates the pointers in the dynamic section of what it loads, but not of the vdso. */
static uintptr_t
absolute(uintptr_t pointer, uintptr_t bias)
{
	return pointer < bias ? pointer + bias : pointer;
}

static bool
read_dynamic(const ElfW(Dyn) * dynamic, uintptr_t bias, struct symbols *ret_symbols)
{
	struct symbols s = {.bias = bias};

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t pointer = absolute(dynamic->d_un.d_ptr, bias);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			s.table = (const void *)pointer;
			break;
		case DT_STRTAB:
			s.names = (const void *)pointer;
			break;
		case DT_GNU_HASH:
			s.gnu_hash = (const void *)pointer;
			break;
		case DT_HASH:
			s.sysv_hash = (const void *)pointer;
			break;
		case DT_VERSYM:
			s.versions = (const void *)pointer;
			break;
		case DT_VERDEF:
			s.version_names = (const void *)pointer;
			break;
		}
	}
	*ret_symbols = s;
	return s.table != NULL && s.names != NULL;
}

static bool
is_of_version(const struct symbols *s, unsigned number, const char *version)
{
	const ElfW(Verdef) *definition = s->version_names;

	while (definition != NULL && definition->vd_ndx != number)
		definition =
			definition->vd_next == 0
				? NULL
				: (const void *)((const char *)definition + definition->vd_next);
	if (definition == NULL)
		return false;
	return strcmp(s->names + ((const ElfW(Verdaux) *)(const void *)((const char *)definition +
									definition->vd_aux))
					 ->vda_name,
		      version) == 0;
}

static bool
is_usable(const struct symbols *s, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &s->table[index];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || strcmp(s->names + symbol->st_name, name) != 0)
		return false;
	/* The high bit marks a version that only those see who ask for it by name. */
	if (s->versions != NULL && (s->versions[index] & 0x8000) != 0 &&
	    (s->hidden_version == NULL ||
	     !is_of_version(s, s->versions[index] & 0x7fff, s->hidden_version)))
		return false;
	return type == STT_GNU_IFUNC || type == STT_FUNC || type == STT_OBJECT ||
	       type == STT_NOTYPE;
}

static const ElfW(Sym) * find_by_gnu_hash(const struct symbols *s, const char *name)
{
	uint32_t bucket_count = s->gnu_hash[0], first = s->gnu_hash[1],
		 bloom_words = s->gnu_hash[2];
	const uint32_t *buckets = s->gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = buckets + bucket_count;
	uint32_t hash = 5381;

	for (const char *c = name; *c != '\0'; c++)
		hash = hash * 33 + (unsigned char)*c;
	if (bucket_count == 0)
		return NULL;
	for (uint32_t i = buckets[hash % bucket_count]; i >= first && i != 0; i++) {
		if ((chain[i - first] | 1) == (hash | 1) && is_usable(s, i, name))
			return &s->table[i];
		if ((chain[i - first] & 1) != 0)
			break;
	}
	return NULL;
}

static const ElfW(Sym) * find_entry(const struct symbols *s, const char *name)
{
	if (s->gnu_hash != NULL)
		return find_by_gnu_hash(s, name);
	if (s->sysv_hash == NULL)
		return NULL;
	for (uint32_t i = 1; i < s->sysv_hash[1]; i++) {
		if (is_usable(s, i, name))
			return &s->table[i];
	}
	return NULL;
}

static void *
find_symbol(const struct symbols *s, const char *name)
{
	const ElfW(Sym) *symbol = find_entry(s, name);
	uintptr_t address;

	if (symbol == NULL)
		return NULL;
	address = s->bias + symbol->st_value;
	if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		return ((void *(*)(void))address)();
	return (void *)address;
}

void *
elf_symbol_find(const struct link_map *object, const char *name)
{
	struct symbols s;

	if (object->l_ld == NULL || !read_dynamic(object->l_ld, object->l_addr, &s))
		return NULL;
	return find_symbol(&s, name);
}

void *
elf_symbol_find_version(const struct link_map *object, const char *name, const char *version)
{
	struct symbols s;
	void *address;

	if (object->l_ld == NULL || !read_dynamic(object->l_ld, object->l_addr, &s))
		return NULL;
	address = find_symbol(&s, name);
	if (address != NULL || s.versions == NULL || s.version_names == NULL)
		return address;
	s.hidden_version = version;
	return find_symbol(&s, name);
}

const uint64_t *
elf_symbol_value(const struct link_map *object, const char *name)
{
	const ElfW(Sym) * symbol;
	struct symbols s;

	if (object->l_ld == NULL || !read_dynamic(object->l_ld, object->l_addr, &s))
		return NULL;
	symbol = find_entry(&s, name);
	if (symbol == NULL || ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		return NULL;
	return &symbol->st_value;
}

void *
elf_symbol_in_image(const void *image, const char *name)
{
	const ElfW(Ehdr) *header = image;
	const ElfW(Phdr) *segment = (const void *)((const char *)image + header->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t bias = 0;
	struct symbols s;

	for (int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD && dynamic == NULL && bias == 0)
			bias = (uintptr_t)image + segment[i].p_offset - segment[i].p_vaddr;
		if (segment[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)((const char *)image + segment[i].p_offset);
	}
	if (dynamic == NULL || !read_dynamic(dynamic, bias, &s))
		return NULL;
	return find_symbol(&s, name);
}

/* What an object asks the loader to fill in for its calls of other objects. */
struct call_slots {
	const ElfW(Rela) * relocations;
	size_t count;
	bool read_only; /* bound at once and write-protected since */
};

static struct call_slots
read_call_slots(const struct link_map *object)
{
	struct call_slots slots = {0};

	for (const ElfW(Dyn) *dynamic = object->l_ld; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_JMPREL)
			slots.relocations =
				(const void *)absolute(dynamic->d_un.d_ptr, object->l_addr);
		else if (dynamic->d_tag == DT_PLTRELSZ)
			slots.count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
		else if (dynamic->d_tag == DT_FLAGS)
			slots.read_only |= (dynamic->d_un.d_val & DF_BIND_NOW) != 0;
		else if (dynamic->d_tag == DT_FLAGS_1)
			slots.read_only |= (dynamic->d_un.d_val & DF_1_NOW) != 0;
	}
	return slots;
}

bool
elf_symbol_replace(const struct link_map *object, const char *name, void *replacement)
{
	struct call_slots slots = read_call_slots(object);
	struct symbols s;

	if (slots.relocations == NULL || slots.read_only ||
	    !read_dynamic(object->l_ld, object->l_addr, &s))
		return false;
	for (size_t i = 0; i < slots.count; i++) {
		const ElfW(Rela) *r = &slots.relocations[i];

		if (strcmp(s.names + s.table[ELF64_R_SYM(r->r_info)].st_name, name) == 0) {
			*(void **)(object->l_addr + r->r_offset) = replacement;
			return true;
		}
	}
	return false;
}
