/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * roots.h - memory that is no block, and may hold pointers to blocks
 *
 * Every mapping that can be written, private or shared, less what the allocator has to itself, what
 * the runtime has, devices, and stacks below where they are used.
 */
#ifndef ROOTS_H
#define ROOTS_H

#include "base/base.h"
#include "include/graph.h"
#include "reach/memory_map.h"
#include "reach/nodes.h"
#include "reach/ranges.h"
#include "reach/scan.h"
#include "reach/thread_locals.h"

#define ROOTS_WORDS_MAX 4096

/* Where a thread's stack is used down to. */
struct root_stack {
	uint64_t sp;
};

/* What is known besides the memory map. */
struct roots_input {
	uint64_t sp; /* of the thread that looks */
	const uint64_t *registers;
	size_t register_count;
	const struct root_stack *stacks; /* of others, those that are known */
	size_t stack_count;
	const uint64_t *kernel; /* what the kernel keeps */
	size_t kernel_count;
	const struct thread_locals *locals;
	bool has_unknown_blocks;
};

struct roots {
	const struct memory_map *map;
	const struct roots_input *input;
	struct ranges passed_over;
	struct graph_root *items;
	size_t count, capacity, items_bytes;
	uint64_t libc_start, libc_end; /* its variables */
};

/* So many there are at most. */
size_t roots_get_capacity(const struct memory_map *map, const struct roots_input *input);

/* 0 or -errno; to be released in any case. [signal] */
int roots_init(struct roots *roots, const struct memory_map *map, const struct nodes *nodes,
	       const struct roots_input *input);
void roots_release(struct roots *roots);

/* Read all of them; sources are numbered from `first` on. [signal] */
void roots_scan(struct roots *roots, struct scan *scan, uint32_t first);

#endif
