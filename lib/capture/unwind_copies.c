/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_copies.c - chunks are put down one after the other, and the oldest goes first
 *
 *     address --> slots[hash] --> keys[slot], chunks[slot]
 */
#include "capture/unwind_copies.h"

#include <string.h>

#include "base/hash.h"
#include "base/loader.h"
#include "base/os_memory.h"
#include "memory/arena.h"

#define CHUNK_BYTES 512u
#define CHUNKS      1024u
#define PLACES      2048u

/* Objects beyond these are asked for again and again. */
#define OBJECTS 512u

static const struct link_map *objects[OBJECTS];
static uint32_t object_count;

static char (*chunks)[CHUNK_BYTES];
static uint64_t keys[CHUNKS]; /* 0: none */
static uint16_t slots[PLACES];
static uint32_t taken;

void
unwind_copies_init(void)
{
	const struct link_map *object = loader_first();

	for (object_count = 0; object != NULL && object_count < OBJECTS; object = object->l_next)
		objects[object_count++] = object;
	if (chunks == NULL)
		chunks = os_map((size_t)CHUNKS * CHUNK_BYTES, false);
}

bool
unwind_copies_may_keep(const struct link_map *object)
{
	if (chunks == NULL)
		return false;
	for (uint32_t i = 0; i < object_count; i++) {
		if (objects[i] == object)
			return true;
	}
	return false;
}

static const char *
take_chunk(uint64_t start, uint16_t *place)
{
	uint32_t slot = taken % CHUNKS;

	if (!os_readable(start))
		return NULL;
	if (taken++ < CHUNKS)
		arena_add_bytes(CHUNK_BYTES);
	/* In this order: a handler may leave in between, or fork. */
	keys[slot] = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(chunks[slot], (const void *)start, CHUNK_BYTES);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	keys[slot] = start;
	*place = (uint16_t)slot;
	return chunks[slot];
}

/* The chunk that begins at start, or NULL. */
static inline const char *
chunk_at(uint64_t start)
{
	uint16_t *place = &slots[hash_u64(start) % PLACES];

	return likely(keys[*place] == start) ? chunks[*place] : take_chunk(start, place);
}

bool
unwind_copies_read(uint64_t address, uint64_t *ret_word)
{
	size_t offset = address % CHUNK_BYTES, first = CHUNK_BYTES - offset;
	const char *chunk = chunk_at(address - offset);

	if (chunk == NULL)
		return false;
	if (likely(first >= sizeof *ret_word)) {
		memcpy(ret_word, chunk + offset, sizeof *ret_word);
		return true;
	}
	memcpy(ret_word, chunk + offset, first);
	chunk = chunk_at(address + first);
	if (chunk == NULL)
		return false;
	memcpy((char *)ret_word + first, chunk, sizeof *ret_word - first);
	return true;
}
