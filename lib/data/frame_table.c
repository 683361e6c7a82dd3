/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/frame_table.h"

#include "memory/arena.h"
#include "base/hash.h"

#define CAPACITY_FIRST 1024u

/* Open addressing. Without memory for it, frames are no longer looked up. */
static struct {
	uint32_t *ids; /* FRAME_NONE is free */
	uint32_t capacity;
	uint32_t used;
} table;

/* The name of a thread comes and goes while its frame is in the table. */
static uint32_t
module_key(const struct recording_frame *frame)
{
	return frame->kind == FRAME_KIND_THREAD ? 0 : frame->module;
}

static bool
is_same(const struct recording_frame *a, const struct recording_frame *b)
{
	return a->value == b->value && a->kind == b->kind && module_key(a) == module_key(b);
}

/* The place of a frame, or the free one where it belongs. */
static uint32_t *
place_of(const struct recording_frame *frame)
{
	uint32_t mask = table.capacity - 1;
	uint32_t i = hash_pair(hash_u64(frame->value), module_key(frame) << 4 ^ frame->kind) & mask;

	while (table.ids[i] != FRAME_NONE && !is_same(&recording.frames[table.ids[i]], frame))
		i = (i + 1) & mask;
	return &table.ids[i];
}

static bool
grow(void)
{
	uint32_t *old = table.ids, old_capacity = table.capacity;
	uint32_t capacity = old_capacity == 0 ? CAPACITY_FIRST : old_capacity * 2;
	uint32_t *ids = arena_allocate(capacity * sizeof *ids, true);

	if (ids == NULL)
		return false;
	table.ids = ids;
	/* In this order: a handler may leave in between by siglongjmp. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	table.capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i] != FRAME_NONE)
			*place_of(&recording.frames[old[i]]) = old[i];
	}
	return true;
}

static uint32_t
add(const struct recording_frame *frame)
{
	struct recording_extent *frames = &recording.header->sections[SECTION_FRAMES];
	uint64_t id = frames->count;

	if (!recording_reserve(SECTION_FRAMES, id + 1))
		return FRAME_NONE;
	recording.frames[id] = *frame;
	/* Release: who sees the count sees the frame. */
	store_release(&frames->count, id + 1);
	return (uint32_t)id;
}

void
frame_table_reset(void)
{
	table.ids = NULL;
	table.capacity = table.used = 0;
}

uint32_t
frame_table_intern(const struct recording_frame *frame)
{
	uint32_t *place;

	if (table.used >= table.capacity / 2 && !grow())
		return add(frame);
	place = place_of(frame);
	if (*place == FRAME_NONE) {
		*place = add(frame);
		table.used += *place != FRAME_NONE;
	}
	return *place;
}
