/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_class.h - what each mapping of a process is, and which parts are a heap
 */
#ifndef MEMORY_CLASS_H
#define MEMORY_CLASS_H

#include <stdint.h>

#include "model/memory.h"

/* Set the class of each mapping from its name, its flags and its neighbours. */
void memory_class_set(struct memory *memory);

/* Whether glibc may have made an arena or a mapped chunk there, or another allocator a heap. */
bool memory_class_may_be_heap(const struct memory_mapping *mapping);

/*
 * What the words at an address that is a multiple of GLIBC_HEAP_BYTES say: the bytes of the heap
 * of one of glibc's arenas that begins there, or 0 if they are no head of one.
 */
#define MEMORY_ARENA_WORDS 4
uint64_t memory_class_get_arena(const uint64_t words[MEMORY_ARENA_WORDS]);

/* Where the first chunk of such a heap can begin. */
uint64_t memory_class_get_first_chunk(uint64_t start, uint64_t arena);

/*
 * Add what is a heap by its mapping to the regions, which have those that glibc tells of, and put
 * them in order: [heap], and the mappings in which another allocator or CPython has blocks, less
 * what the program has mapped there by itself and never had a block in it.
 */
void memory_class_add_regions(struct memory *memory);

#endif
