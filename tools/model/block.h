/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * block.h - single blocks: where they are, since when, and how long others lived
 *
 * Only recordings made with the option `blocks` know of single blocks. Those that lived at the last
 * moment of a profile are an array in ascending order of their addresses, 32 bytes each, so that
 * ten million of them are 320 MB. Sites are indices in `profile.sites`.
 *
 * Of blocks that were freed a histogram of their lifetimes is left for each site. Most sites fill
 * few of its buckets, so only those that are not empty are kept.
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_TIME_SHIFT 10 /* from nanoseconds to the units of birth, death and lifetimes */
#define BLOCK_BUCKETS    47 /* b > 0 holds lifetimes of 2^(b-1) up to 2^b units, 0 those below 1 */

struct block {
	uint64_t address;
	uint64_t bytes;       /* requested */
	uint64_t birth : 42;  /* since the start of the process */
	uint64_t thread : 22; /* that made it */
	uint32_t site;
	uint32_t rounding; /* usable minus requested bytes */
};

_Static_assert(sizeof(struct block) == 32, "ten million are 320 MB");

/* A block that is no more. */
struct block_freed {
	struct block block;
	uint64_t death : 42;
	uint64_t thread : 22; /* that freed it */
};

/* The blocks of one site that were freed. */
struct block_lifetimes {
	uint64_t sum;          /* of their lifetimes */
	uint32_t first, count; /* in `buckets`; ascending */
};

struct block_bucket {
	uint64_t blocks : 58;
	uint64_t bucket : 6;
};

struct block_set {
	bool recorded; /* the option was on */
	bool is_read;  /* `blocks` are those of the recording or the file */
	struct block *blocks;
	size_t count;
	struct block_freed *freed; /* those that held a certain address, the latest first */
	size_t freed_count;
	uint64_t missing; /* that live, but have no record */

	struct block_lifetimes *lifetimes; /* by site, or NULL */
	uint32_t lifetimes_count;          /* sites */
	struct block_bucket *buckets;
	size_t bucket_count;
};

/* Lifetimes of several sites, added up. */
struct block_histogram {
	uint64_t blocks, sum;
	uint64_t freed[BLOCK_BUCKETS];
};

void block_set_release(struct block_set *set);

/* Forget the blocks, but not the lifetimes. */
void block_set_drop(struct block_set *set);

/* Whether order, sites and buckets are what this header says. */
bool block_set_is_valid(const struct block_set *set, uint32_t site_count);

static inline uint64_t
block_get_usable(const struct block *block)
{
	return block->bytes + block->rounding;
}

/* Whether address is in the block; one of 0 bytes has its first. */
static inline bool
block_holds(const struct block *block, uint64_t address)
{
	uint64_t usable = block_get_usable(block);

	return address - block->address < (usable != 0 ? usable : 1);
}

/* At a time since the start of the process. */
uint64_t block_get_age_ns(const struct block *block, uint64_t now_ns);

/* The last block that begins at or below address; NULL if there is none. */
const struct block *block_find(const struct block_set *set, uint64_t address);

/*
 * How many marks it has survived: 0 when born since the last one, 1, or 2 for two and more. times
 * are those of the marks, in nanoseconds, ascending.
 */
unsigned block_get_generation(const struct block *block, const uint64_t *times, size_t count);

#define BLOCK_GENERATIONS 3

/* Add the lifetimes of one site. */
void block_histogram_add(struct block_histogram *histogram, const struct block_set *set,
			 uint32_t site);

/* Add those of another histogram. */
void block_histogram_merge(struct block_histogram *histogram, const struct block_histogram *other);

/* The bounds of a bucket in nanoseconds; the last one has no upper bound: UINT64_MAX. */
uint64_t block_bucket_from_ns(unsigned bucket);
uint64_t block_bucket_to_ns(unsigned bucket);

/* The mean lifetime in nanoseconds; 0 without blocks. */
uint64_t block_histogram_mean_ns(const struct block_histogram *histogram);

#endif
