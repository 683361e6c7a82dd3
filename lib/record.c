/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.c - one allocation event, end to end
 *
 * Order. A free is recorded before the real free, an allocation after the real one: while an
 * address belongs to nobody, nobody's record of it can be wrong.
 */
#include "record.h"

#include "data/block_details.h"
#include "memory/real.h"
#include "recording/recording_map.h"
#include "request.h"
#include "data/watch.h"
#include "data/trace_table.h"

static bool
keeps_origin(void)
{
	return recording.header->realloc_origin != 0;
}

/* Not SITE_NONE, and not forgotten by a clearing. */
static inline bool
is_current(uint32_t site)
{
	return likely(site >= recording_site_base());
}

/* What comes for the first time is slow already: then names of threads are taken. */
static COLD uint32_t
make_site(struct thread *t, uint32_t node, uint32_t kind)
{
	const struct recording_extent *sites = &recording.header->sections[SECTION_SITES];
	uint64_t count = load(&sites->count);
	uint32_t site = trace_table_make_site(node, kind);

	if (load(&sites->count) != count)
		thread_note_name(t);
	return site;
}

static ALWAYS_INLINE uint32_t
site_of(struct thread *t, uint32_t kind, const struct caller *caller)
{
	struct unwind_result stack = unwind_capture(&t->unwind, caller->ip, caller->sp, caller->bp);

	if (unlikely(stack.cut))
		counter_add(&t->counting.shard->cut, 1, t->counting.shared);
	if (likely(t->site_node == stack.node && t->site_kind == kind && is_current(t->site)))
		return t->site;
	if (unlikely(stack.node == NODE_NONE))
		return recording_fixed_site(FIXED_SITE_UNKNOWN);
	t->site = trace_table_likely_site(stack.node, kind);
	if (unlikely(!is_current(t->site)))
		t->site = make_site(t, stack.node, kind);
	t->site_node = stack.node;
	t->site_kind = kind;
	return t->site;
}

/* `bytes` where the allocator has no answer. */
static COLD size_t
ask_usable_size(struct thread *t, void *address, size_t bytes)
{
	bool outer = t->asking;
	size_t usable;

	if (!real.knows_sizes)
		return bytes;
	t->asking = true;
	usable = real.malloc_usable_size(address);
	t->asking = outer;
	return usable;
}

/* Only an allocator that we know does not have to be asked. */
static ALWAYS_INLINE size_t
usable_size(struct thread *t, void *address, size_t bytes)
{
	if (likely(real.is_glibc))
		return real_usable_size(address);
	return ask_usable_size(t, address, bytes);
}

/* The requested bytes of a block. What the table knows is not asked for: an allocator that checks
 * its blocks finds it out at the question, and says so, where the program would have heard it at
 * free. */
static ALWAYS_INLINE size_t
requested_size(struct thread *t, void *address, struct block block)
{
	if (likely(real.is_glibc))
		return real_usable_size(address) - block.rounding;
	if (block.size != 0)
		return block.size - 1;
	return ask_usable_size(t, address, block.rounding) - block.rounding;
}

/* The address was known: the block that was there has gone without our seeing it. Its size can no
 * longer be asked for; where the table has none, it was at most what is usable there now. */
static COLD void
forget_overwritten(struct thread *t, struct block old, size_t usable)
{
	uint64_t bytes = usable > old.rounding ? usable - old.rounding : 0;

	if (old.size != 0)
		bytes = old.size - 1;
	if (is_current(old.site))
		counters_free(&t->counting, old.site, bytes, old.rounding, false);
}

/* False when the block table has no place for it. */
static ALWAYS_INLINE bool
remember_block(struct thread *t, void *slot, void *address, struct block block, size_t usable)
{
	bool stored;
	struct block old = block_table_insert(slot, address, block, usable, &stored);

	if (unlikely(old.site != SITE_NONE))
		forget_overwritten(t, old, usable);
	return likely(stored);
}

static ALWAYS_INLINE struct block
count_allocation(struct thread *t, uint32_t kind, void *address, size_t bytes,
		 const struct caller *caller)
{
	void *slot = block_table_prepare(address);
	uint32_t site = site_of(t, kind, caller);
	size_t usable = usable_size(t, address, bytes);
	struct block block = {.rounding = usable - bytes, .site = site};

	if (unlikely(!remember_block(t, slot, address, block, usable))) {
		counters_lose(&t->counting, site, bytes);
		return BLOCK_NONE;
	}
	counters_allocate(&t->counting, site, bytes, block.rounding);
	t->last_block = address;
	t->last_site = site;
	return block;
}

static inline bool
describes_blocks(void)
{
	return recording.control->blocks != 0;
}

/* A thread that does what others did before makes no sites: its name is looked at after 1, 2, 4, 8
 * and so on blocks, too. */
static void
describe_born(struct thread *t, const void *address, size_t bytes, struct block block)
{
	uint32_t births = ++t->births;

	if ((births & (births - 1)) == 0)
		thread_note_name(t);
	block_details_born(address, bytes, block.rounding, block.site, t->id, 0);
}

/* The event has more to do than to be counted. */
static __attribute__((noinline)) void
allocate_attentively(struct thread *t, uint32_t kind, void *address, size_t bytes,
		     struct caller caller)
{
	struct block block;

	if (!request_attend())
		return;
	block = count_allocation(t, kind, address, bytes, &caller);
	if (describes_blocks() && block.site != SITE_NONE)
		describe_born(t, address, bytes, block);
}

HOT ALWAYS_INLINE void
record_allocate(struct thread *t, uint32_t kind, void *address, size_t bytes,
		const struct caller *caller)
{
	if (unlikely(recording_wants_attention()))
		allocate_attentively(t, kind, address, bytes, *caller);
	else
		count_allocation(t, kind, address, bytes, caller);
}

void
record_failure(struct thread *t)
{
	counter_add(&t->counting.shard->failed, 1, t->counting.shared);
}

/* A block of before the start, or of before a clearing: the latter is ignored. */
static COLD bool
free_unknown(struct thread *t, uint32_t site)
{
	if (site == SITE_NONE && !recording.control->paused)
		counter_add(&t->counting.shard->unknown_frees, 1, t->counting.shared);
	return site != SITE_NONE;
}

static ALWAYS_INLINE bool
count_free(struct thread *t, void *address, struct block block)
{
	if (!is_current(block.site))
		return free_unknown(t, block.site);
	counters_free(&t->counting, block.site, requested_size(t, address, block), block.rounding,
		      (t->last_block == address) & (t->last_site == block.site));
	return true;
}

/* The program's own function is called with the gate open: it may allocate like any other. */
static COLD void
call_watcher(struct thread *t, const struct watch *watch, void *address)
{
	uintptr_t sp = t->entry_sp, outer = t->callback_sp;
	struct watch again;

	t->callback_sp = sp;
	thread_leave(t);
	watch->callback(address, watch->context);
	/* It may have returned in a child, made by a fork that nobody told us of. */
	if (unlikely(thread_gate(t)->now == GATE_CLOSED))
		thread_after_fork();
	t->callback_sp = outer;
	t->entry_sp = sp;
	thread_gate(t)->now = GATE_BUSY;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* The next block at this address is another one. */
	watch_take(address, &again);
}

static inline void
tell_watcher(struct thread *t, void *address)
{
	struct watch watch;

	if (unlikely(recording.control->watched) && watch_take(address, &watch))
		call_watcher(t, &watch, address);
}

static __attribute__((noinline)) bool
free_attentively(struct thread *t, void *address)
{
	struct block block;
	uint64_t birth = 0, units;
	bool known;

	request_attend();
	tell_watcher(t, address);
	block = block_table_remove(address);
	if (describes_blocks())
		birth = block_details_died(address, t->id, &units);
	known = count_free(t, address, block);
	if (birth != 0 && is_current(block.site))
		counters_note_lifetime(&t->counting, block.site, units);
	return known;
}

HOT ALWAYS_INLINE bool
record_free(struct thread *t, void *address)
{
	if (unlikely(recording_wants_attention()))
		return free_attentively(t, address);
	return count_free(t, address, block_table_remove(address));
}

struct realloc_state
record_realloc_begin(struct thread *t, void *address)
{
	struct realloc_state old = {0};

	if (unlikely(recording_wants_attention())) {
		request_attend();
		tell_watcher(t, address);
	}
	old.block = block_table_remove(address);
	if (unlikely(describes_blocks()))
		old.birth = block_details_died(address, t->id, &old.units);
	if (is_current(old.block.site)) {
		old.bytes = requested_size(t, address, old.block);
	} else {
		free_unknown(t, old.block.site);
		old.block = BLOCK_NONE;
	}
	return old;
}

COLD void
record_realloc_describe(struct thread *t, struct realloc_state old, const void *address,
			size_t bytes, struct block block)
{
	bool same = keeps_origin() && old.birth != 0 && address != NULL;

	if (address != NULL)
		block_details_born(address, bytes, block.rounding, block.site, t->id,
				   same ? old.birth : 0);
	if (!same && old.birth != 0 && is_current(old.block.site))
		counters_note_lifetime(&t->counting, old.block.site, old.units);
}

COLD void
record_realloc_forget(struct thread *t, struct realloc_state old)
{
	if (old.block.site != SITE_NONE)
		counters_free(&t->counting, old.block.site, old.bytes, old.block.rounding, false);
	if (unlikely(describes_blocks()))
		record_realloc_describe(t, old, NULL, 0, BLOCK_NONE);
}

COLD void
record_realloc_lose(struct thread *t, struct realloc_state old, uint32_t site, size_t bytes)
{
	record_realloc_forget(t, old);
	counters_lose(&t->counting, site, bytes);
	counter_add(&t->counting.shard->reallocs, 1, t->counting.shared);
}

COLD void
record_lose_living(struct thread *t, uint32_t site, size_t bytes, uint64_t rounding)
{
	counters_free(&t->counting, site, bytes, rounding, false);
	counter_add(&t->counting.shard->dropped, 1, t->counting.shared);
}

static ALWAYS_INLINE void
end_with_block(struct thread *t, uint32_t kind, struct realloc_state old, void *address,
	       size_t bytes, const struct caller *caller)
{
	struct counting *c = &t->counting;
	void *slot = block_table_prepare(address);
	size_t usable = usable_size(t, address, bytes);
	struct block block = {.rounding = usable - bytes};

	block.site = keeps_origin() ? old.block.site : site_of(t, kind, caller);
	if (unlikely(!remember_block(t, slot, address, block, usable))) {
		record_realloc_lose(t, old, block.site, bytes);
		return;
	}
	counters_reallocate(c, old.block.site, old.bytes, old.block.rounding, block.site, bytes,
			    block.rounding);
	counter_add(&c->shard->reallocs, 1, c->shared);
	if (unlikely(describes_blocks()))
		record_realloc_describe(t, old, address, bytes, block);
	t->last_block = address;
	t->last_site = block.site;
}

void
record_realloc_end(struct thread *t, uint32_t kind, struct realloc_state old, void *address,
		   size_t bytes, const struct caller *caller)
{
	bool paused = unlikely(recording_wants_attention()) && !request_goes_on();

	if (unlikely(address == NULL || paused))
		record_realloc_forget(t, old);
	else if (unlikely(old.block.site == SITE_NONE))
		record_allocate(t, kind, address, bytes, caller);
	else
		end_with_block(t, kind, old, address, bytes, caller);
}

void
record_realloc_restore(struct thread *t, struct realloc_state old, void *address)
{
	if (old.block.site != SITE_NONE &&
	    unlikely(!remember_block(t, block_table_prepare(address), address, old.block,
				     old.bytes + old.block.rounding)))
		record_lose_living(t, old.block.site, old.bytes, old.block.rounding);
	else if (unlikely(old.birth != 0))
		block_details_revive(address);
}

void
record_realloc_undo(struct thread *t, struct realloc_state old, void *address)
{
	record_realloc_restore(t, old, address);
	record_failure(t);
}

uint32_t
record_site(struct thread *t, uint32_t kind, const struct caller *caller)
{
	return site_of(t, kind, caller);
}

COLD void
record_describe_anew(struct thread *t, uint32_t old_site, const void *address, size_t bytes,
		     struct block block)
{
	uint64_t units;

	if (block_details_died(address, t->id, &units) != 0)
		counters_note_lifetime(&t->counting, old_site, units);
	block_details_born(address, bytes, block.rounding, block.site, t->id, 0);
}

bool
record_retag(struct thread *t, uint32_t kind, void *address, bool anew, const struct caller *caller)
{
	struct block block = block_table_find(address);
	size_t usable, bytes;
	uint32_t old = block.site;

	if (!is_current(old))
		return false;
	block_table_remove(address);
	bytes = requested_size(t, address, block);
	usable = bytes + block.rounding;
	block.site = site_of(t, kind, caller);
	if (!remember_block(t, block_table_prepare(address), address, block, usable)) {
		record_lose_living(t, old, bytes, block.rounding);
		return false;
	}
	counters_reallocate(&t->counting, old, bytes, block.rounding, block.site, bytes,
			    block.rounding);
	if (unlikely(describes_blocks()) && anew)
		record_describe_anew(t, old, address, bytes, block);
	else if (unlikely(describes_blocks()))
		block_details_move(address, block.site);
	return true;
}

void
record_nested_free(struct thread *t, void *address)
{
	struct block block = block_table_remove(address);
	struct watch watch;
	uint64_t units;

	/* There is no calling the program from here; but the next block there is another one. */
	if (unlikely(recording.control->watched))
		watch_take(address, &watch);
	if (unlikely(describes_blocks()))
		block_details_died(address, t->id, &units);
	if (is_current(block.site))
		counters_free(&t->counting, block.site, requested_size(t, address, block),
			      block.rounding, false);
}

void
record_nested_allocate(struct thread *t, void *address, size_t bytes)
{
	struct block block = {.site = recording_fixed_site(FIXED_SITE_NESTED)};
	size_t usable;

	if (recording.control->paused)
		return;
	/* Made for the answer to that very question: asked about it, it might make another. */
	if (t->asking) {
		counters_lose(&t->counting, block.site, bytes);
		return;
	}
	usable = usable_size(t, address, bytes);
	block.rounding = usable - bytes;
	counter_add(&t->counting.shard->nested, 1, t->counting.shared);
	if (!remember_block(t, block_table_prepare(address), address, block, usable)) {
		counters_lose(&t->counting, block.site, bytes);
		return;
	}
	counters_allocate(&t->counting, block.site, bytes, block.rounding);
	if (unlikely(describes_blocks()))
		block_details_born(address, bytes, block.rounding, block.site, t->id, 0);
}

void
record_lost_allocate(struct thread *t, size_t bytes)
{
	if (recording.control->paused)
		return;
	recording_note(TROUBLE_FULL);
	counters_lose(&t->counting, recording_fixed_site(FIXED_SITE_NESTED), bytes);
}
