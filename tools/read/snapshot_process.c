/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_process.c - one look after the other: Rss, mappings, blocks, pages, Rss
 *
 * Blocks are read before pages: what is freed in between shows up as not touched, and no page is
 * taken for free that has a block.
 */
#include "config.h"
#include "read/snapshot_process.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "model/memory.h"
#include "model/memory_class.h"
#include "model/trouble.h"
#include "read/memory_read.h"
#include "read/snapshot.h"
#include "read/snapshot_life.h"
#include "read/snapshot_private.h"

enum {
	LOOKS = 3,
	CHANGE_PERCENT = 1,
	HUGE_FROM = 8 << 20,
	BLOCKS_EXPECTED_MAX = 1 << 28, /* a recording may say anything */
};

/* A way to the blocks. Those that come first are the better ones. */
struct way {
	enum memory_blocks_from from;
	int (*read)(struct snapshot *snapshot, uint32_t pid, struct memory *memory);
};

static int
read_recorded(struct snapshot *snapshot, uint32_t pid, struct memory *memory)
{
	const struct block_set *set = &snapshot->profile->blocks;
	int result;

	(void)pid;
	if (!set->recorded)
		return -ENODATA;
	result = snapshot_update_blocks(snapshot, NULL);
	if (result != 0)
		return result;
	array_reserve(&memory->blocks, set->count);
	for (size_t i = 0; i < set->count; i++) {
		const struct block *block = &set->blocks[i];
		uint32_t unknown = BLOCK_ROUNDING_MAX;

		*array_push(&memory->blocks) = (struct memory_block){
			.address = block->address,
			.bytes = block->bytes,
			.rounding = block->rounding < unknown ? block->rounding : 0,
			.site = block->site + 1,
		};
		*array_push(&memory->leaves) =
			(struct memory_range){block->address, block->address + block->bytes + 1};
	}
	return 0;
}

/* Where the kernel has no such pages, small ones will do. */
static void
advise_huge(void *start, size_t bytes)
{
	uintptr_t first = ((uintptr_t)start + MEMORY_PAGE_BYTES - 1) & ~(MEMORY_PAGE_BYTES - 1ul);
	uintptr_t end = ((uintptr_t)start + bytes) & ~(MEMORY_PAGE_BYTES - 1ul);

	madvise((void *)first, end - first, MADV_HUGEPAGE);
}

static void
reserve(struct memory *memory, const struct profile_values *values, uint32_t count)
{
	int64_t blocks = 0;

	for (uint32_t i = 0; i < count; i++)
		blocks += values[i].live_blocks;
	if (blocks > 0 && blocks < BLOCKS_EXPECTED_MAX)
		array_reserve(&memory->blocks, (size_t)blocks + (size_t)blocks / 8 + 65536);
	/* In small pages, touching them for the first time takes longer than reading them. */
	if (memory->blocks.capacity * sizeof(struct memory_block) >= HUGE_FROM)
		advise_huge(memory->blocks.items,
			    memory->blocks.capacity * sizeof(struct memory_block));
}

static int
read_blocks(struct snapshot *snapshot, uint32_t pid, unsigned limits, struct memory *memory)
{
	static const struct way ways[] = {
		{MEMORY_BLOCKS_TABLE, snapshot_read_tables_of_process},
		{MEMORY_BLOCKS_RECORDING, read_recorded},
	};
	const struct profile *profile = snapshot->profile;
	bool no_table = (limits & SNAPSHOT_PROCESS_NO_TABLE) != 0;
	int result = 0;

	/* Room that is not used costs nothing; growing means to move. */
	if (profile->moment_count != 0)
		reserve(memory, profile->moments[profile->moment_count - 1].values,
			profile->moments[profile->moment_count - 1].site_count);

	memory->blocks_from = MEMORY_BLOCKS_NONE;
	for (size_t i = no_table ? 1 : 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		memory->blocks.count = memory->regions.count = 0;
		memory->leaves.count = memory->domain_leaves.count = 0;
		result = ways[i].read(snapshot, pid, memory);
		if (result == -ESRCH)
			return result;
		if (result == 0) {
			memory->blocks_from = ways[i].from;
			break;
		}
	}
	if (result != 0)
		memory->blocks.count = memory->regions.count = memory->leaves.count =
			memory->domain_leaves.count = 0;
	return 0;
}

static bool
has_paused(const struct profile *profile)
{
	struct profile_gaps gaps;

	profile_get_gaps(profile, &gaps);
	return gaps.off_at_start || gaps.paused || gaps.by_pause || gaps.by_stop;
}

static enum memory_unseen
find_unseen(const struct snapshot *snapshot, const struct memory *memory)
{
	const struct profile *profile = snapshot->profile;
	uint32_t foreign = PROFILE_TROUBLE_FOREIGN_MALLOC;

	if (memory->blocks_from == MEMORY_BLOCKS_NONE)
		return MEMORY_UNSEEN_TABLE;
	if (snapshot->file.header.forked != 0)
		return MEMORY_UNSEEN_FORKED;
	if ((profile->trouble & foreign) != 0)
		return MEMORY_UNSEEN_MALLOC;
	if (has_paused(profile))
		return MEMORY_UNSEEN_PAUSED;
	if ((profile->trouble & PROFILE_TROUBLE_OWN_NEW) != 0)
		return MEMORY_UNSEEN_NEW;
	if ((profile->trouble & PROFILE_TROUBLE_NO_BLOCK_TABLE) != 0 ||
	    (memory->blocks_from == MEMORY_BLOCKS_RECORDING && profile->blocks.missing != 0))
		return MEMORY_UNSEEN_LOST;
	return MEMORY_ALL_SEEN;
}

static bool
differ(uint64_t before, uint64_t after)
{
	uint64_t change = before > after ? before - after : after - before;

	return change > after / 100 * CHANGE_PERCENT;
}

static int
look(struct snapshot *snapshot, uint32_t pid, unsigned limits, struct memory *memory)
{
	int result;

	memory_clear(memory);
	result = memory_read_rss(pid, &memory->resident_before);
	if (result == 0)
		result = memory_read_mappings(pid, memory);
	if (result != 0)
		return result;
	memory_class_set(memory);
	result = read_blocks(snapshot, pid, limits, memory);
	if (result == 0)
		result = snapshot_read_mappings(snapshot, memory);
	if (result == 0)
		result = memory_read_pages(pid, memory, (limits & SNAPSHOT_PROCESS_NO_SCAN) == 0);
	if (result == 0)
		result = memory_read_rss(pid, &memory->resident_after);
	return result;
}

int
snapshot_read_process(struct snapshot *snapshot, unsigned limits, struct memory *memory)
{
	uint32_t pid = snapshot->identity.alive ? snapshot_life_get_pid(&snapshot->file.header) : 0;
	int result = pid == 0 ? -ESRCH : 0;

	for (unsigned i = 0; result == 0 && i < LOOKS; i++) {
		result = look(snapshot, pid, limits, memory);
		if (!differ(memory->resident_before, memory->resident_after))
			break;
	}
	/* Of a process that has ended, or become another program, all of this says nothing. */
	if (result == -ENOENT ||
	    (result != -EACCES && result != -EPERM && !snapshot_life_is_locked(&snapshot->file)))
		return -ESRCH;
	if (result != 0)
		return result == -EPERM ? -EACCES : result;
	memory->allocator = memory_get_allocator(snapshot->profile->allocator);
	memory->has_chunks = snapshot->file.header.blocks.top != 0 &&
			     snapshot->file.header.blocks.size_bits == 0;
	memory->unseen = find_unseen(snapshot, memory);
	memory_cut_blocks(memory);
	memory_class_add_regions(memory);
	return 0;
}
