/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arena.c - memory for the runtime's own tables
 */
#include "arena.h"

#include "lock.h"
#include "os.h"

#define CHUNK_BYTES ((size_t)4 << 20)

static struct {
	struct lock lock;
	char *next;
	char *end;
	uint64_t bytes;
} arena;

/* Whatever is as large as a page starts on one, so that populating it touches nothing else. */
static size_t
alignment_of(size_t bytes)
{
	return bytes >= PAGE_BYTES ? PAGE_BYTES : CACHE_LINE;
}

static void *
take_from_chunk(size_t bytes)
{
	size_t alignment = alignment_of(bytes);
	uintptr_t start = round_up((uintptr_t)arena.next, alignment);

	if (arena.next == NULL || start + bytes > (uintptr_t)arena.end) {
		char *chunk = os_map(CHUNK_BYTES, true);

		if (chunk == NULL)
			return NULL;
		arena.end = chunk + CHUNK_BYTES;
		start = (uintptr_t)chunk;
	}
	arena.next = (char *)start + bytes;
	return (void *)start;
}

void *
arena_allocate(size_t bytes, bool populate)
{
	void *memory;

	if (bytes > CHUNK_BYTES / 2) {
		memory = os_map(bytes, true);
	} else {
		if (!lock_take(&arena.lock))
			return NULL;
		memory = take_from_chunk(bytes);
		lock_drop(&arena.lock);
	}
	if (memory != NULL && populate) {
		if (bytes >= PAGE_BYTES)
			os_populate(memory, bytes);
		fetch_add(&arena.bytes, bytes);
	}
	return memory;
}

uint64_t
arena_bytes(void)
{
	return load(&arena.bytes);
}

void
arena_add_bytes(uint64_t bytes)
{
	fetch_add(&arena.bytes, bytes);
}

void
arena_reset(void)
{
	lock_reset(&arena.lock);
	arena.next = arena.end = NULL;
	arena.bytes = 0;
}
