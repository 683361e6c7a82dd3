/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/glibc_words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "glibc_heap.h"
#include "image/image.h"
#include "model/memory.h"
#include "model/memory_class.h"
#include "read/process_memory.h"
#include "util/array.h"
#include "util/xalloc.h"

#define PAGE ((uint64_t)MEMORY_PAGE_BYTES)

/* What an address and a size have at most. */
#define ADDRESS_BITS_MAX 47

/* More are read at once where blocks are this dense: a leaf's blocks, all of its memory. */
#define DENSE_BLOCKS 128

enum {
	VECTORS = 512,
	SPAN_MAX = 1 << 20,
};

/* Those from first on, all of which are in one piece of memory. */
static bool
read_words_at_once(struct glibc_words *words, size_t first, size_t count)
{
	const struct memory_block *blocks = &words->memory->blocks.items[first];
	uint64_t start = blocks[0].address - 8, end = blocks[count - 1].address;

	if (end - start > SPAN_MAX + 8 ||
	    process_memory_read(words->process, start, words->span, (size_t)(end - start)) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		memcpy(&words->words[i], words->span + (blocks[i].address - 8 - start), 8);
		words->is_known[i] = true;
	}
	return true;
}

/* Those of a core stay, or were never there. */
static void
read_words_of_image(struct glibc_words *words, size_t first, size_t count)
{
	const struct memory_block *blocks = &words->memory->blocks.items[first];

	for (size_t i = 0; i < count; i++) {
		words->is_known[i] = image_peek(words->process->image, blocks[i].address - 8,
						&words->words[i], sizeof(words->words[i]));
		words->misses |= !words->is_known[i];
	}
}

/* One by one; a block whose page has gone is none any more. */
void
glibc_words_read(struct glibc_words *words, size_t first, size_t count)
{
	const struct memory_block *blocks = &words->memory->blocks.items[first];
	struct iovec remote[VECTORS];

	if (words->process->image != NULL && words->process->image->is_core) {
		read_words_of_image(words, first, count);
		return;
	}
	memset(words->is_known, 0, count * sizeof(*words->is_known));
	if (count >= DENSE_BLOCKS && read_words_at_once(words, first, count))
		return;
	for (size_t done = 0; done < count;) {
		size_t part = count - done < VECTORS ? count - done : VECTORS;
		struct iovec local = {&words->words[done], part * 8};
		ssize_t got;

		for (size_t i = 0; i < part; i++)
			remote[i] = (struct iovec){
				(void *)(uintptr_t)(blocks[done + i].address - 8), 8};
		got = process_vm_readv(words->process->pid, &local, 1, remote, part, 0);
		got = got < 0 ? 0 : got / 8;
		for (ssize_t i = 0; i < got; i++)
			words->is_known[done++] = true;
		if ((size_t)got < part)
			done++;
	}
}

/* malloc/malloc.c, "chunk". A mapped one begins with its mapping: so much is proven by its words.
 */
static void
insert_chunk(struct glibc_words *words, uint64_t address, uint64_t word)
{
	uint64_t before, start, end = address - 16 + (word & ~UINT64_C(7));

	if (process_memory_read(words->process, address - 16, &before, sizeof(before)) != 0)
		return;
	start = address - 16 - before;
	if (before >= address - 16 || start % PAGE != 0 || end % PAGE != 0 || end <= address)
		return;
	*array_push(&words->memory->regions) =
		(struct memory_region){start, end, MEMORY_REGION_CHUNK, 0, start};
}

void
glibc_words_take_sizes(struct glibc_words *words, size_t first)
{
	struct memory *memory = words->memory;
	size_t count = memory->blocks.count - first, kept = first;

	for (size_t i = 0; i < count; i++) {
		struct memory_block block = memory->blocks.items[first + i];
		uint64_t word = words->words[i], bytes = word & ~UINT64_C(7);
		uint64_t usable = bytes - 8 - ((word & 2) << 2);

		if (!words->is_known[i] || bytes < 24 || usable >> ADDRESS_BITS_MAX != 0 ||
		    usable < block.rounding)
			continue;
		block.bytes = usable - block.rounding;
		if ((word & 2) != 0)
			insert_chunk(words, block.address, word);
		memory->blocks.items[kept++] = block;
	}
	memory->blocks.count = kept;
}

void
glibc_words_take_regions(struct glibc_words *words, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words->is_known[i] && (words->words[i] & 2) != 0)
			insert_chunk(words, words->memory->blocks.items[first + i].address,
				     words->words[i]);
}

void
glibc_words_init(struct glibc_words *words, struct process_memory *process, struct memory *memory,
		 size_t count)
{
	*words = (struct glibc_words){
		.process = process,
		.memory = memory,
		.words = xcalloc(count, sizeof(*words->words)),
		.is_known = xcalloc(count, sizeof(*words->is_known)),
		.span = xmalloc(SPAN_MAX + 8),
	};
}

void
glibc_words_release(struct glibc_words *words)
{
	free(words->words);
	free(words->is_known);
	free(words->span);
}

void
glibc_words_find_arenas(struct process_memory *process, struct memory *memory)
{
	uint64_t words[MEMORY_ARENA_WORDS];

	array_each (&memory->mappings, mapping) {
		uint64_t at = (mapping->start + GLIBC_HEAP_BYTES - 1) & ~(GLIBC_HEAP_BYTES - 1);

		/* A head is where the mapping's memory begins, but for merged ones. */
		if (!memory_class_may_be_heap(mapping) || mapping->resident == 0)
			continue;
		for (; at < mapping->end; at += GLIBC_HEAP_BYTES) {
			uint64_t bytes;

			if (process_memory_read_sparse(process, at, words, sizeof(words)) != 0)
				continue;
			bytes = memory_class_get_arena(words);
			if (bytes == 0)
				continue;
			*array_push(&memory->regions) = (struct memory_region){
				at, at + bytes, MEMORY_REGION_ARENA, words[1],
				memory_class_get_first_chunk(at, words[0])};
		}
	}
}
