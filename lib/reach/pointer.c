/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/pointer.h"

#include <string.h>

#include "base/os_memory.h"
#include "reach/nodes.h"

#define WORD            sizeof(uint64_t)
#define TABLE_WORDS     20 /* of a table of virtual functions; two of them have to be functions */
#define TABLE_FUNCTIONS 2
#define FIRST_PAGES     4096u

static uint64_t
word_at(uint64_t address)
{
	uint64_t word;

	memcpy(&word, (const void *)address, sizeof word);
	return word;
}

/* Length, capacity, references, and then the characters: strings of old libstdc++. */
static bool
is_string(const struct graph_block *block, uint64_t word, uint64_t bytes)
{
	uint64_t length, capacity;

	if (word - block->start != 3 * WORD || bytes < 3 * WORD + 1)
		return false;
	length = word_at(block->start);
	capacity = word_at(block->start + WORD);
	return length <= capacity && capacity == bytes - 3 * WORD - 1;
}

static bool
is_length(const struct graph_block *block, uint64_t word, uint64_t bytes)
{
	return word - block->start == WORD && bytes > WORD && word_at(block->start) == bytes - WORD;
}

/* The count that new[] puts in front of things with destructors. */
static bool
is_array(const struct graph_block *block, uint64_t word, uint64_t bytes)
{
	uint64_t count;

	if (word - block->start != WORD || bytes <= WORD)
		return false;
	count = word_at(block->start);
	return count > 0 && (bytes - WORD) % count == 0;
}

static bool
is_function(const struct memory_map *map, uint64_t address)
{
	const struct mapping *mapping = memory_map_find(map, address);

	return mapping != NULL && mapping->is_file && mapping->executable;
}

bool
pointer_is_table(const struct memory_map *map, uint64_t address, unsigned words, unsigned functions)
{
	const struct mapping *mapping;

	if (address % WORD != 0 || address < FIRST_PAGES)
		return false;
	mapping = memory_map_find(map, address);
	if (mapping == NULL || !mapping->is_file || !mapping->readable || mapping->is_device)
		return false;
	for (unsigned i = 0; i < words; i++, address += WORD) {
		uint64_t word;

		/* A file may be shorter than its mapping: the kernel reads for us. */
		if (address + WORD > mapping->end ||
		    !os_copy_memory((const void *)address, &word, sizeof word))
			return false;
		if (word == 0)
			continue;
		if (!is_function(map, word))
			return false;
		if (--functions == 0)
			return true;
	}
	return false;
}

/* Both the object and the part of it begin with their tables of virtual functions. */
static bool
is_base(const struct memory_map *map, const struct graph_block *block, uint64_t word,
	uint64_t bytes)
{
	return word % WORD == 0 && word + WORD <= block->start + bytes && bytes >= WORD &&
	       pointer_is_table(map, word_at(word), TABLE_WORDS, TABLE_FUNCTIONS) &&
	       pointer_is_table(map, word_at(block->start), TABLE_WORDS, TABLE_FUNCTIONS);
}

enum graph_pointer
pointer_classify(const struct memory_map *map, const struct graph_block *block, uint64_t word)
{
	uint64_t bytes = nodes_get_bytes(block);

	if (word == block->start)
		return GRAPH_POINTER_START;
	/* Nearly all are none of these. */
	if (is_string(block, word, bytes))
		return GRAPH_POINTER_STRING;
	if (is_length(block, word, bytes))
		return GRAPH_POINTER_LENGTH;
	if (is_array(block, word, bytes))
		return GRAPH_POINTER_ARRAY;
	return is_base(map, block, word, bytes) ? GRAPH_POINTER_BASE : GRAPH_POINTER_INTERIOR;
}
