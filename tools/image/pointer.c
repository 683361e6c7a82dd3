/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pointer.c - see graph.h for what the runtime's own copy does, which this is to agree with
 */
#include "config.h"
#include "image/pointer.h"

#include "image/image.h"

#define WORD            sizeof(uint64_t)
#define TABLE_WORDS     20 /* of a table of virtual functions; two of them have to be functions */
#define TABLE_FUNCTIONS 2
#define FIRST_WORDS     3 /* of the table of an object; one has to be a function */
#define FIRST_PAGES     4096u
#define TOP_MOST        ((uint64_t)1 << 32) /* bytes of an object */

static bool
is_function(const struct image *image, uint64_t address)
{
	const struct image_mapping *mapping = image_find(image, address);

	return mapping != NULL && mapping->is_file && mapping->executable;
}

/* In what a file has: of so many words each is 0 or a function, up to so many functions. */
static bool
has_functions(const struct image *image, uint64_t address, unsigned words, unsigned functions)
{
	const struct image_mapping *mapping;

	if (address % WORD != 0 || address < FIRST_PAGES)
		return false;
	mapping = image_find(image, address);
	if (mapping == NULL || !mapping->is_file || !mapping->readable || mapping->is_device)
		return false;
	for (unsigned i = 0; i < words; i++, address += WORD) {
		uint64_t word;

		if (address + WORD > mapping->end || !image_peek(image, address, &word, WORD))
			return false;
		if (word == 0)
			continue;
		if (!is_function(image, word))
			return false;
		if (--functions == 0)
			return true;
	}
	return false;
}

/* Both the object and the part of it begin with their tables of virtual functions. */
static bool
is_base(const struct image *image, const struct graph_node *block, uint64_t word, uint64_t bytes)
{
	uint64_t part, whole;

	return word % WORD == 0 && word + WORD <= block->start + bytes && bytes >= WORD &&
	       image_peek(image, word, &part, WORD) &&
	       has_functions(image, part, TABLE_WORDS, TABLE_FUNCTIONS) &&
	       image_peek(image, block->start, &whole, WORD) &&
	       has_functions(image, whole, TABLE_WORDS, TABLE_FUNCTIONS);
}

enum graph_how
pointer_classify(const struct image *image, const struct graph_node *block, uint64_t word)
{
	uint64_t bytes = graph_get_bytes(block), offset = word - block->start, head[2];

	if (offset == 0)
		return GRAPH_START;
	/* Length, capacity, references, and then the characters: strings of old libstdc++. */
	if (offset == 3 * WORD && bytes >= 3 * WORD + 1 &&
	    image_peek(image, block->start, head, sizeof(head)) && head[0] <= head[1] &&
	    head[1] == bytes - 3 * WORD - 1)
		return GRAPH_STRING;
	if (offset == WORD && bytes > WORD && image_peek(image, block->start, head, WORD)) {
		if (head[0] == bytes - WORD)
			return GRAPH_LENGTH;
		/* The count that new[] puts in front of things with destructors. */
		if (head[0] > 0 && (bytes - WORD) % head[0] == 0)
			return GRAPH_ARRAY;
	}
	return is_base(image, block, word, bytes) ? GRAPH_BASE : GRAPH_INTERIOR;
}

/* --- tables --- */

static const struct image_mapping *
find_constant(const struct image *image, uint64_t address)
{
	const struct image_mapping *mapping = image_find(image, address);

	return mapping != NULL && mapping->is_file && mapping->readable && !mapping->is_device
		       ? mapping
		       : NULL;
}

/* It begins as an object does, and has a name. */
static bool
is_type(const struct image *image, uint64_t address)
{
	uint64_t words[2];

	return address % WORD == 0 && find_constant(image, address) != NULL &&
	       image_peek(image, address, words, sizeof(words)) && words[0] % WORD == 0 &&
	       find_constant(image, words[0]) != NULL && find_constant(image, words[1]) != NULL;
}

/* The words before it: how far the object begins before this part, and its type. */
static bool
is_table(const struct image *image, uint64_t word)
{
	const struct image_mapping *mapping =
		word >= FIRST_PAGES && word % WORD == 0 ? find_constant(image, word) : NULL;
	uint64_t head[2];

	if (mapping == NULL || mapping->writable || mapping->executable ||
	    word - mapping->start < sizeof(head) ||
	    !image_peek(image, word - sizeof(head), head, sizeof(head)) || -head[0] >= TOP_MOST)
		return false;
	return head[1] != 0 ? is_type(image, head[1]) : has_functions(image, word, FIRST_WORDS, 1);
}

uint64_t
pointer_find_table(const struct image *image, const struct graph_node *block, bool *ret_is_array)
{
	uint64_t bytes = graph_get_bytes(block), words[2];
	bool is_array = false;

	if (bytes < WORD || block->start % WORD != 0 ||
	    !image_peek(image, block->start, words, WORD))
		return 0;
	if (words[0] != 0 && words[0] < bytes / WORD && (bytes - WORD) % words[0] == 0) {
		if (!image_peek(image, block->start + WORD, &words[1], WORD))
			return 0;
		is_array = true;
	}
	*ret_is_array = is_array;
	return is_table(image, words[is_array]) ? words[is_array] : 0;
}
