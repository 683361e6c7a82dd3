/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glob.h - file name patterns as Python's fnmatch has them
 *
 *     *       any run of characters, `/` and leading dots included
 *     ?       one character
 *     [abc]   one of these, with ranges; [!abc] one of the others; `^` is a literal
 *
 * Anything else, the backslash included, stands for itself, and the whole name must match. C's
 * fnmatch is not used: even with FNM_NOESCAPE it negates [^a] and knows classes like [[:alpha:]].
 */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>

bool glob_match(const char *pattern, const char *text);

#endif
