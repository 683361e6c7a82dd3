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
#include <unistd.h>

#include "image/image.h"
#include "model/memory.h"
#include "read/glibc_words.h"
#include "read/memory_read.h"
#include "read/process_memory.h"
#include "read/snapshot_private.h"
#include "read/snapshot_process.h"
#include "read/snapshot_slots.h"
#include "util/array.h"
#include "util/xalloc.h"

enum {
	SIDE_CAPACITY_MAX = 1 << 26,
	SIDE_PIECE = 1024,
};

struct reading {
	struct process_memory process;
	struct memory *memory;
	struct recording_table shape;
	bool heads;     /* sizes are in the words before the blocks */
	bool is_domain; /* the blocks are those of an allocator on top of malloc's */
	struct glibc_words words;
	uint8_t *leaf; /* as it was read */
	uint8_t *again;
};

/* --- leaves --- */

/* What has changed since the leaf was read is marked by a word that is not known. */
static void
look_again(struct reading *reading, uint64_t first_address, size_t first)
{
	const struct recording_table *shape = &reading->shape;
	const struct memory_block *blocks = &reading->memory->blocks.items[first];
	size_t count = reading->memory->blocks.count - first;

	for (size_t i = 0; i < count; i++) {
		size_t index = (size_t)((blocks[i].address - first_address) >> shape->slot_shift);

		if (snapshot_slots_get(shape, reading->leaf, index) !=
		    snapshot_slots_get(shape, reading->again, index))
			reading->words.is_known[i] = false;
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

/* All blocks of the leaf that was read. */
static void
insert_leaf(struct reading *reading, uint64_t first_address)
{
	struct memory *memory = reading->memory;
	size_t used = memory->blocks.count;

	array_reserve(&memory->blocks, used + snapshot_slots_count(&reading->shape));
	memory->blocks.count += snapshot_slots_unpack(&reading->shape, reading->leaf, first_address,
						      &memory->blocks.items[used]);
}

static int
read_leaf(struct reading *reading, uint64_t leaf, uint64_t first_address)
{
	size_t bytes = snapshot_slots_count(&reading->shape) * reading->shape.slot_bytes;
	size_t first = reading->memory->blocks.count;
	int result = process_memory_read_sparse(&reading->process, leaf, reading->leaf, bytes);

	if (result != 0)
		return result;
	insert_leaf(reading, first_address);
	if (reading->heads && reading->memory->blocks.count > first) {
		glibc_words_read(&reading->words, first, reading->memory->blocks.count - first);
		result = process_memory_read_sparse(&reading->process, leaf, reading->again, bytes);
		if (result != 0)
			return result;
		look_again(reading, first_address, first);
		glibc_words_take_sizes(&reading->words, first);
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

		result = process_memory_read_sparse(&reading->process, directory + i * 8, leaves,
						    part * 8);
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
	int result = process_memory_read(&reading->process, shape->top, top, count * sizeof(*top));

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
	if (entry->address == 0 || entry->site == 0 ||
	    entry->address >> SNAPSHOT_ADDRESS_BITS_MAX != 0 ||
	    entry->bytes >> SNAPSHOT_ADDRESS_BITS_MAX != 0)
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
take_side_regions(struct reading *reading, size_t first)
{
	size_t count = reading->memory->blocks.count - first;

	glibc_words_read(&reading->words, first, count);
	glibc_words_take_regions(&reading->words, first, count);
}

/* Its two fields are not changed at once: they are read until they stay. */
static int
read_side_head(struct reading *reading, struct recording_side *ret_side)
{
	struct recording_side again;
	int result = process_memory_read(&reading->process, reading->shape.side, ret_side,
					 sizeof(*ret_side));

	for (unsigned i = 0; i < 4 && result == 0; i++) {
		result = process_memory_read(&reading->process, reading->shape.side, &again,
					     sizeof(again));
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

		result = process_memory_read(&reading->process,
					     side.entries + i * sizeof(entries[0]), entries,
					     part * sizeof(entries[0]));
		for (uint32_t k = 0; k < part && result == 0; k++)
			insert_entry(reading, &entries[k]);
		if (result == 0 && reading->heads)
			take_side_regions(reading, first);
	}
	return result;
}

/* --- both tables --- */

static int
read_table(struct reading *reading, const struct recording_table *shape)
{
	size_t sorted = reading->memory->blocks.count;
	size_t slots = snapshot_slots_are_valid(shape) ? snapshot_slots_count(shape) : 0;
	int result;

	if (slots == 0)
		return -EBADMSG;
	reading->shape = *shape;
	reading->heads = shape->size_bits == 0;
	reading->leaf = xmalloc(SNAPSHOT_LEAF_BYTES_MAX);
	reading->again = xmalloc(SNAPSHOT_LEAF_BYTES_MAX);
	glibc_words_init(&reading->words, &reading->process, reading->memory,
			 slots > SIDE_PIECE ? slots : SIDE_PIECE);
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
	glibc_words_release(&reading->words);
	return result;
}

int
snapshot_read_tables_of_process(struct snapshot *snapshot, uint32_t pid, struct memory *memory)
{
	const struct recording_header *header = &snapshot->file.header;
	struct reading reading = {.process = {.pid = (pid_t)pid}, .memory = memory};
	int result;

	reading.process.pagemap = memory_open_pagemap(pid);
	if (reading.process.pagemap < 0)
		return reading.process.pagemap;
	result = read_table(&reading, &header->blocks);
	if (result == 0 && reading.heads)
		glibc_words_find_arenas(&reading.process, memory);
	reading.is_domain = true;
	if (result == 0 && header->domains.top != 0)
		result = read_table(&reading, &header->domains);
	close(reading.process.pagemap);
	return result;
}

int
snapshot_read_table_of_image(const struct image *image, const struct recording_table *table,
			     struct memory *memory, bool *ret_misses)
{
	/* Leaves are read twice. */
	struct reading reading = {
		.process = {.image = image,
			    .budget = 2 * image->file_bytes,
			    .pid = image->process,
			    .pagemap = image->pagemap},
		.memory = memory,
	};
	int result = read_table(&reading, table);

	*ret_misses = reading.words.misses;
	return result;
}
