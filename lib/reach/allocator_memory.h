/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocator_memory.h - what the allocator has to itself: no root, whatever lies in it
 *
 *     glibc    the heap of brk, whole
 *              its arenas, whole: also those in which no block lives
 *              chunks that it has mapped alone, to the byte: the kernel makes one mapping of
 *              neighbours, and the next page may be the program's
 *     others   memory where blocks have been
 *
 * Of a process that has blocks nobody knows of, made before a fork or while nothing was recorded,
 * only the known blocks are passed over: the others may hold them.
 */
#ifndef ALLOCATOR_MEMORY_H
#define ALLOCATOR_MEMORY_H

#include "base/base.h"
#include "reach/memory_map.h"
#include "reach/nodes.h"
#include "reach/ranges.h"

/* Add it to ranges. [signal] */
void allocator_memory_get(const struct memory_map *map, const struct nodes *nodes,
			  bool has_unknown_blocks, struct ranges *ranges);

#endif
