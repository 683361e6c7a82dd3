/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

#include "util/intern.h"
#include "util/span.h"
#include "util/text.h"
#include "util/xalloc.h"

void
memory_init(struct memory *memory)
{
	*memory = (struct memory){.strings = intern_new()};
}

void
memory_release(struct memory *memory)
{
	array_release(&memory->mappings);
	array_release(&memory->runs);
	array_release(&memory->blocks);
	array_release(&memory->regions);
	array_release(&memory->leaves);
	array_release(&memory->domain_leaves);
	array_release(&memory->owned);
	intern_free(memory->strings);
	memory->strings = NULL;
}

void
memory_clear(struct memory *memory)
{
	memory->mappings.count = memory->runs.count = memory->blocks.count = 0;
	memory->regions.count = memory->leaves.count = memory->domain_leaves.count = 0;
	memory->owned.count = 0;
}

const struct memory_mapping *
memory_find_mapping(const struct memory *memory, uint64_t address)
{
	size_t found = span_find(memory->mappings.items, memory->mappings.count,
				 sizeof(struct memory_mapping), address);

	if (found == memory->mappings.count || memory->mappings.items[found].start > address)
		return NULL;
	return &memory->mappings.items[found];
}

enum memory_allocator
memory_get_allocator(const char *path)
{
	static const struct {
		const char *name;
		enum memory_allocator allocator;
	} table[] = {
		{"libc.so", MEMORY_GLIBC},           {"libc-2", MEMORY_GLIBC},
		{"libc_malloc_debug", MEMORY_GLIBC}, {"libjemalloc", MEMORY_JEMALLOC},
		{"libtcmalloc", MEMORY_TCMALLOC},    {"libmimalloc", MEMORY_MIMALLOC},
	};
	const char *name = text_base_name(path);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (text_starts_with(name, table[i].name))
			return table[i].allocator;
	return MEMORY_OTHER_ALLOCATOR;
}

uint32_t
memory_get_header_bytes(const struct memory *memory, enum memory_region_kind kind)
{
	/* malloc/malloc.c, "chunk": the size is in the word before the block. */
	return memory->has_chunks && kind <= MEMORY_REGION_CHUNK ? 8 : 0;
}

const char *
memory_region_name(enum memory_region_kind kind)
{
	static const char *const names[MEMORY_REGION_KINDS] = {
		[MEMORY_REGION_MAIN] = "main heap",         [MEMORY_REGION_ARENA] = "thread arenas",
		[MEMORY_REGION_CHUNK] = "mapped blocks",    [MEMORY_REGION_OTHER] = "allocator",
		[MEMORY_REGION_PYTHON] = "Python's arenas",
	};

	return names[kind];
}

static int
compare_blocks(const void *left, const void *right)
{
	const struct memory_block *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static bool
is_sorted(const struct memory_block *blocks, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (blocks[i - 1].address > blocks[i].address)
			return false;
	return true;
}

void
memory_sort_blocks(struct memory *memory, size_t sorted)
{
	struct memory_block *blocks = memory->blocks.items, *rest;
	size_t left = sorted, right = memory->blocks.count - sorted, to = memory->blocks.count;

	if (right == 0)
		return;
	if (!is_sorted(&blocks[sorted], right))
		qsort(&blocks[sorted], right, sizeof(*blocks), compare_blocks);
	if (left == 0 || blocks[left - 1].address <= blocks[left].address)
		return;
	rest = xmalloc(right * sizeof(*rest));
	memcpy(rest, &blocks[sorted], right * sizeof(*rest));
	while (right > 0) {
		if (left > 0 && blocks[left - 1].address > rest[right - 1].address)
			blocks[--to] = blocks[--left];
		else
			blocks[--to] = rest[--right];
	}
	free(rest);
}

/* Where the memory that is mapped without a gap from this mapping on ends. */
static uint64_t
find_end(const struct memory *memory, size_t mapping)
{
	const struct memory_mapping *mappings = memory->mappings.items;

	while (mapping + 1 < memory->mappings.count &&
	       mappings[mapping + 1].start == mappings[mapping].end)
		mapping++;
	return mappings[mapping].end;
}

static void
cut_block(struct memory_block *block, uint64_t end)
{
	uint64_t room = end - block->address;

	if (block->bytes > room)
		block->bytes = room;
	if (block->rounding > room - block->bytes)
		block->rounding = (uint32_t)(room - block->bytes);
}

void
memory_cut_blocks(struct memory *memory)
{
	struct memory_block *blocks = memory->blocks.items;
	size_t mapping = 0, kept = 0, count = memory->blocks.count;
	uint64_t end = 0;

	for (size_t i = 0; i < count; i++) {
		if (blocks[i].address >= end) {
			while (mapping < memory->mappings.count &&
			       memory->mappings.items[mapping].end <= blocks[i].address)
				mapping++;
			if (mapping == memory->mappings.count)
				break;
			if (memory->mappings.items[mapping].start > blocks[i].address)
				continue;
			end = find_end(memory, mapping);
		}
		if (i + 1 < count && blocks[i + 1].address == blocks[i].address)
			continue;
		cut_block(&blocks[i], i + 1 < count && blocks[i + 1].address < end
					      ? blocks[i + 1].address
					      : end);
		blocks[kept++] = blocks[i];
	}
	memory->blocks.count = kept;
}
