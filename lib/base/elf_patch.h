/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_patch.h - let calls of a function of a loaded object reach another one
 *
 * For functions that are not to be exported by us: a symbol that exists only sometimes would be
 * found by programs that ask whether it exists.
 */
#ifndef ELF_PATCH_H
#define ELF_PATCH_H

#include "base/base.h"

struct link_map;

struct elf_patch {
	const void *from;
	const void *to;
};

/* Whoever looks up `name` in the object from now on finds `address`: objects that are loaded later,
 * calls that are not bound yet, dlsym. False if that cannot be done. [init] */
bool elf_patch_symbol(const struct link_map *object, const char *name, const void *address);

/* The addresses that the loader has filled in for an object: each `from` becomes its `to`. False if
 * one could not be written. [init] */
bool elf_patch_slots(const struct link_map *object, const struct elf_patch *patches, size_t count);

#endif
