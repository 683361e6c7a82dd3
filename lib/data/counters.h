/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * counters.h - what every site has allocated and freed, and the exact peak
 *
 * Each thread writes to a shard: its own lines, so that no two threads fight over one. The reader
 * adds the shards up. Shard 0 is shared by all threads for which there was no other; there every
 * update is a locked instruction.
 *
 *     site 1000 --> chunk 3, slot 232          shard 1      shard 2
 *     chunks[shard][3] ------------------->  +--------+   +--------+
 *                                            | 64 B   |   | (none) |
 *
 * Live and peak. With one thread the live size is exact at every event. From the second thread on
 * (`batch_bytes` is not 0) a shard keeps its change to itself until it exceeds the batch, so the
 * peak may be off by one batch a shard; the reader prints the bound.
 *
 * A counter is changed by one instruction (`arch_add`), so a signal handler that
 * allocates on the same thread loses nothing.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include "base/base.h"
#include "recording/recording_map.h"

/*
 * Add to a counter. `shared` tells whether other threads write there, too. Alone, one instruction
 * without a lock does: a signal handler cannot come in between. [hot] [signal]
 */
static ALWAYS_INLINE void
counter_add(uint64_t *counter, uint64_t value, bool shared)
{
	if (unlikely(shared))
		fetch_add(counter, value);
	else
		arch_add(counter, value);
}

/* From the second thread on. Small enough that the bound hardly shows, large enough that a thread
 * flushes every few hundred events at most. */
#define BATCH_BYTES  16384

#define SHARD_SHARED 0u
#define SHARD_FIRST  1u /* of the first thread */

/* Where a thread counts. */
struct counting {
	struct recording_shard *shard;
	struct recording_counters **chunks; /* by site / SITES_PER_CHUNK; NULL not touched yet */
	uint32_t index;
	bool shared; /* others write here, too */
};

/* Attach to a shard. False when memory is out. [signal] */
bool counters_attach(uint32_t shard, struct counting *ret_counting);

/* Make the lines of the fixed sites present, so that counting there needs no lock. [signal] */
void counters_prepare(struct counting *c);

/* Start with empty shards, in the constructor and in a forked child. */
void counters_reset(void);

/* One block of `bytes`, with `rounding` more usable, was made at site. [hot] */
void counters_allocate(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding);

/* One was made that nobody will be seen to free: it counts in the totals, as freed at once, and as
 * lost; it is neither live nor part of a peak. [signal] */
void counters_lose(struct counting *c, uint32_t site, uint64_t bytes);

/* One was freed. [hot] */
void counters_free(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding,
		   bool temporary);

/* One became another: a free and an allocation in the totals, one change of the live size. [hot] */
void counters_reallocate(struct counting *c, uint32_t old_site, uint64_t old_bytes,
			 uint64_t old_rounding, uint32_t site, uint64_t bytes, uint64_t rounding);

/* A block of a site that was just counted as freed had lived so long (units of recording.h). Only
 * with the option `blocks`. [signal] */
void counters_note_lifetime(struct counting *c, uint32_t site, uint64_t units);

/* What is live now, forgotten blocks included; exact with one thread. [signal] */
int64_t counters_live(void);

/* What is counted since the last clearing. */
struct counters_sum {
	int64_t live_bytes, peak_bytes;
	int64_t live_blocks;
};

/* Blocks only if asked for: they are added up over all sites. [signal] */
void counters_get_sum(struct counters_sum *ret_sum, bool with_blocks);

/* The peak is what is live now. [signal] */
void counters_reset_peak(void);

/* Count from zero: for after `trace_table_forget_sites`. An event that another thread is counting
 * meanwhile stays in the totals, and at no site: at most one a thread. [signal] */
void counters_forget_sites(void);

/* There is a second thread now: stop relying on being alone. [signal] */
void counters_share(void);

#endif
