/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "base/elf_symbol.h"
#include "base/loader.h"
#include "base/os_memory.h"

struct real real = {.path = ""};

/* A program may reach the runtime before the loader has relocated it (from an IFUNC resolver of
 * another object). Then this word still is what the file holds: zero. */
static const char origin;
static const void *const volatile relocated = &origin;

struct wanted {
	const char *name;
	void **place;
	const char *version; /* by which programs ask for it */
	bool optional;       /* came later than the oldest glibc that programs may bring */
};

/* The first in the search order; `ret_owner` says where it is. */
static void *
find_after(const struct link_map *object, const char *name, const char *version,
	   const struct link_map **ret_owner)
{
	for (; object != NULL; object = object->l_next) {
		void *address = elf_symbol_find_version(object, name, version);

		if (address == NULL)
			continue;
		*ret_owner = object;
		return address;
	}
	return NULL;
}

/* Where libc has none, the last resort is what it does itself. */
static void *
reallocarray_by_realloc(void *block, size_t count, size_t bytes)
{
	size_t product;

	if (__builtin_mul_overflow(count, bytes, &product)) {
		errno = ENOMEM;
		return NULL;
	}
	return real.realloc(block, product);
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

/* Our hook comes first in the search order unless the executable brings its own malloc. */
static bool
hook_comes_first(const struct link_map *self)
{
	for (const struct link_map *object = loader_first(); object != self;
	     object = object->l_next) {
		if (elf_symbol_find(object, "malloc") != NULL)
			return false;
	}
	return true;
}

/* An allocator's `operator new` calls the inside of the allocator, not its malloc; libstdc++'s and
 * most programs' own call malloc. The first in the search order is the one that is called. */
static bool
has_own_new(void)
{
	const struct link_map *object = loader_first();

	while (object != NULL && elf_symbol_find(object, "_Znwm") == NULL)
		object = object->l_next;
	return object != NULL && elf_symbol_find(object, "malloc") != NULL;
}

/* Ends with malloc, whose owner the next allocator is. */
static const struct link_map *
find_functions(const struct link_map *behind)
{
	void *malloc_function = NULL;
	const struct link_map *owner = NULL;
	const struct wanted wanted[] = {
		{"free", (void **)&real.free, ARCH_GLIBC_VERSION, false},
		{"calloc", (void **)&real.calloc, ARCH_GLIBC_VERSION, false},
		{"realloc", (void **)&real.realloc, ARCH_GLIBC_VERSION, false},
		{"reallocarray", (void **)&real.reallocarray, "GLIBC_2.26", true},
		{"posix_memalign", (void **)&real.posix_memalign, ARCH_GLIBC_VERSION, false},
		{"aligned_alloc", (void **)&real.aligned_alloc, "GLIBC_2.16", false},
		{"memalign", (void **)&real.memalign, ARCH_GLIBC_VERSION, false},
		{"valloc", (void **)&real.valloc, ARCH_GLIBC_VERSION, false},
		{"pvalloc", (void **)&real.pvalloc, ARCH_GLIBC_VERSION, false},
		{"malloc_usable_size", (void **)&real.malloc_usable_size, ARCH_GLIBC_VERSION,
		 false},
		{"dlclose", (void **)&real.dlclose, ARCH_GLIBC_VERSION, true},
		{"_Fork", (void **)&real.fork, "GLIBC_2.34", true},
		{"access", (void **)&real.access, ARCH_GLIBC_VERSION, false},
		{"faccessat", (void **)&real.faccessat, "GLIBC_2.4", false},
		{"mlockall", (void **)&real.mlockall, ARCH_GLIBC_VERSION, false},
		{"execve", (void **)&real.execve, ARCH_GLIBC_VERSION, false},
		{"execv", (void **)&real.execv, ARCH_GLIBC_VERSION, false},
		{"execvp", (void **)&real.execvp, ARCH_GLIBC_VERSION, false},
		{"execvpe", (void **)&real.execvpe, "GLIBC_2.11", false},
		{"system", (void **)&real.system, ARCH_GLIBC_VERSION, false},
		{"popen", (void **)&real.popen, ARCH_GLIBC_VERSION, false},
		{"fexecve", (void **)&real.fexecve, ARCH_GLIBC_VERSION, false},
		{"execveat", (void **)&real.execveat, "GLIBC_2.34", true},
		{"posix_spawn", (void **)&real.posix_spawn, "GLIBC_2.15", false},
		{"posix_spawnp", (void **)&real.posix_spawnp, "GLIBC_2.15", false},
		{"malloc", &malloc_function, ARCH_GLIBC_VERSION, false},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		*wanted[i].place = find_after(behind, wanted[i].name, wanted[i].version, &owner);
		if (*wanted[i].place == NULL && !wanted[i].optional)
			return NULL;
	}
	if (real.reallocarray == NULL)
		real.reallocarray = reallocarray_by_realloc;
	/* Release: whoever sees malloc sees the rest. */
	store_release((void **)&real.malloc, malloc_function);
	return owner;
}

/* Of blocks of another allocator, malloc_usable_size would read what is no chunk, or no memory. */
static bool
has_own_sizes(const struct link_map *behind, const struct link_map *owner)
{
	const struct link_map *asked = NULL;

	find_after(behind, "malloc_usable_size", ARCH_GLIBC_VERSION, &asked);
	return asked == owner;
}

static void
find_places(const struct link_map *self, const struct link_map *owner)
{
	struct dl_find_object found;

	if (loader_find_object(self->l_ld, &found) == 0) {
		real.self_start = (uintptr_t)found.dlfo_map_start;
		real.self_end = (uintptr_t)found.dlfo_map_end;
	}
	real.path = owner->l_name;
	if (!is_libc(real.path) && loader_find_object(owner->l_ld, &found) == 0) {
		real.start = (uintptr_t)found.dlfo_map_start;
		real.end = (uintptr_t)found.dlfo_map_end;
	}
}

bool
real_find(void)
{
	const struct link_map *self, *owner;

	if (relocated == NULL)
		return false;
	if (real_ready())
		return true;
	self = loader_self();
	owner = self != NULL ? find_functions(self->l_next) : NULL;
	if (owner == NULL)
		return false;
	find_places(self, owner);
	real.malloc_is_ours = hook_comes_first(self);
	real.has_own_new = has_own_new();
	real.knows_sizes = has_own_sizes(self->l_next, owner);
	return true;
}

bool
real_find_dlclose(void)
{
	const struct link_map *self = loader_self(), *owner;

	if (real.dlclose == NULL && self != NULL)
		*(void **)&real.dlclose =
			find_after(self->l_next, "dlclose", ARCH_GLIBC_VERSION, &owner);
	return real.dlclose != NULL;
}

static const struct link_map *
object_of(const void *address)
{
	struct dl_find_object found;

	return loader_find_object(address, &found) == 0 ? found.dlfo_link_map : NULL;
}

const struct link_map *
real_object(void)
{
	return real.start != real.end ? object_of((const void *)real.malloc) : NULL;
}

const struct link_map *
real_self(void)
{
	return loader_self();
}

void
real_own_is_seen(bool seen)
{
	if (seen)
		real.has_own_new = false;
}

void
real_examine(void)
{
	real.is_glibc = is_libc(real.path) && real.knows_sizes && has_glibc_chunks();
}

bool
real_find_usable_size(void *block, size_t *ret_usable)
{
	size_t head;

	if (!real.is_glibc) {
		*ret_usable = real.knows_sizes ? real.malloc_usable_size(block) : 0;
		return real.knows_sizes;
	}
	if (!os_read_memory((const size_t *)block - 1, &head, sizeof head))
		return false;
	*ret_usable = real_usable_size_of_head(head);
	return true;
}
