/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_memory.c - room for a thread's last stack: old arrays stay, so that a copy can be left
 * half
 */
#include "capture/unwind_memory.h"

#include "memory/arena.h"

#define FIRST_CAPACITY 16u
#define CHECKS_A_FRAME 3u

static const uint64_t never;
const struct unwind_check unwind_check_end = {&never, 1};

struct unwind_depth unwind_depth = {1024, 1152, 1280};

COLD bool
unwind_memory_grow(struct unwind_memory *m)
{
	uint32_t capacity = m->capacity == 0 ? FIRST_CAPACITY : m->capacity * 2;
	struct unwind_frame *frames, *fresh;
	struct unwind_check *checks;

	if (capacity > UNWIND_DEPTH_MAX)
		return false;
	/* As many remembered frames may be kept as there are fresh ones to go on top. */
	frames = arena_allocate_lasting((2 * capacity + 1) * sizeof *frames, true);
	fresh = arena_allocate_lasting(capacity * sizeof *fresh, true);
	checks = arena_allocate_lasting((2 * CHECKS_A_FRAME * capacity + 1) * sizeof *checks, true);
	if (frames == NULL || fresh == NULL || checks == NULL)
		return false;
	/* Ends the search for a remembered frame without a test of the depth. */
	frames++->sp = UINT64_MAX;
	*checks++ = unwind_check_end;
	for (uint32_t i = 0; i < m->depth; i++)
		frames[i] = m->frames[i];
	for (uint32_t i = 0; i < m->capacity; i++)
		fresh[i] = m->fresh[i];
	for (uint32_t i = 0; i < m->check_count; i++)
		checks[i] = m->checks[i];
	m->frames = frames;
	m->fresh = fresh;
	m->fresh_end = fresh + (capacity < unwind_depth.some ? capacity : unwind_depth.some);
	m->checks = checks;
	m->room = capacity < unwind_depth.most ? capacity : unwind_depth.most;
	/* Release: a fork at any moment leaves memory that a thread of the child can go on with. */
	store_release(&m->capacity, capacity);
	return true;
}
