/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_process_tables.c - live blocks from the tables in the memory of the process
 *
 * The process goes on meanwhile. A leaf is read, then the words before its blocks, in which glibc
 * has their sizes, then the leaf again: whatever changed in between is left out. Pages of the
 * tables that are not there are not read, and so do not come to be.
 *
 * Nothing that is read is trusted: of the shape every field is checked, and a block is cut later
 * where it does not fit.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "glibc_heap.h"
#include "image/image.h"
#include "model/memory.h"
#include "model/memory_class.h"
#include "read/memory_read.h"
#include "read/snapshot_private.h"
#include "read/snapshot_process.h"
#include "util/array.h"
#include "util/xalloc.h"

#define ADDRESS_BITS_MAX 47
#define PAGE             ((uint64_t)MEMORY_PAGE_BYTES)

/* More are read at once where blocks are this dense: a leaf's blocks, all of its memory. */
#define DENSE_BLOCKS 128

enum {
	VECTORS = 512,
	LEAF_BYTES_MAX = 1 << 20,
	LEAF_SPAN_MAX = 1 << 20,
	TOP_COUNT_MAX = 1 << 16,
	SIDE_CAPACITY_MAX = 1 << 26,
	SIDE_PIECE = 1024,
};

struct reading {
	const struct image *image; /* to be read instead of the process, or NULL */
	uint64_t budget;           /* of a core: bytes of tables that there can be */
	pid_t pid;
	int pagemap;
	struct memory *memory;
	struct recording_table shape;
	bool heads;     /* sizes are in the words before the blocks */
	bool is_domain; /* the blocks are those of an allocator on top of malloc's */
	bool misses;    /* words that are not to be had */
	uint8_t *leaf;  /* as it was read */
	uint8_t *again;
	uint8_t *span;   /* the memory that the leaf is about */
	uint64_t *words; /* of the blocks of a leaf: the word before each */
	bool *is_known;
};

/* --- the memory of the process --- */

static int
read_memory(const struct reading *reading, uint64_t address, void *buffer, size_t bytes)
{
	struct iovec local = {buffer, bytes}, remote = {(void *)(uintptr_t)address, bytes};
	ssize_t got;

	if (reading->image != NULL)
		return image_read(reading->image, address, buffer, bytes) == bytes ? 0 : -EFAULT;
	got = process_vm_readv(reading->pid, &local, 1, &remote, 1, 0);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -EFAULT;
}

/* The pages of a table that have something behind them; the others read as zero. */
static int
read_present(struct reading *reading, uint64_t address, void *buffer, size_t bytes)
{
	uint64_t start = address & ~(PAGE - 1), end = (address + bytes + PAGE - 1) & ~(PAGE - 1);
	size_t count = (size_t)((end - start) / PAGE);
	bool present[LEAF_BYTES_MAX / MEMORY_PAGE_BYTES + 2];
	int result;

	/* A core has them whole, and each once: where it says otherwise it is damaged. */
	if (reading->image != NULL && reading->image->is_core) {
		if (reading->budget < bytes)
			return -EBADMSG;
		reading->budget -= bytes;
		return read_memory(reading, address, buffer, bytes);
	}
	result = memory_read_present(reading->pagemap, start, count, present);
	if (result != 0)
		return result;
	memset(buffer, 0, bytes);
	for (size_t i = 0; i < count;) {
		uint64_t from = start + i * PAGE, to;

		if (!present[i]) {
			i++;
			continue;
		}
		while (i < count && present[i])
			i++;
		to = start + i * PAGE;
		from = from > address ? from : address;
		to = to < address + bytes ? to : address + bytes;
		result = read_memory(reading, from, (uint8_t *)buffer + (from - address),
				     (size_t)(to - from));
		if (result != 0)
			return result;
	}
	return 0;
}

/* --- slots --- */

static uint64_t
get_field(uint64_t slot, unsigned shift, unsigned bits)
{
	return bits == 0 ? 0
			 : slot >> shift & (bits < 64 ? (UINT64_C(1) << bits) - 1 : ~UINT64_C(0));
}

static size_t
count_slots(const struct recording_table *shape)
{
	return (size_t)1 << (shape->leaf_shift - shape->slot_shift);
}

static uint64_t
get_slot(const struct recording_table *shape, const uint8_t *leaf, size_t index)
{
	uint64_t wide;
	uint32_t narrow;

	if (shape->slot_bytes == 4) {
		memcpy(&narrow, leaf + index * 4, 4);
		return narrow;
	}
	memcpy(&wide, leaf + index * 8, 8);
	return wide;
}

static bool
is_field(unsigned shift, unsigned bits, unsigned slot_bytes)
{
	return bits <= 64 && shift + bits <= slot_bytes * 8;
}

static bool
is_valid_shape(const struct recording_table *shape)
{
	if (shape->top == 0 || shape->address_bits > ADDRESS_BITS_MAX ||
	    (shape->slot_bytes != 4 && shape->slot_bytes != 8))
		return false;
	if (shape->slot_shift == 0 || shape->slot_shift > shape->leaf_shift ||
	    shape->leaf_shift >= shape->top_shift || shape->top_shift > shape->address_bits)
		return false;
	if (shape->address_bits - shape->top_shift > 16 ||
	    shape->top_shift - shape->leaf_shift > 24 || shape->leaf_shift > 20 ||
	    count_slots(shape) * shape->slot_bytes > LEAF_BYTES_MAX)
		return false;
	return is_field(shape->site_shift, shape->site_bits, shape->slot_bytes) &&
	       shape->site_bits <= 32 && shape->place_bits <= 1 &&
	       is_field(shape->place_shift, shape->place_bits, shape->slot_bytes) &&
	       is_field(shape->size_shift, shape->size_bits, shape->slot_bytes) &&
	       is_field(shape->rounding_shift, shape->rounding_bits, shape->slot_bytes) &&
	       shape->rounding_bits <= 32;
}

static bool
is_beside(const struct recording_table *shape, uint64_t slot)
{
	uint64_t all = (UINT64_C(1) << shape->rounding_bits) - 1;

	return shape->rounding_bits != 0 &&
	       get_field(slot, shape->rounding_shift, shape->rounding_bits) == all;
}

/* --- the words before glibc's blocks --- */

/* Those from first on, all of which are in one piece of memory. */
static bool
read_words_at_once(struct reading *reading, size_t first, size_t count)
{
	const struct memory_block *blocks = &reading->memory->blocks.items[first];
	uint64_t start = blocks[0].address - 8, end = blocks[count - 1].address;

	if (end - start > LEAF_SPAN_MAX + 8 ||
	    read_memory(reading, start, reading->span, (size_t)(end - start)) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		memcpy(&reading->words[i], reading->span + (blocks[i].address - 8 - start), 8);
		reading->is_known[i] = true;
	}
	return true;
}

/* Those of a core stay, or were never there. */
static void
read_words_of_image(struct reading *reading, size_t first, size_t count)
{
	const struct memory_block *blocks = &reading->memory->blocks.items[first];

	for (size_t i = 0; i < count; i++) {
		reading->is_known[i] = image_peek(reading->image, blocks[i].address - 8,
						  &reading->words[i], sizeof(reading->words[i]));
		reading->misses |= !reading->is_known[i];
	}
}

/* One by one; a block whose page has gone is none any more. */
static void
read_words(struct reading *reading, size_t first, size_t count)
{
	const struct memory_block *blocks = &reading->memory->blocks.items[first];
	struct iovec remote[VECTORS];

	if (reading->image != NULL && reading->image->is_core) {
		read_words_of_image(reading, first, count);
		return;
	}
	memset(reading->is_known, 0, count * sizeof(*reading->is_known));
	if (count >= DENSE_BLOCKS && read_words_at_once(reading, first, count))
		return;
	for (size_t done = 0; done < count;) {
		size_t part = count - done < VECTORS ? count - done : VECTORS;
		struct iovec local = {&reading->words[done], part * 8};
		ssize_t got;

		for (size_t i = 0; i < part; i++)
			remote[i] = (struct iovec){
				(void *)(uintptr_t)(blocks[done + i].address - 8), 8};
		got = process_vm_readv(reading->pid, &local, 1, remote, part, 0);
		got = got < 0 ? 0 : got / 8;
		for (ssize_t i = 0; i < got; i++)
			reading->is_known[done++] = true;
		if ((size_t)got < part)
			done++;
	}
}

/* malloc/malloc.c, "chunk". A mapped one begins with its mapping: so much is proven by its words.
 */
static void
insert_chunk(struct reading *reading, uint64_t address, uint64_t word)
{
	uint64_t before, start, end = address - 16 + (word & ~UINT64_C(7));

	if (read_memory(reading, address - 16, &before, sizeof(before)) != 0)
		return;
	start = address - 16 - before;
	if (before >= address - 16 || start % PAGE != 0 || end % PAGE != 0 || end <= address)
		return;
	*array_push(&reading->memory->regions) =
		(struct memory_region){start, end, MEMORY_REGION_CHUNK, 0, start};
}

/* Give the blocks from first on their sizes, and forget those that have none. */
static void
take_words(struct reading *reading, size_t first)
{
	struct memory *memory = reading->memory;
	size_t count = memory->blocks.count - first, kept = first;

	for (size_t i = 0; i < count; i++) {
		struct memory_block block = memory->blocks.items[first + i];
		uint64_t word = reading->words[i], bytes = word & ~UINT64_C(7);
		uint64_t usable = bytes - 8 - ((word & 2) << 2);

		if (!reading->is_known[i] || bytes < 24 || usable >> ADDRESS_BITS_MAX != 0 ||
		    usable < block.rounding)
			continue;
		block.bytes = usable - block.rounding;
		if ((word & 2) != 0)
			insert_chunk(reading, block.address, word);
		memory->blocks.items[kept++] = block;
	}
	memory->blocks.count = kept;
}

/* --- leaves --- */

static struct memory_block
unpack(const struct recording_table *shape, uint64_t address, uint64_t slot)
{
	uint64_t place = get_field(slot, shape->place_shift, shape->place_bits);

	return (struct memory_block){
		.address = address + (place << (shape->slot_shift - 1)),
		.bytes = get_field(slot, shape->size_shift, shape->size_bits),
		.rounding = (uint32_t)get_field(slot, shape->rounding_shift, shape->rounding_bits),
		.site = (uint32_t)get_field(slot, shape->site_shift, shape->site_bits),
	};
}

/* All blocks of the leaf that was read. */
static void
insert_slots(struct reading *reading, uint64_t first_address)
{
	/* A copy, so that the compiler knows that writing blocks does not change it. */
	const struct recording_table shape = reading->shape;
	size_t count = count_slots(&shape), used = reading->memory->blocks.count;
	struct memory_block *blocks;

	array_reserve(&reading->memory->blocks, used + count);
	blocks = reading->memory->blocks.items;
	for (size_t i = 0; i < count; i++) {
		uint64_t slot = get_slot(&shape, reading->leaf, i);

		if (slot != 0 && !is_beside(&shape, slot))
			blocks[used++] = unpack(
				&shape, first_address + ((uint64_t)i << shape.slot_shift), slot);
	}
	reading->memory->blocks.count = used;
}

/* What has changed since the leaf was read is marked by a word that is not known. */
static void
look_again(struct reading *reading, uint64_t first_address, size_t first)
{
	const struct recording_table *shape = &reading->shape;
	const struct memory_block *blocks = &reading->memory->blocks.items[first];
	size_t count = reading->memory->blocks.count - first;

	for (size_t i = 0; i < count; i++) {
		size_t index = (size_t)((blocks[i].address - first_address) >> shape->slot_shift);

		if (get_slot(shape, reading->leaf, index) != get_slot(shape, reading->again, index))
			reading->is_known[i] = false;
	}
}

static void
insert_range(struct reading *reading, uint64_t first_address, size_t first)
{
	struct memory *memory = reading->memory;
	const struct memory_block *blocks = memory->blocks.items;
	uint64_t span = UINT64_C(1) << reading->shape.leaf_shift;

	if (reading->is_domain) {
		/* Of a domain: where it has blocks. */
		if (memory->blocks.count > first)
			*array_push(&memory->domain_leaves) =
				(struct memory_range){blocks[first].address,
						      blocks[memory->blocks.count - 1].address + 1};
	} else if (!reading->heads) {
		*array_push(&memory->leaves) =
			(struct memory_range){first_address, first_address + span};
	}
}

static int
read_leaf(struct reading *reading, uint64_t leaf, uint64_t first_address)
{
	size_t bytes = count_slots(&reading->shape) * reading->shape.slot_bytes;
	size_t first = reading->memory->blocks.count;
	int result = read_present(reading, leaf, reading->leaf, bytes);

	if (result != 0)
		return result;
	insert_slots(reading, first_address);
	if (reading->heads && reading->memory->blocks.count > first) {
		read_words(reading, first, reading->memory->blocks.count - first);
		result = read_present(reading, leaf, reading->again, bytes);
		if (result != 0)
			return result;
		look_again(reading, first_address, first);
		take_words(reading, first);
	}
	insert_range(reading, first_address, first);
	return 0;
}

/* A page of a directory at a time, because it is sparse. */
static int
read_directory(struct reading *reading, uint64_t directory, uint64_t first_address)
{
	const struct recording_table *shape = &reading->shape;
	size_t count = (size_t)1 << (shape->top_shift - shape->leaf_shift);
	uint64_t leaves[MEMORY_PAGE_BYTES / 8];
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i += MEMORY_PAGE_BYTES / 8) {
		size_t part = count - i < MEMORY_PAGE_BYTES / 8 ? count - i : MEMORY_PAGE_BYTES / 8;

		result = read_present(reading, directory + i * 8, leaves, part * 8);
		for (size_t k = 0; k < part && result == 0; k++)
			if (leaves[k] != 0)
				result = read_leaf(
					reading, leaves[k],
					first_address + ((uint64_t)(i + k) << shape->leaf_shift));
	}
	return result;
}

static int
read_levels(struct reading *reading)
{
	const struct recording_table *shape = &reading->shape;
	size_t count = (size_t)1 << (shape->address_bits - shape->top_shift);
	uint64_t *top = xcalloc(count, sizeof(*top));
	int result = read_memory(reading, shape->top, top, count * sizeof(*top));

	for (size_t i = 0; i < count && result == 0; i++)
		if (top[i] != 0 && top[i] != shape->empty)
			result = read_directory(reading, top[i], (uint64_t)i << shape->top_shift);
	free(top);
	return result;
}

/* --- beside the table --- */

static void
insert_entry(struct reading *reading, const struct recording_side_entry *entry)
{
	if (entry->address == 0 || entry->site == 0 || entry->address >> ADDRESS_BITS_MAX != 0 ||
	    entry->bytes >> ADDRESS_BITS_MAX != 0)
		return;
	*array_push(&reading->memory->blocks) = (struct memory_block){
		.address = entry->address,
		.bytes = entry->bytes,
		/* More than any block has: nobody knows. */
		.rounding = entry->rounding <= UINT32_MAX ? (uint32_t)entry->rounding : 0,
		.site = entry->site,
	};
}

/* Of glibc's, the regions that their words prove. */
static void
take_side_words(struct reading *reading, size_t first, size_t count)
{
	read_words(reading, first, count);
	for (size_t i = 0; i < count; i++)
		if (reading->is_known[i] && (reading->words[i] & 2) != 0)
			insert_chunk(reading, reading->memory->blocks.items[first + i].address,
				     reading->words[i]);
}

/* Its two fields are not changed at once: they are read until they stay. */
static int
read_side_head(struct reading *reading, struct recording_side *ret_side)
{
	struct recording_side again;
	int result = read_memory(reading, reading->shape.side, ret_side, sizeof(*ret_side));

	for (unsigned i = 0; i < 4 && result == 0; i++) {
		result = read_memory(reading, reading->shape.side, &again, sizeof(again));
		if (again.entries == ret_side->entries && again.capacity == ret_side->capacity)
			return result;
		*ret_side = again;
	}
	return result;
}

static int
read_side(struct reading *reading)
{
	struct recording_side_entry entries[SIDE_PIECE];
	struct recording_side side;
	int result;

	if (reading->shape.side == 0)
		return 0;
	result = read_side_head(reading, &side);
	if (result != 0 || side.capacity == 0 || side.live == 0)
		return result;
	if (side.capacity > SIDE_CAPACITY_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < side.capacity && result == 0; i += SIDE_PIECE) {
		uint32_t part = side.capacity - i < SIDE_PIECE ? side.capacity - i : SIDE_PIECE;
		size_t first = reading->memory->blocks.count;

		result = read_memory(reading, side.entries + i * sizeof(entries[0]), entries,
				     part * sizeof(entries[0]));
		for (uint32_t k = 0; k < part && result == 0; k++)
			insert_entry(reading, &entries[k]);
		if (result == 0 && reading->heads)
			take_side_words(reading, first, reading->memory->blocks.count - first);
	}
	return result;
}

/* --- arenas of glibc --- */

static void
find_arenas(struct reading *reading)
{
	uint64_t words[MEMORY_ARENA_WORDS];

	array_each (&reading->memory->mappings, mapping) {
		uint64_t at = (mapping->start + GLIBC_HEAP_BYTES - 1) & ~(GLIBC_HEAP_BYTES - 1);

		/* A head is where the mapping's memory begins, but for merged ones. */
		if (!memory_class_may_be_heap(mapping) || mapping->resident == 0)
			continue;
		for (; at < mapping->end; at += GLIBC_HEAP_BYTES) {
			uint64_t bytes;

			if (read_present(reading, at, words, sizeof(words)) != 0)
				continue;
			bytes = memory_class_get_arena(words);
			if (bytes == 0)
				continue;
			*array_push(&reading->memory->regions) = (struct memory_region){
				at, at + bytes, MEMORY_REGION_ARENA, words[1],
				memory_class_get_first_chunk(at, words[0])};
		}
	}
}

/* --- both tables --- */

static int
read_table(struct reading *reading, const struct recording_table *shape)
{
	size_t sorted = reading->memory->blocks.count;
	size_t slots = is_valid_shape(shape) ? count_slots(shape) : 0;
	int result;

	if (slots == 0)
		return -EBADMSG;
	reading->shape = *shape;
	reading->heads = shape->size_bits == 0;
	reading->leaf = xmalloc(LEAF_BYTES_MAX);
	reading->again = xmalloc(LEAF_BYTES_MAX);
	reading->span = xmalloc(LEAF_SPAN_MAX + 8);
	reading->words = xcalloc(slots > SIDE_PIECE ? slots : SIDE_PIECE, sizeof(*reading->words));
	reading->is_known = xcalloc(slots > SIDE_PIECE ? slots : SIDE_PIECE, sizeof(bool));
	/* Leaves come in the order of their addresses. */
	result = read_levels(reading);
	if (sorted != 0)
		memory_sort_blocks(reading->memory, sorted);
	sorted = reading->memory->blocks.count;
	if (result == 0)
		result = read_side(reading);
	memory_sort_blocks(reading->memory, sorted);
	free(reading->leaf);
	free(reading->again);
	free(reading->span);
	free(reading->words);
	free(reading->is_known);
	return result;
}

int
snapshot_read_tables_of_process(struct snapshot *snapshot, uint32_t pid, struct memory *memory)
{
	const struct recording_header *header = &snapshot->file.header;
	struct reading reading = {.pid = (pid_t)pid, .memory = memory};
	int result;

	reading.pagemap = memory_open_pagemap(pid);
	if (reading.pagemap < 0)
		return reading.pagemap;
	result = read_table(&reading, &header->blocks);
	if (result == 0 && reading.heads)
		find_arenas(&reading);
	reading.is_domain = true;
	if (result == 0 && header->domains.top != 0)
		result = read_table(&reading, &header->domains);
	close(reading.pagemap);
	return result;
}

int
snapshot_read_table_of_image(const struct image *image, const struct recording_table *table,
			     struct memory *memory, bool *ret_misses)
{
	/* Leaves are read twice. */
	struct reading reading = {
		.image = image,
		.budget = 2 * image->file_bytes,
		.pid = image->process,
		.pagemap = image->pagemap,
		.memory = memory,
	};
	int result = read_table(&reading, table);

	*ret_misses = reading.misses;
	return result;
}
