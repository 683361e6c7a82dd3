/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loader.h - what the dynamic loader knows of the objects that it has loaded
 *
 * The function of the loader that came late is looked up here, and not bound: a symbol version
 * that the program's libc does not have would keep the program from starting.
 */
#ifndef LOADER_H
#define LOADER_H

#include "base/base.h"

struct dl_find_object;
struct link_map;

/* `_dl_find_object`, or what always fails where there is none: until glibc 2.34. Set by the first
 * call. */
extern int (*loader_find)(void *address, struct dl_find_object *ret_object);

/* The object that holds an address: 0, or -1 if there is none. [signal] */
static inline int
loader_find_object(const void *address, struct dl_find_object *ret_object)
{
	return loader_find((void *)(uintptr_t)address, ret_object);
}

/* Whether that is the loader itself. [signal] */
bool loader_is(const struct link_map *object);

/* Whether objects can be found. [signal] */
bool loader_finds_objects(void);

/* The first object of the search order; our own; libc. NULL if the loader is not ready. [signal] */
const struct link_map *loader_first(void);
const struct link_map *loader_self(void);
const struct link_map *loader_libc(void);

#endif
