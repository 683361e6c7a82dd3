/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory/arena.h"

#include <string.h>

#include "base/lock.h"
#include "base/os_memory.h"
#include "base/own_memory.h"

#define CHUNK_BYTES ((size_t)4 << 20)

struct pool {
	struct lock lock;
	char *next;
	char *end;
	uint64_t bytes; /* handed out */
	bool wiped;     /* in a forked child */
	bool is_of_blocks;
};

static struct pool passing = {.wiped = true}, lasting;
static struct pool of_blocks = {.wiped = true, .is_of_blocks = true};

static bool dumps_blocks;

void
arena_set_dumps_blocks(bool dumps)
{
	dumps_blocks = dumps;
}

bool
arena_dumps_blocks(void)
{
	return dumps_blocks;
}

void
arena_note_blocks(void *memory, size_t bytes)
{
	own_memory_set_kind(memory, OWN_MEMORY_BLOCKS);
	if (dumps_blocks)
		os_let_dump(memory, bytes);
}

static void *
map(const struct pool *pool, size_t bytes)
{
	void *memory = os_map(bytes, pool->wiped);

	if (memory != NULL && pool->is_of_blocks)
		arena_note_blocks(memory, bytes);
	return memory;
}

/* Whatever is as large as a page starts on one, so that populating it touches nothing else. */
static size_t
alignment_of(size_t bytes)
{
	return bytes >= PAGE_BYTES ? PAGE_BYTES : CACHE_LINE;
}

static void *
take_from_chunk(struct pool *pool, size_t bytes)
{
	size_t alignment = alignment_of(bytes);
	uintptr_t start = round_up((uintptr_t)pool->next, alignment);

	if (pool->next == NULL || start + bytes > (uintptr_t)pool->end) {
		char *chunk = map(pool, CHUNK_BYTES);

		if (chunk == NULL)
			return NULL;
		/* In this order: a handler that leaves in between must not leave a place in one
		 * chunk with the end of another. */
		store(&pool->next, NULL);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		store(&pool->end, chunk + CHUNK_BYTES);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		start = (uintptr_t)chunk;
	}
	pool->next = (char *)start + bytes;
	return (void *)start;
}

static void *
allocate(struct pool *pool, size_t bytes, bool populate)
{
	void *memory;

	if (bytes > CHUNK_BYTES / 2) {
		memory = map(pool, bytes);
	} else {
		if (!lock_take(&pool->lock))
			return NULL;
		memory = take_from_chunk(pool, bytes);
		lock_drop(&pool->lock);
	}
	if (memory != NULL && populate) {
		if (bytes >= PAGE_BYTES)
			os_populate(memory, bytes);
		fetch_add(&pool->bytes, bytes);
	}
	return memory;
}

void *
arena_allocate(size_t bytes, bool populate)
{
	return allocate(&passing, bytes, populate);
}

void *
arena_allocate_lasting(size_t bytes, bool populate)
{
	return allocate(&lasting, bytes, populate);
}

void *
arena_allocate_blocks(size_t bytes, bool populate)
{
	return allocate(&of_blocks, bytes, populate);
}

bool
arena_wipe(void *table, size_t bytes)
{
	size_t pages = bytes & ~(PAGE_BYTES - 1);

	/* The last part of a page may be another's. */
	if (pages != 0 && !os_wipe(table, pages))
		return false;
	memset((char *)table + pages, 0, bytes - pages);
	return true;
}

uint64_t
arena_bytes(void)
{
	return load(&passing.bytes) + load(&lasting.bytes) + load(&of_blocks.bytes);
}

void
arena_add_bytes(uint64_t bytes)
{
	fetch_add(&passing.bytes, bytes);
}

void
arena_reset(void)
{
	passing.next = passing.end = NULL;
	of_blocks.next = of_blocks.end = NULL;
	passing.bytes = of_blocks.bytes = 0;
}
