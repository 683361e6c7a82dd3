/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/loader.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "base/elf_symbol.h"

static int find_first(void *address, struct dl_find_object *ret_object);

int (*loader_find)(void *, struct dl_find_object *) = find_first;

static int
find_nothing(void *address, struct dl_find_object *ret_object)
{
	(void)address, (void)ret_object;
	return -1;
}

static int
find_first(void *address, struct dl_find_object *ret_object)
{
	const struct link_map *libc = loader_libc();
	void *function;

	if (libc == NULL)
		return -1;
	/* Of libc alone: a program may bring a function of that name. */
	function = elf_symbol_find(libc, "_dl_find_object");
	store((void **)&loader_find, function != NULL ? function : (void *)find_nothing);
	return loader_find(address, ret_object);
}

bool
loader_finds_objects(void)
{
	struct dl_find_object self;

	return loader_find_object((const void *)(uintptr_t)&loader_finds_objects, &self) == 0;
}

bool
loader_is(const struct link_map *object)
{
	return object->l_addr == _r_debug.r_ldbase;
}

const struct link_map *
loader_first(void)
{
	return _r_debug.r_map;
}

const struct link_map *
loader_self(void)
{
	const struct link_map *object = loader_first();

	while (object != NULL && object->l_ld != _DYNAMIC)
		object = object->l_next;
	return object;
}

const struct link_map *
loader_libc(void)
{
	const struct link_map *object = loader_first();

	for (; object != NULL; object = object->l_next) {
		const char *name = strrchr(object->l_name, '/');

		if (strcmp(name != NULL ? name + 1 : object->l_name, "libc.so.6") == 0)
			break;
	}
	return object;
}
