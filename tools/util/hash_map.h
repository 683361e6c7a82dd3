/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hash_map.h - hash tables of structs: uthash with a good hash, and a word when memory is out
 *
 * Every table of the command is made by including this instead of `uthash.h`. Keys are hashed by
 * XXH3. What uthash allocates comes from `xmalloc`, so that it never has to answer for a lack of
 * memory itself: it would end the process without a word.
 */
#ifndef HASH_MAP_H
#define HASH_MAP_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "util/xalloc.h"

#define uthash_malloc(size)              xmalloc(size)
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)XXH3_64bits(key, length))
#include <uthash.h>

#endif
