/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module_table.c - the loaded ELF objects that frames belong to
 */
#include "module_table.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "recording_map.h"

/* Beside the recorded modules: whose they are now. NULL once unloaded. */
static struct {
	const struct link_map *owner[1 << 12];
	uint32_t count;
	uint32_t last; /* the one that was asked for last */
} table;

/* The build-id note of an object whose program headers are in memory (the first page of its file is
 * mapped at `start`, as every linker lays it out). */
static void
copy_build_id(const struct dl_find_object *object, struct recording_module *module)
{
	const ElfW(Ehdr) *header = object->dlfo_map_start;
	const ElfW(Phdr) * segment;
	uintptr_t bias = object->dlfo_link_map->l_addr;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_phoff + header->e_phnum * sizeof *segment > PAGE_BYTES)
		return;
	segment = (const void *)((const char *)header + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++) {
		uintptr_t at = bias + segment[i].p_vaddr, end = at + segment[i].p_memsz;

		if (segment[i].p_type != PT_NOTE)
			continue;
		while (at + sizeof(ElfW(Nhdr)) <= end) {
			const ElfW(Nhdr) *note = (const void *)at;
			uintptr_t name = at + sizeof *note;
			uintptr_t bytes = name + ((note->n_namesz + 3u) & ~3u);

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
			    memcmp((const void *)name, "GNU", 4) == 0 &&
			    note->n_descsz <= sizeof module->build_id) {
				memcpy(module->build_id, (const void *)bytes, note->n_descsz);
				module->build_id_bytes = note->n_descsz;
				return;
			}
			at = bytes + ((note->n_descsz + 3u) & ~3u);
		}
	}
}

static uint32_t
add_module(const struct dl_find_object *object)
{
	struct recording_extent *modules = &recording.header->sections[SECTION_MODULES];
	const struct link_map *map = object->dlfo_link_map;
	struct recording_module *m;
	uint32_t id = table.count;

	if (id >= sizeof table.owner / sizeof *table.owner ||
	    !recording_reserve(SECTION_MODULES, id + 1))
		return UINT32_MAX;
	m = &recording.modules[id];
	m->start = (uintptr_t)object->dlfo_map_start;
	m->end = (uintptr_t)object->dlfo_map_end;
	m->bias = map->l_addr;
	/* The executable has no name of its own in the loader's list. */
	if (map->l_name[0] == '\0') {
		m->flags = RECORDING_MODULE_MAIN;
		m->path = recording.header->executable;
	} else {
		m->path = recording_add_string(map->l_name);
	}
	copy_build_id(object, m);
	table.owner[id] = map;
	table.count = id + 1;
	store_release(&modules->count, id + 1);
	return id;
}

static uint32_t
find_module(const struct dl_find_object *object)
{
	for (uint32_t i = table.count; i-- > 0;) {
		if (table.owner[i] == object->dlfo_link_map &&
		    recording.modules[i].start == (uintptr_t)object->dlfo_map_start)
			return i;
	}
	return add_module(object);
}

struct recording_frame
module_table_frame(const struct dl_find_object *object, uintptr_t address)
{
	if (table.last >= table.count || table.owner[table.last] != object->dlfo_link_map ||
	    recording.modules[table.last].start != (uintptr_t)object->dlfo_map_start)
		table.last = find_module(object);
	if (table.last == UINT32_MAX)
		return (struct recording_frame){.value = address, .kind = FRAME_KIND_ADDRESS};
	return (struct recording_frame){
		.value = address - recording.modules[table.last].bias,
		.module = table.last,
		.kind = FRAME_KIND_MODULE,
	};
}

bool
module_table_sweep(uintptr_t *ret_start, uintptr_t *ret_end)
{
	uintptr_t start = UINTPTR_MAX, end = 0;

	for (uint32_t i = 0; i < table.count; i++) {
		struct recording_module *m = &recording.modules[i];
		struct dl_find_object now;

		if (table.owner[i] == NULL)
			continue;
		if (_dl_find_object((void *)m->start, &now) == 0 &&
		    now.dlfo_link_map == table.owner[i])
			continue;
		table.owner[i] = NULL;
		m->flags |= RECORDING_MODULE_UNLOADED;
		start = m->start < start ? m->start : start;
		end = m->end > end ? m->end : end;
	}
	if (end == 0)
		return false;
	*ret_start = start;
	*ret_end = end;
	return true;
}

void
module_table_reset(void)
{
	memset(&table, 0, sizeof table);
}
