/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record_domain.c - the same order as in record.c: a free before the real one, an allocation after
 */
#include "record_domain.h"

#include "data/block_details.h"
#include "data/domain_table.h"
#include "recording/recording_map.h"
#include "request.h"

static inline bool
is_current(uint32_t site)
{
	return likely(site >= recording_site_base());
}

static inline bool
describes_blocks(void)
{
	return unlikely(recording.control->blocks != 0);
}

static inline void
note_last(struct thread *t, void *address, uint32_t site)
{
	t->last_block = address;
	t->last_site = site;
}

/* False when the table has no place for the block. One that was there has gone without our seeing
 * it. */
static inline bool
remember(struct thread *t, const void *address, struct domain_block block)
{
	struct domain_block old;

	if (unlikely(!domain_table_insert(address, block, &old)))
		return false;
	if (unlikely(old.site != SITE_NONE) && is_current(old.site))
		counters_free(&t->counting, old.site, old.bytes, 0, false);
	return true;
}

/* The block that the domain returned is malloc's own. */
static inline bool
is_mallocs(const struct thread *t, const void *address)
{
	return t->passed == address;
}

HOT void
record_domain_allocate(struct thread *t, uint32_t frame, void *address, size_t bytes,
		       const struct caller *caller)
{
	uint32_t site;

	if (is_mallocs(t, address)) {
		record_allocate(t, frame, address, bytes, caller);
		return;
	}
	if (unlikely(recording_wants_attention()) && !request_attend())
		return;
	site = record_site(t, frame, caller);
	if (unlikely(!remember(t, address, (struct domain_block){site, bytes}))) {
		counters_lose(&t->counting, site, bytes);
		return;
	}
	counters_allocate(&t->counting, site, bytes, 0);
	note_last(t, address, site);
	if (describes_blocks())
		block_details_born(address, bytes, 0, site, t->id, 0);
}

static void
count_free(struct thread *t, const void *address, struct domain_block block)
{
	uint64_t units, birth = 0;

	if (describes_blocks())
		birth = block_details_died(address, t->id, &units);
	if (!is_current(block.site))
		return;
	counters_free(&t->counting, block.site, block.bytes, 0,
		      (t->last_block == address) & (t->last_site == block.site));
	if (birth != 0)
		counters_note_lifetime(&t->counting, block.site, units);
}

HOT void
record_domain_free(struct thread *t, void *address)
{
	struct domain_block block = domain_table_remove(address);

	if (block.site == SITE_NONE) {
		record_free(t, address);
		return;
	}
	if (unlikely(recording_wants_attention()))
		request_attend();
	count_free(t, address, block);
}

HOT void
record_domain_renew(struct thread *t, uint32_t frame, void *address, const struct caller *caller)
{
	struct domain_block block;
	uint32_t old;

	if (unlikely(recording_wants_attention()) && !request_attend())
		return;
	block = domain_table_remove(address);
	old = block.site;
	if (old == SITE_NONE) {
		record_retag(t, frame, address, true, caller);
		return;
	}
	if (is_current(old))
		block.site = record_site(t, frame, caller);
	if (unlikely(!remember(t, address, block))) {
		if (is_current(old))
			record_lose_living(t, old, block.bytes, 0);
		return;
	}
	if (unlikely(!is_current(old)))
		return;
	counters_reallocate(&t->counting, old, block.bytes, 0, block.site, block.bytes, 0);
	if (describes_blocks())
		record_describe_anew(t, old, address, block.bytes,
				     (struct block){.site = block.site});
}

void
record_domain_nested_free(struct thread *t, void *address)
{
	struct domain_block block = domain_table_remove(address);
	uint64_t units;

	if (describes_blocks())
		block_details_died(address, t->id, &units);
	if (is_current(block.site))
		counters_free(&t->counting, block.site, block.bytes, 0, false);
}

struct record_domain_state
record_domain_realloc_begin(struct thread *t, void *address)
{
	struct domain_block block = domain_table_remove(address);
	struct record_domain_state old = {{.block = BLOCK_NONE}, false};

	if (block.site == SITE_NONE) {
		old.in_malloc = true;
		old.state = record_realloc_begin(t, address);
		return old;
	}
	if (describes_blocks())
		old.state.birth = block_details_died(address, t->id, &old.state.units);
	if (is_current(block.site)) {
		old.state.block = (struct block){.site = block.site};
		old.state.bytes = block.bytes;
	}
	return old;
}

/* Into the table of the domain. */
static void
end_with_block(struct thread *t, uint32_t frame, struct realloc_state old, void *address,
	       size_t bytes, const struct caller *caller)
{
	uint32_t site = recording.header->realloc_origin != 0 ? old.block.site
							      : record_site(t, frame, caller);

	if (unlikely(!remember(t, address, (struct domain_block){site, bytes}))) {
		record_realloc_lose(t, old, site, bytes);
		return;
	}
	counters_reallocate(&t->counting, old.block.site, old.bytes, old.block.rounding, site,
			    bytes, 0);
	counter_add(&t->counting.shard->reallocs, 1, t->counting.shared);
	note_last(t, address, site);
	if (describes_blocks())
		record_realloc_describe(t, old, address, bytes, (struct block){.site = site});
}

void
record_domain_realloc_end(struct thread *t, uint32_t frame, struct record_domain_state old,
			  void *address, size_t bytes, const struct caller *caller)
{
	bool paused;

	if (is_mallocs(t, address)) {
		record_realloc_end(t, frame, old.state, address, bytes, caller);
		return;
	}
	paused = unlikely(recording_wants_attention()) && !request_attend();
	if (unlikely(paused))
		record_realloc_forget(t, old.state);
	else if (unlikely(old.state.block.site == SITE_NONE))
		record_domain_allocate(t, frame, address, bytes, caller);
	else
		end_with_block(t, frame, old.state, address, bytes, caller);
}

void
record_domain_realloc_undo(struct thread *t, struct record_domain_state old, void *address)
{
	struct realloc_state *state = &old.state;

	if (old.in_malloc) {
		record_realloc_undo(t, *state, address);
		return;
	}
	if (state->block.site != SITE_NONE &&
	    !remember(t, address, (struct domain_block){state->block.site, state->bytes}))
		record_lose_living(t, state->block.site, state->bytes, 0);
	else if (state->birth != 0)
		block_details_revive(address);
	record_failure(t);
}
