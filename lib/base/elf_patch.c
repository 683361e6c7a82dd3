/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_patch.c - let calls of a function of a loaded object reach another one
 *
 * What is written is data: a slot of an object's table of addresses, or the value of a dynamic
 * symbol. Both may be write-protected, and are so again afterwards. Code is never touched.
 */
#include "base/elf_patch.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/elf_symbol.h"
#include "base/loader.h"
#include "base/os_memory.h"

#define RELOCATION_TABLES 2

struct segments {
	const ElfW(Phdr) * table;
	size_t count;
	uintptr_t bias;
};

struct relocations {
	const ElfW(Rela) * table;
	size_t count;
};

static bool
find_segments(const struct link_map *object, struct segments *ret_segments)
{
	struct dl_find_object found;

	if (loader_find_object(object->l_ld, &found) != 0 ||
	    !loader_get_headers(&found, &ret_segments->table, &ret_segments->count))
		return false;
	ret_segments->bias = object->l_addr;
	return true;
}

/* Whether the loader let the place be as the file says, or took the right to write from it. */
static bool
is_writable(const struct segments *segments, uintptr_t place, bool *ret_code)
{
	bool writable = false;

	*ret_code = false;
	for (size_t i = 0; i < segments->count; i++) {
		const ElfW(Phdr) *s = &segments->table[i];
		uintptr_t start = segments->bias + s->p_vaddr, end = start + s->p_memsz;

		if (s->p_type == PT_GNU_RELRO) {
			/* What does not fill a page stays writable. */
			end &= ~(PAGE_BYTES - 1);
			start &= ~(PAGE_BYTES - 1);
			if (place >= start && place < end)
				return false;
		} else if (s->p_type == PT_LOAD && place >= start && place < end) {
			writable = (s->p_flags & PF_W) != 0;
			*ret_code = (s->p_flags & PF_X) != 0;
		}
	}
	return writable;
}

/* A word never crosses a page: it is aligned. */
static bool
write_word(const struct segments *segments, uintptr_t place, uintptr_t value)
{
	void *page = (void *)(place & ~(PAGE_BYTES - 1));
	bool code;

	if (place % sizeof value != 0)
		return false;
	if (is_writable(segments, place, &code)) {
		store((uintptr_t *)place, value);
		return true;
	}
	if (code || !os_protect(page, PAGE_BYTES, true))
		return false;
	store((uintptr_t *)place, value);
	return os_protect(page, PAGE_BYTES, false);
}

bool
elf_patch_symbol(const struct link_map *object, const char *name, const void *address)
{
	const uint64_t *value = elf_symbol_value(object, name);
	struct segments segments;

	return value != NULL && find_segments(object, &segments) &&
	       write_word(&segments, (uintptr_t)value, (uintptr_t)address - object->l_addr);
}

static uintptr_t
absolute(uintptr_t pointer, uintptr_t bias)
{
	return pointer < bias ? pointer + bias : pointer;
}

static void
read_relocations(const struct link_map *object, struct relocations tables[RELOCATION_TABLES])
{
	memset(tables, 0, RELOCATION_TABLES * sizeof *tables);
	for (const ElfW(Dyn) *dynamic = object->l_ld; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *pointer = (const void *)absolute(dynamic->d_un.d_ptr, object->l_addr);

		if (dynamic->d_tag == DT_RELA)
			tables[0].table = pointer;
		else if (dynamic->d_tag == DT_RELASZ)
			tables[0].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
		else if (dynamic->d_tag == DT_JMPREL)
			tables[1].table = pointer;
		else if (dynamic->d_tag == DT_PLTRELSZ)
			tables[1].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
	}
}

static const struct elf_patch *
find_patch(const struct elf_patch *patches, size_t count, uintptr_t from)
{
	for (size_t i = 0; i < count; i++) {
		if ((uintptr_t)patches[i].from == from)
			return &patches[i];
	}
	return NULL;
}

bool
elf_patch_slots(const struct link_map *object, const struct elf_patch *patches, size_t count)
{
	struct relocations tables[RELOCATION_TABLES];
	struct segments segments;
	bool all = true;

	if (object->l_ld == NULL || !find_segments(object, &segments))
		return true;
	read_relocations(object, tables);
	for (size_t t = 0; t < RELOCATION_TABLES; t++) {
		for (size_t i = 0; tables[t].table != NULL && i < tables[t].count; i++) {
			const ElfW(Rela) *r = &tables[t].table[i];
			uintptr_t place = object->l_addr + r->r_offset;
			const struct elf_patch *patch;

			if (ELF64_R_SYM(r->r_info) == 0 || place % sizeof place != 0)
				continue;
			patch = find_patch(patches, count, *(const uintptr_t *)place);
			if (patch != NULL)
				all &= write_word(&segments, place, (uintptr_t)patch->to);
		}
	}
	return all;
}
