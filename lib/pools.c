/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pools.c - blocks of the program's own pools, as it tells of them through heaptally.h
 *
 * Open addressing with linear probing; a removal moves up what follows, so that churn leaves
 * nothing behind.
 */
#include "pools.h"

#include <errno.h>

#include "memory/arena.h"
#include "base/hash.h"
#include "base/lock.h"
#include "recording/recording_map.h"
#include "capture/unwind_rules.h"

#define CAPACITY_FIRST 256u
#define DOMAINS_MAX    64u /* with a frame of their own; others share FRAME_TRACKED */

struct pooled {
	uintptr_t address;
	uint64_t bytes;
	uint32_t domain;
	uint32_t site; /* SITE_NONE: free entry */
};

static struct {
	struct lock lock;
	struct pooled *entries;
	uint32_t capacity, used;

	struct domain {
		unsigned number;
		uint32_t frame;
	} domains[DOMAINS_MAX];
	uint32_t domain_count;
} table;

static uint32_t
first_place(unsigned domain, uintptr_t address)
{
	return (uint32_t)hash_u64(address ^ (uint64_t)domain << 48) & (table.capacity - 1);
}

/* The entry of a block, or the free one where it would be. */
static struct pooled *
entry_of(unsigned domain, uintptr_t address)
{
	for (uint32_t i = first_place(domain, address);; i = (i + 1) & (table.capacity - 1)) {
		struct pooled *e = &table.entries[i];

		if (e->site == SITE_NONE || (e->address == address && e->domain == domain))
			return e;
	}
}

static bool
grow(void)
{
	struct pooled *old = table.entries;
	uint32_t old_capacity = table.capacity;
	uint32_t capacity = old_capacity == 0 ? CAPACITY_FIRST : old_capacity * 2;
	struct pooled *entries = arena_allocate(capacity * sizeof *entries, true);

	if (entries == NULL)
		return false;
	table.entries = entries;
	/* In this order: a handler may leave in between by siglongjmp. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	table.capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i].site != SITE_NONE)
			*entry_of(old[i].domain, old[i].address) = old[i];
	}
	return true;
}

/* Free an entry. What follows and would have liked its place better moves up. */
static void
remove_entry(struct pooled *hole)
{
	uint32_t mask = table.capacity - 1, at = (uint32_t)(hole - table.entries);

	table.used--;
	for (uint32_t i = (at + 1) & mask; table.entries[i].site != SITE_NONE; i = (i + 1) & mask) {
		struct pooled *e = &table.entries[i];

		if (!hash_may_move(first_place(e->domain, e->address), at, i, mask))
			continue;
		table.entries[at] = *e;
		at = i;
	}
	table.entries[at].site = SITE_NONE;
}

static struct domain *
find_domain(unsigned number)
{
	for (uint32_t i = 0; i < table.domain_count; i++) {
		if (table.domains[i].number == number)
			return &table.domains[i];
	}
	return NULL;
}

static uint32_t
domain_frame(unsigned number, const char *name)
{
	const struct domain *found = find_domain(number);
	uint32_t frame;

	if (found != NULL)
		return found->frame;
	if (table.domain_count == DOMAINS_MAX)
		return FRAME_TRACKED;
	frame = unwind_rules_add_frame(FRAME_KIND_DOMAIN, number, name);
	if (frame == FRAME_NONE)
		return FRAME_TRACKED;
	table.domains[table.domain_count++] = (struct domain){number, frame};
	return frame;
}

int
pools_name_domain(unsigned domain, const char *name)
{
	int result = 0;

	if (!lock_take(&table.lock))
		return -EAGAIN;
	if (find_domain(domain) != NULL)
		result = -EEXIST;
	else if (domain_frame(domain, name) == FRAME_TRACKED)
		result = -EAGAIN;
	lock_drop(&table.lock);
	return result;
}

static void
count(struct thread *t, const struct pooled *old, uint32_t site, size_t bytes)
{
	if (old->site >= recording_site_base())
		counters_reallocate(&t->counting, old->site, old->bytes, 0, site, bytes, 0);
	else
		counters_allocate(&t->counting, site, bytes, 0);
}

int
pools_track(struct thread *t, unsigned domain, uintptr_t address, size_t bytes,
	    const struct caller *caller)
{
	struct pooled *e;
	uint32_t site;

	if (!lock_take(&table.lock))
		return -EAGAIN;
	if (table.used >= table.capacity / 4 * 3 && !grow()) {
		lock_drop(&table.lock);
		return -ENOMEM;
	}
	site = record_site(t, domain_frame(domain, NULL), caller);
	e = entry_of(domain, address);
	if (e->site == SITE_NONE)
		table.used++;
	count(t, e, site, bytes);
	*e = (struct pooled){address, bytes, domain, site};
	lock_drop(&table.lock);
	return 0;
}

int
pools_untrack(struct thread *t, unsigned domain, uintptr_t address)
{
	struct pooled *e;

	if (!lock_take(&table.lock))
		return -EAGAIN;
	if (table.capacity != 0) {
		e = entry_of(domain, address);
		if (e->site >= recording_site_base())
			counters_free(&t->counting, e->site, e->bytes, 0, false);
		if (e->site != SITE_NONE)
			remove_entry(e);
	}
	lock_drop(&table.lock);
	return 0;
}

void
pools_reset(void)
{
	table.entries = NULL;
	table.capacity = table.used = table.domain_count = 0;
}
