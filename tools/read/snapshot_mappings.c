/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_mappings.c - what the process has mapped by itself, as its runtime notes it
 *
 * The only table of a recording that changes at any place. It is read until nothing has changed
 * meanwhile, or a few times; then what does not fit together is left out.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/memory.h"
#include "model/profile.h"
#include "read/snapshot_private.h"
#include "read/snapshot_process.h"
#include "util/xalloc.h"

enum {
	TRIES = 16,
	RECORDS_MAX = 1 << 21,
};

static int
read_changes(const struct snapshot *snapshot, uint64_t *ret_changes)
{
	return snapshot_file_read(&snapshot->file, ret_changes, sizeof(*ret_changes),
				  offsetof(struct recording_header, mapping_changes));
}

/* All records, with memory to free. */
static int
read_records(const struct snapshot *snapshot, struct recording_mapping **ret_records,
	     uint32_t *ret_count)
{
	struct recording_mapping *records = NULL;
	struct snapshot_extent extent = {0};
	uint64_t before = 1, after = 0;
	int result = 0;

	for (unsigned i = 0; i < TRIES && result == 0 && (before != after || before % 2 != 0);
	     i++) {
		result = read_changes(snapshot, &before);
		if (result == 0)
			result = snapshot_file_read_extent(&snapshot->file, SECTION_MAPPINGS,
							   sizeof(*records), RECORDS_MAX, &extent);
		if (result != 0)
			break;
		records = xreallocarray(records, (size_t)extent.count + 1, sizeof(*records));
		result = snapshot_file_read(&snapshot->file, records,
					    extent.count * sizeof(*records), extent.offset);
		if (result == 0)
			result = read_changes(snapshot, &after);
	}
	*ret_records = records;
	*ret_count = extent.count;
	return result;
}

/* Sites are told of by their numbers; those of before a clearing are nobody's. */
static void
insert(const struct snapshot *snapshot, const struct recording_mapping *record,
       struct memory *memory)
{
	const struct profile *profile = snapshot->profile;
	uint64_t end =
		memory->owned.count == 0 ? 0 : memory->owned.items[memory->owned.count - 1].end;

	if (record->start >= record->end || record->start < end ||
	    record->start % MEMORY_PAGE_BYTES != 0 || record->end % MEMORY_PAGE_BYTES != 0 ||
	    record->site < snapshot->file.header.control.site_base)
		return;
	*array_push(&memory->owned) = (struct memory_owned){
		.start = record->start,
		.end = record->end,
		.site = record->site <= profile->site_count ? record->site : 0,
	};
}

bool
snapshot_notes_mappings(const struct snapshot *snapshot)
{
	return snapshot->file.header.mappings != RECORDING_MAPPINGS_OFF;
}

int
snapshot_read_mappings(const struct snapshot *snapshot, struct memory *memory)
{
	const struct recording_header *header = &snapshot->file.header;
	struct recording_mapping *records;
	uint32_t count;
	int result;

	memory->knows_owned = snapshot_notes_mappings(snapshot);
	memory->misses_owned = header->mappings == RECORDING_MAPPINGS_PARTLY;
	memory->lost_owned = header->lost_mappings;
	if (!memory->knows_owned)
		return 0;
	result = read_records(snapshot, &records, &count);
	/* The highest comes first. */
	for (uint32_t i = count; result == 0 && i > 0; i--)
		insert(snapshot, &records[i - 1], memory);
	free(records);
	return result;
}
