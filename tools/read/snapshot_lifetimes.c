/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_lifetimes.c - add up how long the freed blocks of each site lived
 *
 * The chunks of lifetimes have the numbers of the chunks of counters, and are found through the
 * same rows. One row is added up at a time, and of its histograms only what is not zero is kept.
 */
#include "config.h"
#include "read/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "read/snapshot_private.h"
#include "util/array.h"
#include "util/xalloc.h"

_Static_assert(LIFETIME_BUCKETS == BLOCK_BUCKETS, "histograms are taken as they are");
_Static_assert(RECORDING_TIME_SHIFT == BLOCK_TIME_SHIFT, "times are taken as they are");

struct reading {
	const struct snapshot *snapshot;
	struct recording_extent extent;
	uint8_t *seen; /* a bit for each chunk: none is read twice, whatever the rows say */
	struct recording_lifetimes *row, *chunk; /* [SITES_PER_CHUNK] */
	struct block_set *set;
	ARRAY(struct block_bucket) buckets;
};

static int
add_chunk(struct reading *reading, uint32_t number)
{
	const size_t bytes = SITES_PER_CHUNK * sizeof(*reading->chunk);
	const uint64_t start = reading->extent.offset + number * bytes;
	const uint64_t file_bytes = reading->snapshot->file.bytes;
	size_t there = bytes;
	int result;

	if (number >= reading->extent.count || (reading->seen[number / 8] >> number % 8 & 1) != 0)
		return -EBADMSG;
	reading->seen[number / 8] |= (uint8_t)(1u << number % 8);
	/* The rest of a file that was cut reads as zeros, as a hole does. */
	if (start >= file_bytes)
		return 0;
	if (there > file_bytes - start)
		there = (size_t)(file_bytes - start);
	memset((char *)reading->chunk + there, 0, bytes - there);
	result = snapshot_file_read(&reading->snapshot->file, reading->chunk, there, start);
	for (uint32_t i = 0; result == 0 && i < SITES_PER_CHUNK; i++) {
		for (uint32_t k = 0; k < LIFETIME_BUCKETS; k++)
			reading->row[i].freed[k] += reading->chunk[i].freed[k];
		reading->row[i].sum += reading->chunk[i].sum;
	}
	return result;
}

static void
keep_site(struct reading *reading, uint32_t site, const struct recording_lifetimes *lifetimes)
{
	struct block_lifetimes *kept = &reading->set->lifetimes[site];

	kept->first = (uint32_t)reading->buckets.count;
	kept->sum = lifetimes->sum;
	for (uint32_t i = 0; i < LIFETIME_BUCKETS; i++) {
		if (lifetimes->freed[i] == 0 || reading->buckets.count == UINT32_MAX)
			continue;
		*array_push(&reading->buckets) = (struct block_bucket){
			.blocks = lifetimes->freed[i] & (((uint64_t)1 << 58) - 1),
			.bucket = i & 63,
		};
		kept->count++;
	}
}

static int
read_row(struct reading *reading, uint32_t row)
{
	const struct snapshot *snapshot = reading->snapshot;
	uint32_t numbers[SHARDS_MAX];
	int result = snapshot_file_read_row(&snapshot->file, row, numbers);

	memset(reading->row, 0, SITES_PER_CHUNK * sizeof(*reading->row));
	for (uint32_t shard = 0; shard < SHARDS_MAX && result == 0; shard++)
		/* What was made after the extent was read can wait. */
		if (numbers[shard] != 0 && numbers[shard] <= reading->extent.count)
			result = add_chunk(reading, numbers[shard] - 1);
	for (uint32_t i = 0; i < SITES_PER_CHUNK && result == 0; i++) {
		uint32_t site = row * SITES_PER_CHUNK + i;

		if (site != SITE_NONE && site >= snapshot->file.header.control.site_base &&
		    site <= reading->set->lifetimes_count)
			keep_site(reading, site - 1, &reading->row[i]);
	}
	return result;
}

static int
check_extent(struct reading *reading)
{
	const struct recording_extent *extent =
		&reading->snapshot->file.header.sections[SECTION_LIFETIMES];
	const size_t bytes = SITES_PER_CHUNK * sizeof(*reading->chunk);

	if (extent->count > extent->capacity || extent->count > SNAPSHOT_RECORDS_MAX ||
	    (extent->count != 0 && extent->record_bytes != bytes) ||
	    extent->offset > INT64_MAX - SNAPSHOT_RECORDS_MAX * bytes)
		return -EBADMSG;
	reading->extent = *extent;
	return 0;
}

int
snapshot_update_lifetimes(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;
	struct block_set *set = &profile->blocks;
	struct reading reading = {.snapshot = snapshot, .set = set};
	int result = check_extent(&reading);

	free(set->lifetimes);
	free(set->buckets);
	set->lifetimes = NULL;
	set->buckets = NULL;
	set->lifetimes_count = 0;
	set->bucket_count = 0;
	if (result != 0 || reading.extent.count == 0)
		return result;
	set->lifetimes_count = profile->site_count;
	set->lifetimes = xcalloc(profile->site_count, sizeof(*set->lifetimes));
	reading.seen = xcalloc(reading.extent.count / 8 + 1, 1);
	reading.row = xcalloc(SITES_PER_CHUNK, sizeof(*reading.row));
	reading.chunk = xcalloc(SITES_PER_CHUNK, sizeof(*reading.chunk));
	for (uint32_t row = 0; result == 0 && row <= profile->site_count / SITES_PER_CHUNK; row++)
		result = read_row(&reading, row);
	set->buckets = reading.buckets.items;
	set->bucket_count = reading.buckets.count;
	free(reading.seen);
	free(reading.row);
	free(reading.chunk);
	return result;
}
