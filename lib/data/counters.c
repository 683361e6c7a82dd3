/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * counters.c - what every site has allocated and freed, and the exact peak
 *
 * Budget of an event: the control line, the shard's line, one line of the site.
 */
#include "data/counters.h"

#include "memory/arena.h"
#include "base/lock.h"
#include "base/os.h"

static struct lock chunk_lock;
static struct recording_counters **chunk_maps[SHARDS_MAX];
static uint64_t chunk_map_entries; /* that each of them has */

/* Counts what could not be counted at a site; nobody reads it. */
static struct recording_counters lost;

bool
counters_attach(uint32_t shard, struct counting *ret_counting)
{
	if (chunk_maps[shard] == NULL) {
		chunk_maps[shard] = arena_allocate(chunk_map_entries * sizeof(void *), false);
		if (chunk_maps[shard] == NULL)
			return false;
		arena_add_bytes(PAGE_BYTES);
	}
	ret_counting->shard = &recording.shards[shard];
	ret_counting->chunks = chunk_maps[shard];
	ret_counting->index = shard;
	ret_counting->shared = shard == SHARD_SHARED;
	return true;
}

void
counters_reset(void)
{
	uint64_t entries = recording.header->sections[SECTION_SITES].capacity / SITES_PER_CHUNK;

	/* A forked child has its parent's, to which an interrupted call may have added. */
	for (uint32_t i = 0; i < SHARDS_MAX; i++) {
		if (entries > chunk_map_entries ||
		    (chunk_maps[i] != NULL &&
		     !arena_wipe(chunk_maps[i], chunk_map_entries * sizeof(void *))))
			chunk_maps[i] = NULL;
	}
	if (entries > chunk_map_entries)
		chunk_map_entries = entries;
}

static struct recording_counters *
new_chunk(uint32_t shard, uint32_t chunk)
{
	struct recording_extent *sections = recording.header->sections;
	uint64_t record = sections[SECTION_COUNTERS].count;
	uint64_t entry = (uint64_t)chunk * SHARDS_MAX + shard;

	if (!recording_reserve(SECTION_CHUNKS, entry + 1) ||
	    !recording_reserve(SECTION_COUNTERS, record + 1))
		return NULL;
	if (sections[SECTION_LIFETIMES].capacity != 0) {
		if (!recording_reserve(SECTION_LIFETIMES, record + 1))
			return NULL;
		store(&sections[SECTION_LIFETIMES].count, record + 1);
	}
	/* Counted first: a handler that leaves in between must not leave it to two entries. */
	store_release(&sections[SECTION_COUNTERS].count, record + 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	store_release(&recording.chunks[entry], (uint32_t)record + 1);
	if (sections[SECTION_CHUNKS].count < entry + 1)
		store_release(&sections[SECTION_CHUNKS].count, entry + 1);
	return recording.counters + record * SITES_PER_CHUNK;
}

static struct recording_counters *
unknown_counters(struct counting *c)
{
	uint32_t site = recording_fixed_site(FIXED_SITE_UNKNOWN);
	struct recording_counters *chunk = c->chunks[site / SITES_PER_CHUNK];

	return chunk != NULL ? &chunk[site % SITES_PER_CHUNK] : &lost;
}

/* The first event of this shard among these sites. Without room for them the unknown site's line
 * takes the count; that one is there from the start. */
static COLD struct recording_counters *
first_touch(struct counting *c, uint32_t site)
{
	uint32_t chunk = site / SITES_PER_CHUNK;
	struct recording_counters *counters = NULL;

	if (lock_take(&chunk_lock)) {
		counters = c->chunks[chunk];
		if (counters == NULL)
			counters = new_chunk(c->index, chunk);
		if (counters != NULL)
			store_release(&c->chunks[chunk], counters);
		lock_drop(&chunk_lock);
	}
	if (counters != NULL)
		return &counters[site % SITES_PER_CHUNK];
	recording_note(TROUBLE_FULL);
	counter_add(&c->shard->dropped, 1, c->shared);
	return unknown_counters(c);
}

static inline struct recording_counters *
counters_of(struct counting *c, uint32_t site)
{
	struct recording_counters *chunk = load_acquire(&c->chunks[site / SITES_PER_CHUNK]);

	return likely(chunk != NULL) ? &chunk[site % SITES_PER_CHUNK] : first_touch(c, site);
}

void
counters_prepare(struct counting *c)
{
	for (uint32_t i = 0; i < FIXED_SITES; i++)
		counters_of(c, recording_fixed_site(i));
}

static COLD void
note_peak_time(struct recording_control *control, int64_t live)
{
	/* What a clearing forgot is no part of the heap that the reports show. */
	int64_t offset = load(&control->live_offset);
	uint64_t shown = live > offset ? (uint64_t)(live - offset) : 0;

	store(&control->peak_ns, os_monotonic_ns() - recording.header->start_monotonic_ns);
	/* One more at least, or a small heap would ask at every event. */
	store(&control->peak_step, (uint64_t)live + (shown >> PEAK_TIME_SHIFT) + 1);
}

static inline void
note_maximum(struct recording_control *control, int64_t live)
{
	if (unlikely((uint64_t)live >= load(&control->peak_step)))
		note_peak_time(control, live);
}

/* `epoch` and `rising` as one number: the first is the lower half. */
typedef uint64_t __attribute__((may_alias)) epoch_and_rising;

_Static_assert(offsetof(struct recording_control, rising) ==
			       offsetof(struct recording_control, epoch) + 4 &&
		       offsetof(struct recording_control, epoch) % 8 == 0,
	       "epoch and rising change as one");

#define RISING       ((uint64_t)1 << 32)
#define EPOCHS_AHEAD (1u << 16)

/*
 * Any event that makes no new maximum ends the rise; only then are the saved values needed. Each
 * rise is ended once, whoever does it: an epoch that is put back, or is one too many, would take
 * live values for saved ones or saved ones for live.
 */
static inline void
end_rise(struct recording_control *control)
{
	epoch_and_rising *both = (epoch_and_rising *)&control->epoch;
	uint64_t now = load(both);

	while (now >= RISING && !__atomic_compare_exchange_n(both, &now, (uint32_t)(now + 1), true,
							     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* A maximum was just stored. When others have made a greater one meanwhile, and perhaps ended that
 * rise, it is no longer ours to begin one. */
static inline void
begin_rise(struct recording_control *control, int64_t live)
{
	epoch_and_rising *both = (epoch_and_rising *)&control->epoch;
	uint64_t now = load_acquire(both);

	while (load_acquire(&control->peak_bytes) == live &&
	       !__atomic_compare_exchange_n(both, &now, now | RISING, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
}

/* As `end_rise` while there is one thread; returns the epoch. The exchange takes no lock: that it
 * is one instruction is enough, should a second thread come to life just now. */
static ALWAYS_INLINE uint32_t
end_rise_alone(struct recording_control *control)
{
	epoch_and_rising *both = (epoch_and_rising *)&control->epoch;
	uint64_t now = load(both);

	if (!arch_has_bit(now, 32))
		return (uint32_t)now;
	arch_exchange_alone(both, now, (uint64_t)(uint32_t)(now + 1));
	return load(&control->epoch);
}

/*
 * More than one thread: give the shard's change to the common sum, where the peak is watched. A
 * maximum that two threads find at once is settled by the comparison. Returns the epoch that the
 * event belongs to: that of a new maximum is what it was before, for another thread may end the
 * rise before this one has counted what made it.
 */
static COLD uint32_t
flush(struct counting *c)
{
	uint32_t before = load(&recording.control->epoch);
	struct recording_control *control = recording.control;
	int64_t pending = __atomic_exchange_n(&c->shard->pending_bytes, 0, __ATOMIC_RELAXED);
	int64_t live = fetch_add(&control->live_bytes, pending) + pending;
	/* The first thread kept its change to itself while it was alone, and may not run again. */
	int64_t first =
		c->index != SHARD_FIRST ? load(&recording.shards[SHARD_FIRST].pending_bytes) : 0;
	int64_t peak = load(&control->peak_bytes);

	live += first;
	while (live > peak) {
		if (__atomic_compare_exchange_n(&control->peak_bytes, &peak, live, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			begin_rise(control, live);
			note_maximum(control, live);
			return before;
		}
	}
	end_rise(control);
	return load(&control->epoch);
}

/* Change the live size, before the site's counters change: the epoch is decided here. */
static ALWAYS_INLINE uint32_t
change_live(struct counting *c, int64_t change, bool shared)
{
	struct recording_control *control = recording.control;
	uint32_t batch = load(&control->batch_bytes);

	counter_add((uint64_t *)&c->shard->pending_bytes, (uint64_t)change, shared);
	if (likely(batch == 0)) {
		int64_t live = control->live_bytes + c->shard->pending_bytes;

		/* Of equal maxima the latest counts, as in DHAT. */
		if (live < control->peak_bytes)
			return end_rise_alone(control);
		store(&control->peak_bytes, live);
		store(&control->rising, 1);
		note_maximum(control, live);
	} else {
		int64_t pending = load(&c->shard->pending_bytes);

		if (unlikely((uint64_t)(pending + batch) > 2 * (uint64_t)batch))
			return flush(c);
	}
	return load(&control->epoch);
}

/* Keep what was live here at the peak, before the first change after it. In a shard that others
 * share, another thread may be a few epochs ahead, and has kept it. */
static ALWAYS_INLINE void
enter_epoch(struct recording_counters *site, uint32_t epoch, bool shared)
{
	if (shared ? site->epoch - epoch < EPOCHS_AHEAD : site->epoch == epoch)
		return;
	site->peak_bytes = (int64_t)(site->total_bytes - site->freed_bytes);
	site->peak_blocks = (int32_t)(site->total_blocks - site->freed_blocks);
	site->epoch = epoch;
}

static ALWAYS_INLINE void
add_allocated(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding, bool shared)
{
	uint32_t epoch = change_live(c, (int64_t)bytes, shared);
	struct recording_counters *counters = counters_of(c, site);

	enter_epoch(counters, epoch, shared);
	counter_add(&counters->total_bytes, bytes, shared);
	counter_add(&counters->total_blocks, 1, shared);
	counter_add((uint64_t *)&counters->rounding_bytes, rounding, shared);
}

static COLD void
add_allocated_shared(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding)
{
	add_allocated(c, site, bytes, rounding, true);
}

/* What is shared is asked once, not at every counter. */
HOT ALWAYS_INLINE void
counters_allocate(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding)
{
	if (unlikely(c->shared))
		add_allocated_shared(c, site, bytes, rounding);
	else
		add_allocated(c, site, bytes, rounding, false);
}

COLD void
counters_lose(struct counting *c, uint32_t site, uint64_t bytes)
{
	struct recording_counters *counters = counters_of(c, site);

	counter_add(&counters->total_bytes, bytes, c->shared);
	counter_add(&counters->total_blocks, 1, c->shared);
	counter_add(&counters->freed_bytes, bytes, c->shared);
	counter_add(&counters->freed_blocks, 1, c->shared);
	counter_add(&c->shard->dropped, 1, c->shared);
}

static ALWAYS_INLINE void
add_freed(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding, bool temporary,
	  bool shared)
{
	uint32_t epoch = change_live(c, -(int64_t)bytes, shared);
	struct recording_counters *counters = counters_of(c, site);

	enter_epoch(counters, epoch, shared);
	counter_add(&counters->freed_bytes, bytes, shared);
	counter_add(&counters->freed_blocks, 1, shared);
	counter_add((uint64_t *)&counters->rounding_bytes, -rounding, shared);
	if (temporary)
		counter_add(&counters->temporary_blocks, 1, shared);
}

static COLD void
add_freed_shared(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding,
		 bool temporary)
{
	add_freed(c, site, bytes, rounding, temporary, true);
}

HOT ALWAYS_INLINE void
counters_free(struct counting *c, uint32_t site, uint64_t bytes, uint64_t rounding, bool temporary)
{
	if (unlikely(c->shared))
		add_freed_shared(c, site, bytes, rounding, temporary);
	else
		add_freed(c, site, bytes, rounding, temporary, false);
}

void
counters_reallocate(struct counting *c, uint32_t old_site, uint64_t old_bytes,
		    uint64_t old_rounding, uint32_t site, uint64_t bytes, uint64_t rounding)
{
	uint32_t epoch = change_live(c, (int64_t)bytes - (int64_t)old_bytes, c->shared);
	struct recording_counters *from = counters_of(c, old_site), *to = counters_of(c, site);

	enter_epoch(from, epoch, c->shared);
	enter_epoch(to, epoch, c->shared);
	counter_add(&from->freed_bytes, old_bytes, c->shared);
	counter_add(&from->freed_blocks, 1, c->shared);
	counter_add((uint64_t *)&from->rounding_bytes, -old_rounding, c->shared);
	counter_add(&to->total_bytes, bytes, c->shared);
	counter_add(&to->total_blocks, 1, c->shared);
	counter_add((uint64_t *)&to->rounding_bytes, rounding, c->shared);
}

void
counters_note_lifetime(struct counting *c, uint32_t site, uint64_t units)
{
	struct recording_counters *counters = c->chunks[site / SITES_PER_CHUNK];
	uint32_t bucket = units == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(units);
	struct recording_lifetimes *lifetimes;

	/* What could not be counted at its site has no lifetime either. */
	if (counters == NULL)
		return;
	lifetimes = &recording.lifetimes[counters - recording.counters + site % SITES_PER_CHUNK];
	if (bucket >= LIFETIME_BUCKETS)
		bucket = LIFETIME_BUCKETS - 1;
	counter_add(&lifetimes->freed[bucket], 1, c->shared);
	counter_add(&lifetimes->sum, units, c->shared);
}

int64_t
counters_live(void)
{
	int64_t live = load(&recording.control->live_bytes);

	for (uint32_t i = 0; i < recording.header->shard_count; i++)
		live += load(&recording.shards[i].pending_bytes);
	return live;
}

static int64_t
live_blocks_of(uint32_t shard)
{
	uint64_t sites = recording.header->sections[SECTION_SITES].count;
	uint64_t blocks = 0;

	for (uint32_t site = recording_site_base(); chunk_maps[shard] != NULL && site < sites;
	     site++) {
		const struct recording_counters *chunk =
			load_acquire(&chunk_maps[shard][site / SITES_PER_CHUNK]);

		if (chunk != NULL)
			blocks += load(&chunk[site % SITES_PER_CHUNK].total_blocks) -
				  load(&chunk[site % SITES_PER_CHUNK].freed_blocks);
	}
	return (int64_t)blocks;
}

void
counters_get_sum(struct counters_sum *ret_sum, bool with_blocks)
{
	const struct recording_control *control = recording.control;
	int64_t live = counters_live(), peak = load(&control->peak_bytes);

	if (live > peak)
		peak = live;
	ret_sum->live_bytes = live - control->live_offset;
	ret_sum->peak_bytes = peak - control->live_offset;
	/* Other threads may be about to count what has changed. */
	if (ret_sum->live_bytes < 0)
		ret_sum->live_bytes = 0;
	if (ret_sum->peak_bytes < 0)
		ret_sum->peak_bytes = 0;
	ret_sum->live_blocks = 0;
	for (uint32_t i = 0; with_blocks && i < recording.header->shard_count; i++)
		ret_sum->live_blocks += live_blocks_of(i);
}

void
counters_reset_peak(void)
{
	struct recording_control *control = recording.control;
	int64_t live = counters_live();

	store(&control->peak_bytes, live);
	/* Live values are at-peak values until the next event that makes no new maximum. */
	store(&control->rising, 1);
	note_peak_time(control, live);
}

void
counters_forget_sites(void)
{
	/* So that the new fixed sites can be counted at without a lock. */
	for (uint32_t i = 0; i < recording.header->shard_count; i++) {
		struct counting c;

		if (counters_attach(i, &c))
			counters_prepare(&c);
	}
	store(&recording.control->live_offset, counters_live());
	counters_reset_peak();
}

void
counters_share(void)
{
	store(&recording.control->batch_bytes, BATCH_BYTES);
}
