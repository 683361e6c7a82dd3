/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * system_library.h - which library of the language or the system a place is of
 *
 * Those are the C library, the loader, and the libraries of the compilers: code that every program
 * has and nobody debugs. Other libraries are not among them, for who uses them may want to see
 * them.
 */
#ifndef SYSTEM_LIBRARY_H
#define SYSTEM_LIBRARY_H

#include "model/place.h"

/* "libc", "libstdc++", "ld.so", ..., a constant; or NULL. */
const char *system_library_find(const struct place *place);

/* The same by the path of a module alone, which may be NULL. */
const char *system_library_find_module(const char *path);

#endif
