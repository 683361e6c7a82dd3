/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glibc_words.h - what glibc's malloc has in its memory: sizes of blocks, mapped chunks, arenas
 *
 *     chunk + 0   size of the chunk before, or how far behind its mapping a mapped one begins
 *     chunk + 8   the word: size of the chunk | flags
 *     chunk + 16  the block
 *
 * The words of many blocks are read at once, and looked at afterwards.
 */
#ifndef GLIBC_WORDS_H
#define GLIBC_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;
struct process_memory;

struct glibc_words {
	struct process_memory *process;
	struct memory *memory;
	uint64_t *words; /* before each block that was read, and whether it was to be had */
	bool *is_known;
	uint8_t *span;
	bool misses; /* of some, it was not */
};

/* Of count blocks at most at a time. */
void glibc_words_init(struct glibc_words *words, struct process_memory *process,
		      struct memory *memory, size_t count);

/* Read those of `count` blocks of memory from `first` on. */
void glibc_words_read(struct glibc_words *words, size_t first, size_t count);

/* Give the blocks from first on, whose words were read, their sizes, and forget those that have
 * none. Mapped ones append the regions that they prove. */
void glibc_words_take_sizes(struct glibc_words *words, size_t first);

/* The same of blocks whose sizes are known: only the regions. */
void glibc_words_take_regions(struct glibc_words *words, size_t first, size_t count);

void glibc_words_release(struct glibc_words *words);

/* Append the arenas that begin in the mappings of memory. */
void glibc_words_find_arenas(struct process_memory *process, struct memory *memory);

#endif
