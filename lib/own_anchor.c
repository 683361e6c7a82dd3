/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_anchor.h"

#include "base/own_memory.h"
#include "base/thread_layout.h"
#include "data/block_table.h"
#include "include/anchor.h"
#include "memory/real.h"
#include "recording/recording_map.h"

_Static_assert(sizeof(struct own_memory) == sizeof(struct anchor_range) &&
		       offsetof(struct own_memory, kind) == offsetof(struct anchor_range, kind) &&
		       (int)OWN_MEMORY_LENT == (int)ANCHOR_RANGE_LENT,
	       "others read it");

/* Nobody reads it here. */
static struct anchor anchor __attribute__((used, aligned(ANCHOR_ALIGNMENT))) = {
	.magic = ANCHOR_MAGIC,
	.version = ANCHOR_VERSION,
};

void
own_anchor_clear(void)
{
	store(&anchor.start_monotonic_ns, 0);
	anchor.flags = 0;
}

void
own_anchor_set(void)
{
	const struct own_memory *ranges;
	size_t count;

	own_memory_get(&ranges, &count);
	block_table_describe(&anchor.blocks);
	anchor.pid = recording.header->pid;
	anchor.start_realtime_ns = recording.header->start_realtime_ns;
	anchor.self_start = real.self_start;
	anchor.self_end = real.self_end;
	anchor.ranges = (uintptr_t)ranges;
	/* It grows. */
	anchor.range_count = OWN_MEMORY_MAX;
	anchor.site_base = recording_site_base();
	thread_layout_find(&anchor.layout);
	if (recording.header->forked != 0)
		anchor.flags |= ANCHOR_UNKNOWN_BLOCKS;
	/* Release: whoever sees this sees the rest. */
	store_release(&anchor.start_monotonic_ns, recording.header->start_monotonic_ns);
}

void
own_anchor_note_unknown(void)
{
	store(&anchor.flags, anchor.flags | ANCHOR_UNKNOWN_BLOCKS);
}

void
own_anchor_set_site_base(uint32_t site_base)
{
	store(&anchor.site_base, site_base);
}
