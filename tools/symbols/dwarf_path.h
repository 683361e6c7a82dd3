/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dwarf_path.h - the path of a source file as DWARF has it, made absolute
 *
 * Tables of lines have what the compiler was given: one program has `src/a.c` and `/build/src/b.c`
 * in it.
 */
#ifndef DWARF_PATH_H
#define DWARF_PATH_H

#include <elfutils/libdw.h>

struct intern;

/* A file of the unit that has this DIE, absolute where the folder of the compiler is known, without
 * components that lead nowhere. One of the strings, or `file` itself, NULL included. */
const char *dwarf_path_make(Dwarf_Die *unit, const char *file, struct intern *strings);

#endif
