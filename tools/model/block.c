/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/block.h"

#include <stdlib.h>
#include <string.h>

void
block_set_drop(struct block_set *set)
{
	free(set->blocks);
	free(set->freed);
	set->blocks = NULL;
	set->freed = NULL;
	set->count = set->freed_count = 0;
	set->is_read = false;
}

void
block_set_release(struct block_set *set)
{
	block_set_drop(set);
	free(set->lifetimes);
	free(set->buckets);
	memset(set, 0, sizeof(*set));
}

static bool
lifetimes_are_valid(const struct block_set *set, uint32_t site_count)
{
	if (set->lifetimes_count > site_count)
		return false;
	for (uint32_t i = 0; i < set->lifetimes_count; i++) {
		const struct block_lifetimes *lifetimes = &set->lifetimes[i];

		if (lifetimes->first > set->bucket_count ||
		    lifetimes->count > set->bucket_count - lifetimes->first)
			return false;
	}
	for (size_t i = 0; i < set->bucket_count; i++)
		if (set->buckets[i].bucket >= BLOCK_BUCKETS)
			return false;
	return true;
}

bool
block_set_is_valid(const struct block_set *set, uint32_t site_count)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct block *block = &set->blocks[i];

		if (block->site >= site_count ||
		    (i != 0 && block->address <= set->blocks[i - 1].address))
			return false;
	}
	for (size_t i = 0; i < set->freed_count; i++)
		if (set->freed[i].block.site >= site_count)
			return false;
	return lifetimes_are_valid(set, site_count);
}

uint64_t
block_get_age_ns(const struct block *block, uint64_t now_ns)
{
	uint64_t birth_ns = (uint64_t)block->birth << BLOCK_TIME_SHIFT;

	/* A hair after the moment, when the process went on meanwhile. */
	return birth_ns < now_ns ? now_ns - birth_ns : 0;
}

const struct block *
block_find(const struct block_set *set, uint64_t address)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->blocks[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 ? &set->blocks[low - 1] : NULL;
}

unsigned
block_get_generation(const struct block *block, const uint64_t *times, size_t count)
{
	uint64_t birth_ns = (uint64_t)block->birth << BLOCK_TIME_SHIFT;
	unsigned survived = 0;

	while (survived < BLOCK_GENERATIONS - 1 && survived < count &&
	       birth_ns <= times[count - 1 - survived])
		survived++;
	return survived;
}

void
block_histogram_add(struct block_histogram *histogram, const struct block_set *set, uint32_t site)
{
	const struct block_lifetimes *lifetimes;

	if (site >= set->lifetimes_count)
		return;
	lifetimes = &set->lifetimes[site];
	histogram->sum += lifetimes->sum;
	for (uint32_t i = 0; i < lifetimes->count; i++) {
		const struct block_bucket *bucket = &set->buckets[lifetimes->first + i];

		histogram->freed[bucket->bucket] += bucket->blocks;
		histogram->blocks += bucket->blocks;
	}
}

void
block_histogram_merge(struct block_histogram *histogram, const struct block_histogram *other)
{
	histogram->blocks += other->blocks;
	histogram->sum += other->sum;
	for (unsigned i = 0; i < BLOCK_BUCKETS; i++)
		histogram->freed[i] += other->freed[i];
}

uint64_t
block_bucket_from_ns(unsigned bucket)
{
	return bucket == 0 ? 0 : (uint64_t)1 << (bucket - 1 + BLOCK_TIME_SHIFT);
}

uint64_t
block_bucket_to_ns(unsigned bucket)
{
	return bucket == BLOCK_BUCKETS - 1 ? UINT64_MAX
					   : (uint64_t)1 << (bucket + BLOCK_TIME_SHIFT);
}

uint64_t
block_histogram_mean_ns(const struct block_histogram *histogram)
{
	double mean;

	if (histogram->blocks == 0)
		return 0;
	mean = (double)histogram->sum / (double)histogram->blocks * (1 << BLOCK_TIME_SHIFT);
	return mean < 1e18 ? (uint64_t)mean : (uint64_t)1e18;
}
