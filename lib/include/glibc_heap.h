/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glibc_heap.h - how glibc's malloc lays out its memory, for the runtime's look and the command's
 */
#ifndef HEAPTALLY_GLIBC_HEAP_H
#define HEAPTALLY_GLIBC_HEAP_H

#include <stdint.h>

/* malloc/arena.c: what an arena gets at once, at a multiple of it; its first word is the address of
 * the arena, which lies in the first page of its first such heap. */
#define GLIBC_HEAP_BYTES  ((uint64_t)64 << 20)
#define GLIBC_ARENA_WHERE 4096u

/* malloc/malloc.c: flags in the word before a block; in front of that, for a chunk that was mapped
 * alone, how far before the chunk the mapping begins. */
#define GLIBC_CHUNK_IS_MAPPED 2u
#define GLIBC_CHUNK_IS_OTHERS 4u /* not of the main arena */
#define GLIBC_CHUNK_FLAGS     7u
#define GLIBC_CHUNK_HEAD      16u

#endif
