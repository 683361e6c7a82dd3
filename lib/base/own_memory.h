/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own_memory.h - which memory the runtime has mapped itself
 *
 * Who looks for pointers in the program's memory passes over it. Everything that `os.h` maps is in
 * here, and leaves when it is unmapped.
 */
#ifndef OWN_MEMORY_H
#define OWN_MEMORY_H

#include "base/base.h"

#define OWN_MEMORY_MAX 4096

enum own_memory_kind {
	OWN_MEMORY_PLAIN,
	OWN_MEMORY_FILE,   /* that a forked child does not get */
	OWN_MEMORY_BLOCKS, /* tables of blocks, which a forked child sees zeroed */
	OWN_MEMORY_LENT,   /* to the program */
};

struct own_memory {
	uintptr_t start, end; /* 0: unused */
	uint32_t kind;
};

/* [signal] */
void own_memory_insert(const void *address, size_t bytes, enum own_memory_kind kind);
void own_memory_remove(const void *address, size_t bytes);
void own_memory_set_kind(const void *address, enum own_memory_kind kind);

/* It begins where it did, and is now so long. [signal] */
void own_memory_resize(const void *address, size_t bytes);

/* In a forked child: what it did not get is not ours. [init] */
void own_memory_forget_files(void);

/* All of it, in no order; the rest are unused. False: there was more than fits. */
bool own_memory_get(const struct own_memory **ret_ranges, size_t *ret_count);

#endif
