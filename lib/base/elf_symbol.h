/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_symbol.h - look up a dynamic symbol of a loaded object without the loader
 *
 * dlsym would allocate on failure and depends on its caller. The symbol tables of an object that is
 * already mapped can simply be read.
 */
#ifndef ELF_SYMBOL_H
#define ELF_SYMBOL_H

#include "base/base.h"

struct link_map;

/* Address of the defined, unversioned-default symbol `name` in a loaded object, or NULL. IFUNC
 * symbols are resolved. [signal] */
void *elf_symbol_find(const struct link_map *object, const char *name);

/* The same, and where the object has but an old definition of `version`, that one: programs ask for
 * what libc has by its version. [signal] */
void *elf_symbol_find_version(const struct link_map *object, const char *name, const char *version);

/* Where the value of that symbol is kept, relative to the load address, and its size behind it;
 * NULL if there is none, or it is an IFUNC. */
const uint64_t *elf_symbol_value(const struct link_map *object, const char *name);

/* The same as `elf_symbol_find` in an ELF image mapped at `image` that no link map describes (the
 * vdso). */
void *elf_symbol_in_image(const void *image, const char *name);

/*
 * Let the calls that an object makes of the function `name` go to `replacement`. Only for objects
 * that were bound lazily, whose table of functions is writable; false if this one is not. [init]
 */
bool elf_symbol_replace(const struct link_map *object, const char *name, void *replacement);

#endif
