/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_map.h - what is mapped in this process, from /proc/self/maps
 */
#ifndef MEMORY_MAP_H
#define MEMORY_MAP_H

#include "base/base.h"

struct mapping {
	uint64_t start, end;
	uint32_t name;   /* in `text`; the empty string is there, too */
	uint32_t object; /* the same, of the file that this belongs to: what follows a file's data
			    without a name of its own are variables that begin as zero */
	bool readable, writable, executable;
	bool is_shared;
	bool is_file;
	bool is_memory; /* shared, and what was never written is a hole that takes no memory */
	bool is_device; /* reading it may do something */
};

struct memory_map {
	struct mapping *mappings;
	size_t count;
	char *text;
	size_t mappings_bytes, text_bytes;
	bool is_cut; /* it grew while it was read */
};

/* 0 or -errno; to be released. [signal] */
int memory_map_init(struct memory_map *map);

/* The same of a file like that, of a process whose memory of brk(2) begins at heap_start. [signal]
 */
int memory_map_init_of(struct memory_map *map, const char *path, uint64_t heap_start);
void memory_map_release(struct memory_map *map);

/* The mapping of an address, or NULL. [signal] */
const struct mapping *memory_map_find(const struct memory_map *map, uint64_t address);

/* Whether reading from start to end is safe: private memory, or shared that is no file. [signal] */
bool memory_map_can_read(const struct memory_map *map, uint64_t start, uint64_t end);

#endif
