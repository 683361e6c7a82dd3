/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loader.h - what the dynamic loader knows of the objects that it has loaded
 *
 * The function of the loader that came late is looked up here, and not bound: a symbol version
 * that the program's libc does not have would keep the program from starting.
 */
#ifndef LOADER_H
#define LOADER_H

#include <link.h>

#include "base/base.h"

struct dl_find_object;

/*
 * The object that holds an address: 0, or -1 if there is none, as until glibc 2.34. Its range is
 * that of all its segments, with what lies between them. [signal]
 */
int loader_find_object(const void *address, struct dl_find_object *ret_object);

/* The program headers of what was found, if they can be read. They stay as long as the object.
 * [signal] */
bool loader_get_headers(const struct dl_find_object *object, const ElfW(Phdr) * *ret_headers,
			size_t *ret_count);

/* Where the file of the program was found to be mapped, for when the kernel does not know: it was
 * told to execute the loader. [init] */
void loader_note_program(const void *start);

/* Whether that is the loader itself. [signal] */
bool loader_is(const struct link_map *object);

/* Whether objects can be found. [signal] */
bool loader_finds_objects(void);

/* The first object of the search order; the loader's; our own; libc. NULL if the loader is not
 * ready. [signal] */
const struct link_map *loader_first(void);
const struct link_map *loader_itself(void);
const struct link_map *loader_self(void);
const struct link_map *loader_libc(void);

#endif
