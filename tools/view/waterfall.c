/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/waterfall.h"

#include <stdlib.h>

#include "util/human.h"
#include "util/xalloc.h"

/* A drift beyond this share of Rss is worth a sentence. */
#define DRIFT_SHARE 1000

size_t
view_waterfall_find_largest(const struct view_waterfall *view, size_t **ret_mappings)
{
	size_t limit = view->rows != 0 ? view->rows : view->resident->memory->mappings.count;

	*ret_mappings = xcalloc(limit + 1, sizeof(**ret_mappings));
	return resident_get_largest(view->resident, limit, *ret_mappings);
}

static const char *
explain_unseen(enum memory_unseen unseen)
{
	static const char *const sentences[] = {
		[MEMORY_ALL_SEEN] = NULL,
		[MEMORY_UNSEEN_FORKED] =
			"a forked child: the blocks that it has from its parent are not known, so "
			"what is free cannot be told from them",
		[MEMORY_UNSEEN_PAUSED] =
			"recording was off or paused for some time: blocks of then are not known, "
			"so what is free cannot be told from them",
		[MEMORY_UNSEEN_NEW] =
			"operator new is the allocator's own and was not seen: blocks are missing, "
			"so what is free cannot be told from them",
		[MEMORY_UNSEEN_MALLOC] =
			"the program's own malloc was not seen: its heap is among [heap] and other "
			"anonymous memory",
		[MEMORY_UNSEEN_LOST] =
			"not all blocks found a place in the tables, so what is free cannot be "
			"told from those",
		[MEMORY_UNSEEN_TABLE] =
			"the memory of the process may not be read, and single blocks were not "
			"recorded: of the heap only its size is known, and what malloc has outside "
			"[heap] is among other anonymous memory",
	};

	return sentences[unseen];
}

static char *
explain_drift(const struct resident *resident)
{
	uint64_t drift =
		resident->drift < 0 ? -(uint64_t)resident->drift : (uint64_t)resident->drift;
	uint64_t before = resident->memory->resident_before;
	char first[HUMAN_BYTES], second[HUMAN_BYTES], change[HUMAN_BYTES];

	if (drift <= resident->memory->resident_after / DRIFT_SHARE)
		return NULL;
	return xasprintf("the process went on while it was read: Rss was %s before and %s after, "
			 "the pages that were seen are %s off",
			 human_size((int64_t)before, first),
			 human_size((int64_t)resident->memory->resident_after, second),
			 human_size_change(resident->drift, change));
}

void
view_waterfall_notes(const struct view_waterfall *view, view_quality_tell *tell_one, void *context)
{
	const struct memory *memory = view->resident->memory;
	char *drift = explain_drift(view->resident);

	if (explain_unseen(memory->unseen) != NULL)
		tell_one(context, explain_unseen(memory->unseen));
	if (memory->blocks_from == MEMORY_BLOCKS_RECORDING)
		tell_one(context,
			 "the memory of the process may not be read: blocks are those of the "
			 "recording, and glibc's headers and arenas are not told apart");
	if (memory->misses_owned)
		tell_one(context, "not all calls of mmap could be seen: some of what the program "
				  "maps by itself is among other anonymous memory");
	if (memory->lost_owned != 0)
		tell_one(context, "some calls of mmap or munmap were not noted, for want of room "
				  "or because they interrupted another one: names of mapped memory "
				  "may be wrong");
	if (drift != NULL)
		tell_one(context, drift);
	free(drift);
}
