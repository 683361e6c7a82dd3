/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/module_table.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/executable.h"
#include "base/loader.h"
#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

#define MODULES_MAX 65536u
#define PATH_BYTES  8192u
#define FILES_MAX   64u
#define PAGE_OWNERS (PAGE_BYTES / sizeof(struct link_map *))

/* Beside the recorded modules: whose they are now, in pages. NULL once unloaded. */
static struct {
	const struct link_map **owners[MODULES_MAX / PAGE_OWNERS];
	uint32_t count;
	uint32_t last; /* the one that was asked for last */
	bool changed;  /* a module came since the last sweep */
	bool starting; /* no program code has run: each path is that of the file */
} table;

static char made_path[PATH_BYTES];

/* Which files the objects without a build-id are. Kept over a fork: to the child a path may already
 * be that of another file. */
static struct {
	struct known_file {
		const struct link_map *owner;
		struct recording_module module;
	} files[FILES_MAX];
	uint32_t count;
} known;

static const struct link_map **
owner_of(uint32_t id)
{
	return &table.owners[id / PAGE_OWNERS][id % PAGE_OWNERS];
}

/* Room for one more, in the recording and here. */
static bool
reserve_module(uint32_t id)
{
	if (id >= MODULES_MAX || !recording_reserve(SECTION_MODULES, id + 1))
		return false;
	if (table.owners[id / PAGE_OWNERS] == NULL)
		table.owners[id / PAGE_OWNERS] = arena_allocate(PAGE_BYTES, true);
	return table.owners[id / PAGE_OWNERS] != NULL;
}

/* Whether the loader has mapped this part of the object, to be read; a note that stripping or a
 * packer left outside is only in the file. */
static bool
is_loaded(const ElfW(Phdr) * segments, uint32_t count, const ElfW(Phdr) * part, uintptr_t bias)
{
	uintptr_t first = bias + part->p_vaddr, last = first + part->p_memsz - 1;

	if (part->p_memsz == 0)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const ElfW(Phdr) *s = &segments[i];

		if (s->p_type == PT_LOAD && (s->p_flags & PF_R) != 0 &&
		    part->p_vaddr >= s->p_vaddr && part->p_memsz <= s->p_filesz &&
		    part->p_vaddr - s->p_vaddr <= s->p_filesz - part->p_memsz)
			return os_readable(first & ~(uintptr_t)7) &&
			       (first / PAGE_BYTES == last / PAGE_BYTES ||
				os_readable(last & ~(uintptr_t)7));
	}
	return false;
}

/* False if there is none in these notes. */
static bool
copy_from_notes(const unsigned char *at, size_t bytes, size_t align,
		struct recording_module *module)
{
	ElfW(Nhdr) note;

	while (bytes > sizeof note) {
		size_t name, whole;

		memcpy(&note, at, sizeof note);
		name = sizeof note + (((size_t)note.n_namesz + align - 1) & ~(align - 1));
		whole = name + (((size_t)note.n_descsz + align - 1) & ~(align - 1));
		if (name > bytes || note.n_descsz > bytes - name)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(at + sizeof note, "GNU", 4) == 0 &&
		    note.n_descsz <= sizeof module->build_id) {
			memcpy(module->build_id, at + name, note.n_descsz);
			module->build_id_bytes = note.n_descsz;
			return true;
		}
		if (whole >= bytes)
			return false;
		at += whole;
		bytes -= whole;
	}
	return false;
}

/* The build-id of an object. One without program headers in its memory has none here: its file is
 * told by what stat(2) says. */
static void
copy_build_id(const struct dl_find_object *object, struct recording_module *module)
{
	uintptr_t bias = object->dlfo_link_map->l_addr;
	const ElfW(Phdr) * segments;
	size_t count;

	if (!loader_get_headers(object, &segments, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const ElfW(Phdr) *s = &segments[i];

		if (s->p_type == PT_NOTE && is_loaded(segments, (uint32_t)count, s, bias) &&
		    copy_from_notes((const unsigned char *)bias + s->p_vaddr, s->p_memsz,
				    s->p_align == 8 ? 8 : 4, module))
			return;
	}
}

static const char *
path_of(const struct link_map *map)
{
	/* The executable has no name of its own in the loader's list. */
	return map->l_name[0] == '\0' ? recording.strings + recording.header->executable
				      : map->l_name;
}

/* A path is relative to where the program was. A bare name was not searched for there: the
 * kernel's own object has one. */
static bool
is_relative(const char *path)
{
	return path[0] != '/' && strchr(path, '/') != NULL;
}

static const char *
skip_dot(const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		for (path += 2; path[0] == '/'; path++)
			;
	return path;
}

static bool
is_path_of(const struct recording_module *m, const struct link_map *map)
{
	const char *path = path_of(map), *name = recording.strings + m->path;
	size_t bytes, name_bytes;

	if (strcmp(name, path) == 0)
		return true;
	if (name[0] != '/' || !is_relative(path))
		return false;
	path = skip_dot(path);
	bytes = strlen(path);
	name_bytes = strlen(name);
	return name_bytes > bytes && name[name_bytes - bytes - 1] == '/' &&
	       strcmp(name + name_bytes - bytes, path) == 0;
}

/*
 * The loader has just asked for the directory, too, so that a filter that let it load the object
 * lets us ask. The program may have gone elsewhere since: without a build-id by which a reader can
 * tell, the name stays as it is.
 */
static const char *
absolute_path(const char *path, bool can_be_verified)
{
	long length;
	size_t bytes;

	if (!is_relative(path) || !(can_be_verified || table.starting))
		return path;
	path = skip_dot(path);
	bytes = strlen(path) + 1;
	length = os_current_directory(made_path, sizeof made_path);
	/* With its NUL, in whose place comes the slash. */
	if (length < 2 || made_path[0] != '/' || (size_t)length + bytes > sizeof made_path)
		return path;
	if (length > 2)
		made_path[length++ - 1] = '/';
	memcpy(made_path + length - 1, path, bytes);
	return made_path;
}

static void
look_at_file(struct recording_module *m)
{
	bool is_main = (m->flags & RECORDING_MODULE_MAIN) != 0;
	struct os_stat file;

	m->seen_ns = os_realtime_ns();
	if (!table.starting ||
	    os_stat(is_main ? executable_file() : recording.strings + m->path, true, &file) != 0)
		return;
	m->device = file.device;
	m->inode = file.inode;
	m->file_bytes = file.bytes;
	m->modified_ns = file.modified_ns;
}

static void
set_identity(struct recording_module *m, const struct link_map *owner)
{
	if (m->build_id_bytes != 0)
		return;
	for (uint32_t i = 0; i < known.count; i++) {
		const struct recording_module *before = &known.files[i].module;

		if (known.files[i].owner != owner || before->start != m->start ||
		    before->end != m->end)
			continue;
		m->device = before->device;
		m->inode = before->inode;
		m->file_bytes = before->file_bytes;
		m->modified_ns = before->modified_ns;
		m->seen_ns = before->seen_ns;
		return;
	}
	look_at_file(m);
	if (known.count < FILES_MAX)
		known.files[known.count++] = (struct known_file){owner, *m};
}

static void
set_place(struct recording_module *m, const struct dl_find_object *object)
{
	m->start = (uintptr_t)object->dlfo_map_start;
	m->end = (uintptr_t)object->dlfo_map_end;
	m->bias = object->dlfo_link_map->l_addr;
}

/* The loader reuses its own records and addresses, so all that tells objects apart is compared. */
static bool
is_module_of(const struct recording_module *m, const struct dl_find_object *object)
{
	const struct link_map *map = object->dlfo_link_map;

	return m->start == (uintptr_t)object->dlfo_map_start &&
	       m->end == (uintptr_t)object->dlfo_map_end && m->bias == map->l_addr &&
	       is_path_of(m, map);
}

static uint32_t
add_module(const struct dl_find_object *object)
{
	struct recording_extent *modules = &recording.header->sections[SECTION_MODULES];
	const struct link_map *map = object->dlfo_link_map;
	struct recording_module *m;
	uint32_t id = table.count;
	bool is_main = map->l_name[0] == '\0';

	if (!reserve_module(id))
		return UINT32_MAX;
	m = &recording.modules[id];
	copy_build_id(object, m);
	m->path =
		is_main ? recording.header->executable
			: recording_add_string(absolute_path(map->l_name, m->build_id_bytes != 0));
	if (m->path == 0 && !is_main)
		return UINT32_MAX;
	set_place(m, object);
	m->flags = is_main ? RECORDING_MODULE_MAIN : 0;
	set_identity(m, map);
	*owner_of(id) = map;
	table.count = id + 1;
	store_release(&modules->count, id + 1);
	return id;
}

/* An object that was unloaded and is back is the same module: a program that loads and unloads a
 * plugin in a loop does not fill the table. It may be at another place if its build-id tells that
 * it is the same. */
static uint32_t
revive_module(const struct dl_find_object *object)
{
	struct recording_module now = {0};

	copy_build_id(object, &now);
	for (uint32_t i = table.count; i-- > 0;) {
		struct recording_module *m = &recording.modules[i];

		if (*owner_of(i) != NULL || m->build_id_bytes != now.build_id_bytes ||
		    memcmp(m->build_id, now.build_id, sizeof now.build_id) != 0 ||
		    !(now.build_id_bytes != 0 ? is_path_of(m, object->dlfo_link_map)
					      : is_module_of(m, object)))
			continue;
		set_place(m, object);
		*owner_of(i) = object->dlfo_link_map;
		m->flags &= ~RECORDING_MODULE_UNLOADED;
		return i;
	}
	return UINT32_MAX;
}

static uint32_t
find_module(const struct dl_find_object *object)
{
	uint32_t id;

	for (uint32_t i = table.count; i-- > 0;) {
		if (*owner_of(i) == object->dlfo_link_map &&
		    is_module_of(&recording.modules[i], object))
			return i;
	}
	table.changed = true;
	id = revive_module(object);
	return id != UINT32_MAX ? id : add_module(object);
}

void
module_table_add_loaded(bool starting)
{
	struct dl_find_object object;

	table.starting = starting;
	for (const struct link_map *map = loader_first(); map != NULL; map = map->l_next) {
		struct recording_module module = {0};

		if (map->l_ld == NULL || loader_find_object(map->l_ld, &object) != 0 ||
		    object.dlfo_link_map != map)
			continue;
		copy_build_id(&object, &module);
		if (module.build_id_bytes == 0)
			find_module(&object);
	}
	table.starting = false;
}

struct recording_frame
module_table_frame(const struct dl_find_object *object, uintptr_t address)
{
	if (table.last >= table.count || *owner_of(table.last) != object->dlfo_link_map ||
	    !is_module_of(&recording.modules[table.last], object))
		table.last = find_module(object);
	if (table.last == UINT32_MAX) {
		recording_note(TROUBLE_FULL);
		return (struct recording_frame){.value = address, .kind = FRAME_KIND_ADDRESS};
	}
	return (struct recording_frame){
		.value = address - recording.modules[table.last].bias,
		.module = table.last,
		.kind = FRAME_KIND_MODULE,
	};
}

static bool
has_build_id(const struct recording_module *m, const struct recording_module *other)
{
	return m->build_id_bytes == other->build_id_bytes &&
	       memcmp(m->build_id, other->build_id, sizeof m->build_id) == 0;
}

/* Whether it is still where it was. */
static bool
find_loaded(const struct recording_module *module, struct dl_find_object *ret_object)
{
	struct recording_module now = {0};

	if ((module->flags & RECORDING_MODULE_UNLOADED) != 0 ||
	    loader_find_object((const void *)module->start, ret_object) != 0 ||
	    (uintptr_t)ret_object->dlfo_map_start != module->start ||
	    ret_object->dlfo_link_map->l_addr != module->bias)
		return false;
	copy_build_id(ret_object, &now);
	return has_build_id(module, &now);
}

/* UINT32_MAX where there is no room. */
static uint32_t
find_unloaded(const struct recording_module *module, const char *path)
{
	struct recording_module *m;
	uint32_t id = 0;

	for (; id < table.count; id++) {
		m = &recording.modules[id];
		if (*owner_of(id) == NULL && m->start == module->start && m->bias == module->bias &&
		    has_build_id(m, module) && strcmp(recording.strings + m->path, path) == 0)
			return id;
	}
	if (!reserve_module(id))
		return UINT32_MAX;
	m = &recording.modules[id];
	*m = *module;
	m->path = recording_add_string(path);
	m->flags |= RECORDING_MODULE_UNLOADED;
	table.count = id + 1;
	store_release(&recording.header->sections[SECTION_MODULES].count, id + 1);
	return id;
}

struct recording_frame
module_table_inherited_frame(const struct recording_module *module, const char *path,
			     uint64_t value)
{
	struct dl_find_object object;
	uint32_t id;

	if (find_loaded(module, &object))
		return module_table_frame(&object, value + module->bias);
	id = find_unloaded(module, path);
	if (id == UINT32_MAX) {
		recording_note(TROUBLE_FULL);
		return (struct recording_frame){.value = value + module->bias,
						.kind = FRAME_KIND_ADDRESS};
	}
	return (struct recording_frame){.value = value, .module = id, .kind = FRAME_KIND_MODULE};
}

bool
module_table_sweep(uintptr_t *ret_start, uintptr_t *ret_end)
{
	uintptr_t start = UINTPTR_MAX, end = 0;

	table.changed = false;
	for (uint32_t i = 0; i < table.count; i++) {
		struct recording_module *m = &recording.modules[i];
		struct dl_find_object now;

		if (*owner_of(i) == NULL)
			continue;
		if (loader_find_object((const void *)m->start, &now) == 0 &&
		    now.dlfo_link_map == *owner_of(i) && is_module_of(m, &now))
			continue;
		*owner_of(i) = NULL;
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

bool
module_table_has_changed(void)
{
	return table.changed;
}

void
module_table_reset(void)
{
	memset(&table, 0, sizeof table);
}
