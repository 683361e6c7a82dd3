/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_counters.c - add up the counters of all shards of a recording
 */
#include "config.h"
#include "read/snapshot_private.h"

#include <errno.h>
#include <string.h>

#include "model/profile.h"
#include "util/wrap.h"

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

/* Add the counters of one chunk; `first` is the recording's number of its first site. */
static int
add_chunk(const struct snapshot *snapshot, uint32_t chunk, uint32_t first,
	  struct profile_moment *moment)
{
	const struct recording_extent *extent = &snapshot->header.sections[SECTION_COUNTERS];
	struct recording_counters counters[SITES_PER_CHUNK];
	uint64_t place;
	int result;

	if (extent->record_bytes != sizeof(counters) || chunk >= extent->capacity ||
	    __builtin_add_overflow(extent->offset, (uint64_t)chunk * sizeof(counters), &place) ||
	    place >= snapshot->file_bytes)
		return -EBADMSG;
	result = snapshot_read_exactly(snapshot, counters, sizeof(counters), place);
	if (result != 0)
		return result;
	for (uint32_t i = 0; i < SITES_PER_CHUNK; i++) {
		uint32_t site = first + i;

		/* What was cleared counts no more. */
		if (site != SITE_NONE && site >= snapshot->header.control.site_base &&
		    site <= moment->site_count)
			add_counters(&moment->values[site - 1], &counters[i],
				     &snapshot->header.control);
	}
	return 0;
}

int
snapshot_read_row(const struct snapshot *snapshot, uint32_t row, uint32_t *numbers)
{
	const struct recording_extent *extent = &snapshot->header.sections[SECTION_CHUNKS];
	const size_t row_bytes = SHARDS_MAX * sizeof(numbers[0]);
	uint64_t capacity_bytes, place;

	if (__builtin_mul_overflow(extent->capacity, extent->record_bytes, &capacity_bytes) ||
	    ((uint64_t)row + 1) * row_bytes > capacity_bytes ||
	    __builtin_add_overflow(extent->offset, row * row_bytes, &place) ||
	    place >= snapshot->file_bytes)
		return -EBADMSG;
	return snapshot_read_exactly(snapshot, numbers, row_bytes, place);
}

static int
add_all_shards(const struct snapshot *snapshot, struct profile_moment *moment)
{
	uint32_t row_count = moment->site_count / SITES_PER_CHUNK + 1;

	for (uint32_t row = 0; row < row_count; row++) {
		uint32_t numbers[SHARDS_MAX];
		int result = snapshot_read_row(snapshot, row, numbers);

		for (uint32_t shard = 0; shard < SHARDS_MAX && result == 0; shard++)
			if (numbers[shard] != 0)
				result = add_chunk(snapshot, numbers[shard] - 1,
						   row * SITES_PER_CHUNK, moment);
		if (result != 0)
			return result;
	}
	return 0;
}

static int
read_control(const struct snapshot *snapshot, struct recording_control *control)
{
	return snapshot_read_exactly(snapshot, control, sizeof(*control),
				     offsetof(struct recording_header, control));
}

int
snapshot_read_counters(struct snapshot *snapshot, struct profile_moment *moment)
{
	struct recording_control *control = &snapshot->header.control;
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
