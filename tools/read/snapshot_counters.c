/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_counters.c - add up the counters of all shards of a recording
 */
#include "config.h"
#include "read/snapshot_private.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "util/wrap.h"
#include "util/xalloc.h"

/* How often the counters are read again when a new peak came in between. */
enum {
	PEAK_TRIES = 3
};

static void
add_counters(struct profile_values *values, const struct recording_counters *counters,
	     const struct recording_control *control)
{
	uint64_t live_bytes = counters->total_bytes - counters->freed_bytes;
	uint64_t live_blocks = counters->total_blocks - counters->freed_blocks;
	bool saved = !control->rising && counters->epoch == control->epoch;

	values->total_bytes += counters->total_bytes;
	values->total_blocks += counters->total_blocks;
	values->freed_bytes += counters->freed_bytes;
	values->freed_blocks += counters->freed_blocks;
	values->temporary_blocks += counters->temporary_blocks;
	values->live_bytes = wrap_add(values->live_bytes, (int64_t)live_bytes);
	values->live_blocks = wrap_add(values->live_blocks, (int64_t)live_blocks);
	values->rounding_bytes = wrap_add(values->rounding_bytes, counters->rounding_bytes);
	values->peak_bytes =
		wrap_add(values->peak_bytes, saved ? counters->peak_bytes : (int64_t)live_bytes);
	values->peak_blocks =
		wrap_add(values->peak_blocks, saved ? counters->peak_blocks : (int64_t)live_blocks);
}

struct reading {
	const struct snapshot *snapshot;
	struct profile_moment *moment;
	uint64_t chunk_count; /* that the file has room for */
	uint8_t *seen;        /* a bit for each chunk: none is read twice, whatever the rows say */
};

/* Add the counters of one chunk; `first` is the recording's number of its first site. */
static int
add_chunk(struct reading *reading, uint32_t chunk, uint32_t first)
{
	const struct snapshot *snapshot = reading->snapshot;
	struct profile_moment *moment = reading->moment;
	const struct recording_extent *extent = &snapshot->file.header.sections[SECTION_COUNTERS];
	struct recording_counters counters[SITES_PER_CHUNK];
	uint64_t place;
	int result;

	if (chunk >= reading->chunk_count || (reading->seen[chunk / 8] >> chunk % 8 & 1) != 0)
		return -EBADMSG;
	reading->seen[chunk / 8] |= (uint8_t)(1u << chunk % 8);
	place = extent->offset + (uint64_t)chunk * sizeof(counters);
	result = snapshot_file_read(&snapshot->file, counters, sizeof(counters), place);
	if (result != 0)
		return result;
	for (uint32_t i = 0; i < SITES_PER_CHUNK; i++) {
		uint32_t site = first + i;

		/* What was cleared counts no more. */
		if (site != SITE_NONE && site >= snapshot->file.header.control.site_base &&
		    site <= moment->site_count)
			add_counters(&moment->values[site - 1], &counters[i],
				     &snapshot->file.header.control);
	}
	return 0;
}

static int
add_rows(struct reading *reading)
{
	uint32_t row_count = reading->moment->site_count / SITES_PER_CHUNK + 1;

	for (uint32_t row = 0; row < row_count; row++) {
		uint32_t numbers[SHARDS_MAX];
		int result = snapshot_file_read_row(&reading->snapshot->file, row, numbers);

		for (uint32_t shard = 0; shard < SHARDS_MAX && result == 0; shard++)
			if (numbers[shard] != 0)
				result = add_chunk(reading, numbers[shard] - 1,
						   row * SITES_PER_CHUNK);
		if (result != 0)
			return result;
	}
	return 0;
}

/* The bits of what was seen are touched only where there is a chunk: a sparse file costs nothing.
 */
static int
add_all_shards(const struct snapshot *snapshot, struct profile_moment *moment)
{
	const struct recording_extent *extent = &snapshot->file.header.sections[SECTION_COUNTERS];
	const size_t chunk_bytes = SITES_PER_CHUNK * sizeof(struct recording_counters);
	struct reading reading = {.snapshot = snapshot, .moment = moment};
	int result;

	if (extent->record_bytes == chunk_bytes && extent->offset <= snapshot->file.bytes)
		reading.chunk_count = (snapshot->file.bytes - extent->offset) / chunk_bytes;
	if (reading.chunk_count > extent->capacity)
		reading.chunk_count = extent->capacity;
	if (reading.chunk_count > SNAPSHOT_RECORDS_MAX)
		reading.chunk_count = SNAPSHOT_RECORDS_MAX;
	reading.seen = xcalloc(reading.chunk_count / 8 + 1, 1);
	result = add_rows(&reading);
	free(reading.seen);
	return result;
}

static int
read_control(const struct snapshot *snapshot, struct recording_control *control)
{
	return snapshot_file_read(&snapshot->file, control, sizeof(*control),
				  offsetof(struct recording_header, control));
}

int
snapshot_read_counters(struct snapshot *snapshot, struct profile_moment *moment)
{
	struct recording_control *control = &snapshot->file.header.control;
	struct recording_control after;
	int result = 0;

	for (int tries = 0; tries < PEAK_TRIES && result == 0; tries++) {
		memset(moment->values, 0, moment->site_count * sizeof(*moment->values));
		result = add_all_shards(snapshot, moment);
		if (result == 0)
			result = read_control(snapshot, &after);
		if (result != 0 ||
		    (after.epoch == control->epoch && after.rising == control->rising))
			break;
		*control = after;
	}
	moment->peak_time_ns = control->peak_ns;
	return result;
}
