/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * demangle.h - function names as people know them
 */
#ifndef FUNCTION_DEMANGLE_H
#define FUNCTION_DEMANGLE_H

#include "symbols/encoding.h"

/*
 * The name behind a mangled symbol of C++, Rust or D, with parameters and without the return
 * type, or one that is encoded in a way of the given language. NULL if symbol is neither, or too
 * long or too deep to be worth it. The caller frees it.
 */
char *demangle(const char *symbol, enum encoding_language language);

#endif
