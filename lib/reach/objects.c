/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * objects.c - blocks that begin with the address of a table of virtual functions
 *
 * As the C++ ABI of Itanium lays it out:
 *
 *     table - 16   offset from this part of the object to its start: 0 or less
 *     table - 8    the type's information { its table, its name, ... }, or 0 without RTTI
 *     table        functions
 *
 * Nearly all first words are rejected by a bit; each of the others is looked at once.
 */
#include "reach/objects.h"

#include <string.h>

#include "base/hash.h"
#include "base/os_memory.h"
#include "reach/nodes.h"
#include "reach/pointer.h"

#define WORD        sizeof(uint64_t)
#define PART_SHIFT  21 /* 2 MiB of address space share a bit */
#define SLOTS       (2 * OBJECTS_WORDS_MAX)
#define TOP_MOST    ((uint64_t)1 << 32) /* bytes of an object */
#define TABLE_WORDS 3                   /* one of the first must be a function */
#define FIRST_PAGES 4096u

struct objects_word {
	uint64_t word;
	uint32_t table; /* its number plus one, or 0 for none */
};

static size_t
get_bit(uint64_t word)
{
	return (size_t)(hash_u64(word >> PART_SHIFT) % (sizeof(((struct objects *)0)->near) * 8));
}

static bool
may_have_tables(const struct mapping *mapping)
{
	return mapping->is_file && mapping->readable && !mapping->writable &&
	       !mapping->executable && !mapping->is_device;
}

static void
note_near(struct objects *objects)
{
	for (size_t i = 0; i < objects->map->count; i++) {
		const struct mapping *mapping = &objects->map->mappings[i];
		uint64_t part = mapping->start >> PART_SHIFT;

		if (!may_have_tables(mapping))
			continue;
		/* What is larger than all bits sets all of them. */
		for (size_t n = 0; part <= (mapping->end - 1) >> PART_SHIFT && n < 1 << 16; n++) {
			size_t bit = get_bit(part++ << PART_SHIFT);

			objects->near[bit / 64] |= (uint64_t)1 << bit % 64;
		}
	}
}

void
objects_init(struct objects *objects, const struct memory_map *map, size_t block_count)
{
	*objects = (struct objects){.map = map};
	objects->items_bytes = (block_count + 1) * sizeof *objects->items;
	objects->items = os_map_dense(objects->items_bytes);
	objects->tables = os_map(OBJECTS_WORDS_MAX * sizeof *objects->tables, false);
	objects->words = os_map(SLOTS * sizeof *objects->words, false);
	if (objects->items != NULL && objects->tables != NULL && objects->words != NULL)
		note_near(objects);
}

void
objects_release(struct objects *objects)
{
	if (objects->items != NULL)
		os_unmap(objects->items, objects->items_bytes);
	if (objects->tables != NULL)
		os_unmap(objects->tables, OBJECTS_WORDS_MAX * sizeof *objects->tables);
	if (objects->words != NULL)
		os_unmap(objects->words, SLOTS * sizeof *objects->words);
	*objects = (struct objects){0};
}

/* --- is it one? --- */

/* A file may be shorter than its mapping: the kernel reads for us. */
static bool
read_words(const struct memory_map *map, uint64_t address, uint64_t *words, size_t count)
{
	const struct mapping *mapping = memory_map_find(map, address);

	return mapping != NULL && mapping->is_file && mapping->readable && !mapping->is_device &&
	       mapping->end - address >= count * WORD &&
	       os_copy_memory((const void *)address, words, count * WORD);
}

static bool
is_constant(const struct memory_map *map, uint64_t address)
{
	const struct mapping *mapping = memory_map_find(map, address);

	return mapping != NULL && mapping->is_file && mapping->readable;
}

/* It begins as an object does, and has a name. */
static bool
is_type(const struct memory_map *map, uint64_t address)
{
	uint64_t words[2];

	return address % WORD == 0 && read_words(map, address, words, 2) && words[0] % WORD == 0 &&
	       is_constant(map, words[0]) && is_constant(map, words[1]);
}

/* One of a class without functions of its own, which virtual bases may have, is told by its type.
 */
static bool
is_table(const struct memory_map *map, uint64_t word)
{
	const struct mapping *mapping = memory_map_find(map, word);
	uint64_t head[2];

	if (mapping == NULL || !may_have_tables(mapping) || word - mapping->start < sizeof head ||
	    !read_words(map, word - sizeof head, head, 2) || -head[0] >= TOP_MOST)
		return false;
	return head[1] != 0 ? is_type(map, head[1]) : pointer_is_table(map, word, TABLE_WORDS, 1);
}

/* --- each once --- */

/* The number of the table plus one, or 0. */
static uint32_t
find_table(struct objects *objects, uint64_t word)
{
	size_t slot;

	if (word == objects->last_word)
		return objects->last_table;
	slot = (size_t)hash_u64(word) % SLOTS;
	while (objects->words[slot].word != 0 && objects->words[slot].word != word)
		slot = (slot + 1) % SLOTS;
	if (objects->words[slot].word == 0) {
		if (objects->word_count == OBJECTS_WORDS_MAX)
			return 0;
		objects->word_count++;
		objects->words[slot].word = word;
		if (is_table(objects->map, word)) {
			objects->tables[objects->table_count++] = word;
			objects->words[slot].table = (uint32_t)objects->table_count;
		}
	}
	objects->last_word = word;
	objects->last_table = objects->words[slot].table;
	return objects->last_table;
}

/* Whether it is worth a look. */
static inline bool
is_near(const struct objects *objects, uint64_t word)
{
	size_t bit;

	if (word < FIRST_PAGES || word % WORD != 0)
		return false;
	bit = get_bit(word);
	return (objects->near[bit / 64] >> bit % 64 & 1) != 0;
}

void
objects_take(struct objects *objects, uint32_t number, const struct graph_block *block)
{
	uint64_t bytes = nodes_get_bytes(block), words[2];
	bool is_array = false;
	uint32_t table;

	if (bytes < WORD || block->start % WORD != 0)
		return;
	memcpy(words, (const void *)(uintptr_t)block->start, WORD);
	/* new[] puts the count of what has a destructor in front of it. */
	if (words[0] != 0 && words[0] < bytes / WORD && (bytes - WORD) % words[0] == 0) {
		memcpy(&words[1], (const void *)(uintptr_t)(block->start + WORD), WORD);
		is_array = true;
	}
	if (!is_near(objects, words[is_array]))
		return;
	table = find_table(objects, words[is_array]);
	if (table != 0)
		objects->items[objects->count++] =
			(struct graph_object){number, (table - 1) & INT32_MAX, is_array};
}
