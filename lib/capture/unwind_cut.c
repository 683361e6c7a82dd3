/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_cut.c - each number of frames is interned once
 */
#include "capture/unwind_cut.h"

#include "base/lock.h"
#include "capture/unwind_memory.h"
#include "capture/unwind_rules.h"
#include "data/trace_table.h"
#include "memory/arena.h"

uint32_t
unwind_cut_root(uint32_t root, uint32_t frames)
{
	static struct lock lock;
	static uint32_t *known;
	uint32_t node = NODE_NONE;

	if (frames >= UNWIND_DEPTH_MAX)
		frames = 0;
	if (!lock_take(&lock))
		return NODE_NONE;
	if (known == NULL)
		known = arena_allocate(UNWIND_DEPTH_MAX * sizeof *known, false);
	if (known != NULL && known[frames] == 0)
		known[frames] = unwind_rules_add_frame(FRAME_KIND_CUT, frames, NULL);
	if (known != NULL && known[frames] != 0)
		node = trace_table_child(root, known[frames]);
	lock_drop(&lock);
	return node;
}
