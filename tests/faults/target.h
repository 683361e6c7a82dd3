/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * target.h - what the fault targets share: counted allocation, distinct stacks, the report
 *
 * A target does by itself what a tracer is to observe, counts it in a `struct tally`, and writes
 * the sums to the file named by FAULTS_REPORT, as lines of `key value`. The report also has the
 * open descriptors and the number of threads, so that the scorecard can compare them with a bare
 * run. Targets that are killed count in a file mapped from FAULTS_SHARED instead, which outlives
 * them.
 *
 * Nothing here allocates but the functions whose name says so, and nothing uses stdio.
 */
#ifndef FAULTS_TARGET_H
#define FAULTS_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* One cache line and one writer each. A realloc is one freed and one new block. */
struct tally {
	uint64_t allocs;
	uint64_t bytes;
	uint64_t frees;
	uint64_t freed_bytes;
	uint64_t begun; /* operations entered; at most one ahead of those counted above */
	uint64_t spare[3];
} __attribute__((aligned(64)));

static inline void *
tally_block(struct tally *tally, void *block, size_t bytes)
{
	if (block != NULL) {
		tally->allocs++;
		tally->bytes += bytes;
	}
	return block;
}

static inline void *
tally_malloc(struct tally *tally, size_t bytes)
{
	return tally_block(tally, malloc(bytes), bytes);
}

static inline void
tally_free(struct tally *tally, void *block, size_t bytes)
{
	free(block);
	if (block != NULL) {
		tally->frees++;
		tally->freed_bytes += bytes;
	}
}

static inline void *
tally_realloc(struct tally *tally, void *block, size_t old_bytes, size_t bytes)
{
	void *moved = realloc(block, bytes);

	if (moved != NULL && block != NULL) {
		tally->frees++;
		tally->freed_bytes += old_bytes;
	}
	return tally_block(tally, moved, bytes);
}

/* Add all of other to tally. */
void tally_add(struct tally *tally, const struct tally *other);

/* malloc from one of 2^depth call stacks, chosen by the low bits of path. */
void *tally_malloc_at(struct tally *tally, size_t bytes, unsigned path, unsigned depth);

/* xorshift: the same sequence in every run. state must not be 0. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The tallies in the file FAULTS_SHARED, or in anonymous memory. Zeroed. */
struct tally *target_shared(unsigned count);

/* Write the report; sum may be NULL. */
void target_report(const struct tally *sum);

/* One more line for the report; call before `target_report`. key must stay valid. */
void target_note(const char *key, uint64_t value);

/* printf to standard output by write(2), at most 1000 bytes. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* argv[index] as a number, or fallback. */
long target_argument(int argc, char **argv, int index, long fallback);

/* The value of a line "name:  N" in a file of /proc, or 0. */
uint64_t target_proc(const char *path, const char *name);

/* Lines of a file. */
uint64_t target_lines(const char *path);

#endif
