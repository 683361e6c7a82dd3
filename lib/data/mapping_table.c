/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapping_table.c - an array in order under a lock; the highest address comes first
 *
 * The kernel gives addresses from above to below: what is new comes to the end, mostly, and nothing
 * has to be moved for it. Neighbours of one site are one range.
 *
 * A handler that leaves by siglongjmp may leave a change half made. Entries are moved so that none
 * is lost then, and some may be there twice: the next change takes those out.
 */
#include "data/mapping_table.h"

#include "base/lock.h"
#include "recording/recording_map.h"

/* What a change puts in the place of the ranges that it touches: what is left above, the new one,
 * what is left below. */
#define PARTS_MAX 3

static struct lock lock;

/* In memory that a forked child has as it was at that moment. At the start there is no copy. */
static struct mapping_changes changes = {.more = true};

static struct recording_extent *
extent(void)
{
	return &recording.header->sections[SECTION_MAPPINGS];
}

bool
mapping_table_exists(void)
{
	return recording.header != NULL && extent()->capacity != 0;
}

static void
lose(void)
{
	fetch_add(&recording.header->lost_mappings, 1);
}

/* Entries in their order without overlaps stay. */
static void
repair(void)
{
	struct recording_mapping *table = recording.mappings;
	uint64_t kept = 0;

	for (uint64_t i = 0; i < extent()->count; i++) {
		struct recording_mapping entry = table[i];

		if (entry.start < entry.end && entry.site != SITE_NONE &&
		    (kept == 0 || entry.end <= table[kept - 1].start))
			table[kept++] = entry;
	}
	store(&extent()->count, kept);
}

static bool
begin_change(void)
{
	if (!lock_take(&lock)) {
		lose();
		return false;
	}
	if (unlikely(recording.header->mapping_changes % 2 != 0))
		repair();
	/* Who reads along sees the odd number before anything else of the change; that of a change
	 * which was left half made stays odd. */
	store(&recording.header->mapping_changes, recording.header->mapping_changes | 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return true;
}

static void
end_change(void)
{
	/* Release: who sees the even number sees all of the change. */
	store_release(&recording.header->mapping_changes, recording.header->mapping_changes + 1);
	lock_drop(&lock);
}

/* Of the entries that end above `address`: how many. */
static uint64_t
count_above(uintptr_t address)
{
	uint64_t low = 0, high = extent()->count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (recording.mappings[middle].end > address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of those that begin at `address` or above: how many. */
static uint64_t
count_from(uintptr_t address)
{
	uint64_t count = count_above(address);

	/* The last that ends above may begin below. */
	return count > 0 && recording.mappings[count - 1].start < address ? count - 1 : count;
}

static inline void
copy_entry(uint64_t to, uint64_t from)
{
	recording.mappings[to] = recording.mappings[from];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Make the entries from `first` to below `end` so many. False when there is no room. */
static bool
resize(uint64_t first, uint64_t end, uint64_t wanted)
{
	uint64_t count = extent()->count, more = wanted - (end - first);

	if (first + wanted == end)
		return true;
	if (first + wanted < end) {
		uint64_t less = end - first - wanted;

		for (uint64_t i = end; i < count; i++)
			copy_entry(i - less, i);
		store(&extent()->count, count - less);
		return true;
	}
	if (!recording_reserve(SECTION_MAPPINGS, count + more))
		return false;
	for (uint64_t i = count; i < count + more; i++)
		recording.mappings[i] = (struct recording_mapping){0};
	/* Counted first: what is moved beyond the end of before is not lost then. */
	store(&extent()->count, count + more);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	for (uint64_t i = count; i > end; i--)
		copy_entry(i - 1 + more, i - 1);
	return true;
}

static bool
is_empty(const struct recording_mapping *range)
{
	return range->start >= range->end;
}

/* Make the neighbours of a range, those left of what it covers or those beside it, part of it where
 * they are of the same site. */
static void
join(struct recording_mapping parts[PARTS_MAX], uint64_t *first, uint64_t *end)
{
	struct recording_mapping *above = &parts[0], *range = &parts[1], *below = &parts[2];
	const struct recording_mapping *table = recording.mappings;

	if (is_empty(above) && *first > 0 && table[*first - 1].start == range->end)
		*above = table[--*first];
	if (is_empty(below) && *end < extent()->count && table[*end].end == range->start)
		*below = table[(*end)++];
	if (!is_empty(above) && above->site == range->site) {
		range->end = above->end;
		above->end = above->start;
	}
	if (!is_empty(below) && below->site == range->site) {
		range->start = below->start;
		below->end = below->start;
	}
}

/* Before it is done: a child that is forked in between has a copy in which it is not done. */
static void
note_change(uintptr_t start, uintptr_t end)
{
	uint32_t count = changes.count;

	/* The same place again and again is one change. */
	for (uint32_t i = 0; i < count && !changes.more; i++) {
		if (start > changes.ranges[i].end || end < changes.ranges[i].start)
			continue;
		if (start < changes.ranges[i].start)
			store(&changes.ranges[i].start, start);
		if (end > changes.ranges[i].end)
			store(&changes.ranges[i].end, end);
		return;
	}
	if (count == MAPPING_CHANGES) {
		store(&changes.more, true);
		return;
	}
	changes.ranges[count].start = start;
	changes.ranges[count].end = end;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	store(&changes.count, count + 1);
}

/* The pages become those of the site, SITE_NONE being nobody. */
static void
replace(uintptr_t start, uintptr_t end_address, uint32_t site)
{
	uint64_t first = count_from(end_address), end = count_above(start), kept = 0;
	struct recording_mapping parts[PARTS_MAX] = {
		[1] = {.start = start, .end = end_address, .site = site}};

	/* What allocators map is nobody's mostly, as it was. */
	if (first == end && site == SITE_NONE)
		return;
	note_change(start, end_address);
	if (first < end) {
		parts[0] = recording.mappings[first];
		parts[0].start = end_address;
		parts[2] = recording.mappings[end - 1];
		parts[2].end = start;
	}
	if (site != SITE_NONE)
		join(parts, &first, &end);
	for (int i = 0; i < PARTS_MAX; i++) {
		if (!is_empty(&parts[i]) && parts[i].site != SITE_NONE)
			parts[kept++] = parts[i];
	}
	if (!resize(first, end, kept)) {
		lose();
		return;
	}
	for (uint64_t i = 0; i < kept; i++)
		recording.mappings[first + i] = parts[i];
}

/* The pages of a range; false if there are none, or the kernel refuses them. */
static bool
get_pages(const void *address, size_t bytes, uintptr_t *ret_start, uintptr_t *ret_end)
{
	uintptr_t start = (uintptr_t)address;
	size_t whole = round_up(bytes, PAGE_BYTES);

	if (!mapping_table_exists() || start % PAGE_BYTES != 0 || whole < bytes || whole == 0 ||
	    start + whole < start)
		return false;
	*ret_start = start;
	*ret_end = start + whole;
	return true;
}

void
mapping_table_insert(const void *address, size_t bytes, uint32_t site)
{
	uintptr_t start, end;

	if (!get_pages(address, bytes, &start, &end) || !begin_change())
		return;
	replace(start, end, site);
	end_change();
}

static void
remember(uintptr_t start, uintptr_t end_address, struct mapping_removal *removal)
{
	uint64_t first = count_from(end_address), end = count_above(start);

	for (uint64_t i = first; i < end && removal->count < MAPPING_PIECES; i++) {
		const struct recording_mapping *entry = &recording.mappings[i];

		removal->pieces[removal->count++] = (struct mapping_piece){
			entry->start > start ? entry->start : start,
			entry->end < end_address ? entry->end : end_address,
			entry->site,
		};
	}
}

void
mapping_table_remove(const void *address, size_t bytes, struct mapping_removal *ret_removal)
{
	uintptr_t start, end;

	ret_removal->count = 0;
	if (!get_pages(address, bytes, &start, &end) || !begin_change())
		return;
	remember(start, end, ret_removal);
	if (ret_removal->count != 0)
		replace(start, end, SITE_NONE);
	end_change();
}

void
mapping_table_restore(const struct mapping_removal *removal)
{
	if (removal->count == 0 || !mapping_table_exists() || !begin_change())
		return;
	for (uint32_t i = 0; i < removal->count; i++)
		replace(removal->pieces[i].start, removal->pieces[i].end, removal->pieces[i].site);
	end_change();
}

bool
mapping_table_copy(struct recording_mapping *ret_ranges, uint64_t room, uint64_t *ret_count)
{
	uint64_t count;

	if (!lock_take(&lock))
		return false;
	if (unlikely(recording.header->mapping_changes % 2 != 0))
		repair();
	count = extent()->count;
	*ret_count = count;
	if (count <= room) {
		for (uint64_t i = 0; i < count; i++)
			ret_ranges[i] = recording.mappings[i];
		store(&changes.count, 0);
		store(&changes.more, false);
	}
	lock_drop(&lock);
	return count <= room;
}

bool
mapping_table_is_copied(void)
{
	return load(&changes.count) == 0 && !load(&changes.more);
}

void
mapping_table_get_changes(struct mapping_changes *ret_changes)
{
	*ret_changes = changes;
}
