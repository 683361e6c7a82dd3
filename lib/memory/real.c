/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/real.h"

#include <link.h>
#include <string.h>

#include "base/elf_symbol.h"
#include "base/os.h"

struct real real = {.path = ""};

/* A program may reach the runtime before the loader has relocated it (from an IFUNC resolver of
 * another object). Then this word still is what the file holds: zero. */
static const char origin;
static const void *const volatile relocated = &origin;

struct wanted {
	const char *name;
	void **place;
};

/* The object that holds `address`. False if there is none. */
static bool
find_object(const void *address, struct dl_find_object *ret_object)
{
	return _dl_find_object((void *)address, ret_object) == 0;
}

static void *
find_after(const struct link_map *object, const char *name)
{
	for (; object != NULL; object = object->l_next) {
		void *address = elf_symbol_find(object, name);

		if (address != NULL)
			return address;
	}
	return NULL;
}

/* The layout of glibc's chunks is no interface. Use it only where it answers as glibc does. */
static bool
has_glibc_chunks(void)
{
	static const size_t sizes[] = {0, 1, 24, 25, 100, 1000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		void *block = real.malloc(sizes[i]);
		size_t head, usable;

		if (block == NULL)
			return false;
		head = ((const size_t *)block)[-1];
		usable = real.malloc_usable_size(block);
		real.free(block);
		if ((head & ~(size_t)7) - ((head & 2) != 0 ? 16 : 8) != usable)
			return false;
	}
	return true;
}

static bool
is_libc(const char *path)
{
	const char *name = strrchr(path, '/');

	return strcmp(name != NULL ? name + 1 : path, "libc.so.6") == 0;
}

/* Of the search order. */
static const struct link_map *
first_object(const struct link_map *any)
{
	while (any->l_prev != NULL)
		any = any->l_prev;
	return any;
}

/* Our hook comes first in the search order unless the executable brings its own malloc. */
static bool
hook_comes_first(const struct link_map *self)
{
	for (const struct link_map *object = first_object(self); object != self;
	     object = object->l_next) {
		if (elf_symbol_find(object, "malloc") != NULL)
			return false;
	}
	return true;
}

/* An allocator's `operator new` calls the inside of the allocator, not its malloc; libstdc++'s and
 * most programs' own call malloc. The first in the search order is the one that is called. */
static bool
has_own_new(const struct link_map *self)
{
	const struct link_map *object = first_object(self);

	while (object != NULL && elf_symbol_find(object, "_Znwm") == NULL)
		object = object->l_next;
	return object != NULL && elf_symbol_find(object, "malloc") != NULL;
}

static bool
find_functions(const struct link_map *behind)
{
	void *malloc_function = NULL;
	const struct wanted wanted[] = {
		{"free", (void **)&real.free},
		{"calloc", (void **)&real.calloc},
		{"realloc", (void **)&real.realloc},
		{"reallocarray", (void **)&real.reallocarray},
		{"posix_memalign", (void **)&real.posix_memalign},
		{"aligned_alloc", (void **)&real.aligned_alloc},
		{"memalign", (void **)&real.memalign},
		{"valloc", (void **)&real.valloc},
		{"pvalloc", (void **)&real.pvalloc},
		{"malloc_usable_size", (void **)&real.malloc_usable_size},
		{"dlclose", (void **)&real.dlclose},
		{"_Fork", (void **)&real.fork},
		{"malloc", &malloc_function},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		*wanted[i].place = find_after(behind, wanted[i].name);
		if (*wanted[i].place == NULL)
			return false;
	}
	/* Release: whoever sees malloc sees the rest. */
	store_release((void **)&real.malloc, malloc_function);
	return true;
}

bool
real_find(void)
{
	struct dl_find_object self, owner;

	if (relocated == NULL)
		return false;
	if (real_ready())
		return true;
	if (!find_object((const void *)&real_find, &self) ||
	    !find_functions(self.dlfo_link_map->l_next))
		return false;
	if (find_object((const void *)real.malloc, &owner)) {
		real.path = owner.dlfo_link_map->l_name;
		if (!is_libc(real.path)) {
			real.start = (uintptr_t)owner.dlfo_map_start;
			real.end = (uintptr_t)owner.dlfo_map_end;
		}
	}
	real.self_start = (uintptr_t)self.dlfo_map_start;
	real.self_end = (uintptr_t)self.dlfo_map_end;
	real.malloc_is_ours = hook_comes_first(self.dlfo_link_map);
	real.has_own_new = has_own_new(self.dlfo_link_map);
	return true;
}

void
real_examine(void)
{
	real.is_glibc = is_libc(real.path) && has_glibc_chunks();
}

bool
real_find_usable_size(void *block, size_t *ret_usable)
{
	size_t head;

	if (!real.is_glibc) {
		*ret_usable = real.malloc_usable_size(block);
		return true;
	}
	if (!os_read_memory((const size_t *)block - 1, &head, sizeof head))
		return false;
	*ret_usable = real_usable_size_of_head(head);
	return true;
}
