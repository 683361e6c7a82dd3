/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resident.c - pages, regions and blocks are walked side by side, each in the order of addresses
 */
#include "config.h"
#include "model/resident.h"

#include <string.h>

#include "model/profile.h"
#include "util/xalloc.h"

#define PAGE ((uint64_t)MEMORY_PAGE_BYTES)

struct walk {
	const struct memory *memory;
	resident_visit *visit;
	void *context;
	struct resident *resident; /* what is no heap goes there; or NULL */
	size_t block;              /* the first that may reach into the page */
	size_t region;
	size_t mapping;
	size_t owned;
};

static uint64_t
min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
overlap(uint64_t start, uint64_t end, uint64_t from, uint64_t to)
{
	start = max_of(start, from);
	end = min_of(end, to);
	return end > start ? end - start : 0;
}

static uint64_t
get_end(const struct memory_block *block)
{
	return block->address + block->bytes + block->rounding;
}

/* --- pages of a heap --- */

/* Of a process that went on meanwhile, blocks may reach into the header of the next one. */
static uint64_t
get_live_end(const struct memory *memory, size_t index, uint32_t header)
{
	const struct memory_block *block = &memory->blocks.items[index];
	uint64_t end = block->address + block->bytes;

	if (index + 1 < memory->blocks.count)
		end = min_of(end, memory->blocks.items[index + 1].address - header);
	return max_of(end, block->address);
}

/* Where what the allocator gave ends. Whatever it says of a block, the next one has its header. */
static uint64_t
get_usable_end(const struct memory *memory, size_t index, uint32_t header)
{
	uint64_t end = get_end(&memory->blocks.items[index]);

	if (index + 1 < memory->blocks.count)
		end = min_of(end, memory->blocks.items[index + 1].address - header);
	return max_of(end, get_live_end(memory, index, header));
}

static void
visit_page(struct walk *walk, uint64_t start, const struct memory_region *region)
{
	const struct memory_block *blocks = walk->memory->blocks.items;
	uint32_t header = memory_get_header_bytes(walk->memory, region->kind);
	size_t count = walk->memory->blocks.count, i = walk->block;
	uint64_t end = start + PAGE;
	struct resident_page page = {.region = region, .mapping = walk->mapping, .start = start};

	while (i < count && get_end(&blocks[i]) <= start && blocks[i].address < start)
		i++;
	walk->block = page.first = i;
	for (; i < count && blocks[i].address < end + header; i++) {
		uint64_t address = blocks[i].address;
		uint64_t live_end = get_live_end(walk->memory, i, header);

		page.headers += overlap(address - header, address, start, end);
		page.live += overlap(address, live_end, start, end);
		page.rounding +=
			overlap(live_end, get_usable_end(walk->memory, i, header), start, end);
	}
	page.end = i;
	walk->visit(walk->context, &page);
}

uint64_t
resident_page_get_share(const struct resident_page *page, const struct memory *memory, size_t block)
{
	uint32_t header = memory_get_header_bytes(memory, page->region->kind);

	return overlap(memory->blocks.items[block].address - header,
		       get_usable_end(memory, block, header), page->start, page->start + PAGE);
}

static void
add_page(void *context, const struct resident_page *page)
{
	struct resident *resident = context;
	struct resident_mapping *mapping = &resident->mappings[page->mapping];
	uint64_t *parts = resident->regions[page->region->kind].parts;
	uint64_t used = page->live + page->rounding + page->headers;
	enum resident_part rest = used != 0 ? RESIDENT_PINNED : RESIDENT_KEPT;

	mapping->live += page->live;
	*(used != 0 ? &mapping->pinned : &mapping->kept) += PAGE - page->live;
	if (resident->memory->unseen != MEMORY_ALL_SEEN)
		rest = RESIDENT_UNSEEN;
	parts[RESIDENT_LIVE] += page->live;
	parts[RESIDENT_ROUNDING] += page->rounding;
	parts[RESIDENT_HEADERS] += page->headers;
	parts[rest] += PAGE - used;
}

/* --- what is no heap --- */

static enum resident_part get_part(enum memory_class class)
{
	static const enum resident_part parts[MEMORY_CLASSES] = {
		[MEMORY_MAIN_STACK] = RESIDENT_STACKS,
		[MEMORY_THREAD_STACK] = RESIDENT_STACKS,
		[MEMORY_TEXT] = RESIDENT_TEXT,
		[MEMORY_DATA] = RESIDENT_DATA,
		[MEMORY_SHARED] = RESIDENT_SHARED,
		[MEMORY_JIT] = RESIDENT_JIT,
		[MEMORY_ANONYMOUS] = RESIDENT_ANONYMOUS,
		[MEMORY_TRACER] = RESIDENT_TRACER,
		/* Of these nothing comes here. */
		[MEMORY_HEAP] = RESIDENT_ANONYMOUS,
		[MEMORY_OUTSIDE] = RESIDENT_ANONYMOUS,
	};

	return parts[class];
}

/* What looks like the bss of a file may have come to lie behind its data. */
static bool
may_be_owned(const struct memory_mapping *mapping)
{
	return mapping->class == MEMORY_ANONYMOUS ||
	       (mapping->class == MEMORY_SHARED && mapping->of_no_name) ||
	       (mapping->class == MEMORY_DATA && mapping->inode == 0);
}

/* What lies in a range that the program has mapped by itself is that one's. */
static void
add_anonymous(struct walk *walk, uint64_t at, uint64_t end, enum resident_part rest)
{
	const struct memory *memory = walk->memory;
	uint64_t *parts = walk->resident->parts;

	while (at < end) {
		const struct memory_owned *owned;
		uint64_t to = end;

		while (walk->owned < memory->owned.count &&
		       memory->owned.items[walk->owned].end <= at)
			walk->owned++;
		owned = &memory->owned.items[walk->owned];
		if (walk->owned == memory->owned.count || owned->start >= end) {
			parts[rest] += end - at;
		} else if (owned->start > at) {
			to = owned->start;
			parts[rest] += to - at;
		} else {
			to = min_of(end, owned->end);
			parts[RESIDENT_MAPPED] += to - at;
			walk->resident->owned[walk->owned].resident += to - at;
			walk->resident->mappings[walk->mapping].owned += to - at;
		}
		at = to;
	}
}

static void
add_outside(struct walk *walk, uint64_t at, uint64_t end)
{
	const struct memory_mapping *mapping = &walk->memory->mappings.items[walk->mapping];

	if (walk->resident == NULL)
		return;
	walk->resident->mappings[walk->mapping].outside += end - at;
	if (may_be_owned(mapping))
		add_anonymous(walk, at, end, get_part(mapping->class));
	else
		walk->resident->parts[get_part(mapping->class)] += end - at;
	if (mapping->class == MEMORY_MAIN_STACK)
		walk->resident->main_stack += end - at;
}

/* --- the walk --- */

static void
add_run(struct walk *walk, const struct memory_run *run)
{
	const struct memory *memory = walk->memory;
	uint64_t at = run->start;

	while (walk->mapping + 1 < memory->mappings.count &&
	       memory->mappings.items[walk->mapping].end <= at)
		walk->mapping++;
	while (at < run->end) {
		const struct memory_region *region = NULL;
		uint64_t to = run->end;

		while (walk->region < memory->regions.count &&
		       memory->regions.items[walk->region].end <= at)
			walk->region++;
		if (walk->region < memory->regions.count)
			region = &memory->regions.items[walk->region];
		if (region == NULL || region->start > at) {
			to = region != NULL ? min_of(to, region->start) : to;
			add_outside(walk, at, to);
			at = to;
			continue;
		}
		for (to = min_of(to, region->end); at < to; at += PAGE)
			visit_page(walk, at, region);
	}
}

static void
walk_runs(struct walk *walk)
{
	array_each (&walk->memory->runs, run) {
		if (run->state == MEMORY_PRESENT)
			add_run(walk, run);
		else if (run->state == MEMORY_ZERO && walk->resident != NULL)
			walk->resident->zero += run->end - run->start;
	}
}

void
resident_each_page(const struct memory *memory, resident_visit *visit, void *context)
{
	walk_runs(&(struct walk){.memory = memory, .visit = visit, .context = context});
}

/* Bytes of live blocks that are on no page, or on one that was swapped out. */
static void
add_blocks(struct resident *resident)
{
	const struct memory *memory = resident->memory;
	size_t first = 0, count = memory->runs.count;

	array_each (&memory->blocks, block) {
		uint64_t start = block->address, end = start + block->bytes;
		uint64_t present = 0, swapped = 0;

		resident->live_bytes += block->bytes;
		while (first < count && memory->runs.items[first].end <= start)
			first++;
		for (size_t i = first; i < count && memory->runs.items[i].start < end; i++) {
			const struct memory_run *run = &memory->runs.items[i];
			uint64_t bytes = overlap(run->start, run->end, start, end);

			if (run->state == MEMORY_PRESENT)
				present += bytes;
			else if (run->state == MEMORY_SWAPPED)
				swapped += bytes;
		}
		resident->swapped_live += swapped;
		resident->untouched += end - start - present - swapped;
	}
	resident->blocks = memory->blocks.count;
}

static bool
has_region(const struct memory *memory, size_t *next, const struct memory_mapping *mapping)
{
	while (*next < memory->regions.count && memory->regions.items[*next].end <= mapping->start)
		(*next)++;
	return *next < memory->regions.count && memory->regions.items[*next].start < mapping->end;
}

/* What the kernel tells of whole mappings only. */
static void
add_mappings(struct resident *resident)
{
	const struct memory *memory = resident->memory;
	size_t next = 0;

	array_each (&memory->mappings, mapping) {
		resident->swapped += mapping->swapped;
		resident->hugetlb += mapping->hugetlb;
		resident->lazy_free += mapping->lazy_free;
		resident->huge += mapping->huge;
		resident->merged += mapping->merged;
		if (!has_region(memory, &next, mapping))
			continue;
		resident->heap_lazy_free += mapping->lazy_free;
		if (memory->unseen == MEMORY_UNSEEN_FORKED)
			resident->inherited_shared += mapping->shared_dirty;
	}
}

static void
add_regions(struct resident *resident)
{
	array_each (&resident->memory->regions, region) {
		struct resident_regions *all = &resident->regions[region->kind];

		all->count++;
		all->size += region->end - region->start;
	}
	for (unsigned kind = 0; kind < MEMORY_REGION_KINDS; kind++) {
		struct resident_regions *all = &resident->regions[kind];

		for (unsigned part = 0; part < RESIDENT_HEAP_PARTS; part++) {
			resident->parts[part] += all->parts[part];
			all->resident += all->parts[part];
		}
	}
}

/* Address space of ranges that nothing but the domain has. */
static void
add_owned(struct resident *resident)
{
	const struct memory *memory = resident->memory;
	size_t mapping = 0, region = 0;

	for (size_t i = 0; i < memory->owned.count; i++) {
		const struct memory_owned *owned = &memory->owned.items[i];

		while (mapping < memory->mappings.count &&
		       memory->mappings.items[mapping].end <= owned->start)
			mapping++;
		while (region < memory->regions.count &&
		       memory->regions.items[region].end <= owned->start)
			region++;
		for (size_t k = mapping;
		     k < memory->mappings.count && memory->mappings.items[k].start < owned->end;
		     k++) {
			const struct memory_mapping *one = &memory->mappings.items[k];

			if (!may_be_owned(one))
				continue;
			resident->owned[i].mapped +=
				overlap(one->start, one->end, owned->start, owned->end);
			for (size_t r = region; r < memory->regions.count &&
						memory->regions.items[r].start < owned->end;
			     r++)
				resident->owned[i].mapped -=
					overlap(max_of(one->start, owned->start),
						min_of(one->end, owned->end),
						memory->regions.items[r].start,
						memory->regions.items[r].end);
		}
	}
}

void
resident_init(struct resident *resident, const struct memory *memory)
{
	*resident = (struct resident){.memory = memory};
	resident->mappings = xcalloc(memory->mappings.count + 1, sizeof(*resident->mappings));
	resident->owned = xcalloc(memory->owned.count + 1, sizeof(*resident->owned));
	walk_runs(&(struct walk){
		.memory = memory, .visit = add_page, .context = resident, .resident = resident});
	add_blocks(resident);
	add_mappings(resident);
	add_regions(resident);
	add_owned(resident);
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		resident->sum += resident->parts[part];
	resident->inherited_shared =
		min_of(resident->inherited_shared, resident->parts[RESIDENT_UNSEEN]);
	resident->drift = (int64_t)(memory->resident_after - resident->sum);
}

_Static_assert(RESIDENT_PARTS == PROFILE_RESIDENT_PARTS, "a summary has all parts");

void
resident_summarize(const struct resident *resident, uint64_t time_ns,
		   struct profile_resident *ret_summary)
{
	*ret_summary = (struct profile_resident){
		.time_ns = time_ns,
		.resident_bytes = resident->memory->resident_after,
		.live_bytes = resident->live_bytes,
		.live_blocks = resident->blocks,
		.untouched_bytes = resident->untouched,
		.swapped_live_bytes = resident->swapped_live,
		.swapped_bytes = resident->swapped,
		.hugetlb_bytes = resident->hugetlb,
	};
	memcpy(ret_summary->parts, resident->parts, sizeof(resident->parts));
}

void
resident_init_summary(struct resident *resident, struct memory *memory,
		      const struct profile_resident *summary)
{
	memory->blocks_from = MEMORY_BLOCKS_SUMMARY;
	memory->resident_before = memory->resident_after = summary->resident_bytes;
	*resident = (struct resident){
		.memory = memory,
		.live_bytes = summary->live_bytes,
		.blocks = summary->live_blocks,
		.untouched = summary->untouched_bytes,
		.swapped_live = summary->swapped_live_bytes,
		.swapped = summary->swapped_bytes,
		.hugetlb = summary->hugetlb_bytes,
	};
	memcpy(resident->parts, summary->parts, sizeof(resident->parts));
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		resident->sum += resident->parts[part];
	resident->drift = (int64_t)(summary->resident_bytes - resident->sum);
}

void
resident_release(struct resident *resident)
{
	free(resident->mappings);
	free(resident->owned);
	resident->mappings = NULL;
	resident->owned = NULL;
}

const char *
resident_part_key(enum resident_part part)
{
	static const char *const keys[RESIDENT_PARTS] = {
		[RESIDENT_LIVE] = "live",
		[RESIDENT_ROUNDING] = "rounding",
		[RESIDENT_HEADERS] = "headers",
		[RESIDENT_PINNED] = "pinned_free",
		[RESIDENT_KEPT] = "free_pages",
		[RESIDENT_UNSEEN] = "heap_unseen",
		[RESIDENT_STACKS] = "stacks",
		[RESIDENT_TEXT] = "file_text",
		[RESIDENT_DATA] = "file_data",
		[RESIDENT_SHARED] = "shared_memory",
		[RESIDENT_JIT] = "jit",
		[RESIDENT_MAPPED] = "mapped_by_program",
		[RESIDENT_ANONYMOUS] = "other_anonymous",
		[RESIDENT_TRACER] = "heaptally",
	};

	return keys[part];
}

const char *
resident_part_name(enum resident_part part)
{
	static const char *const names[RESIDENT_PARTS] = {
		[RESIDENT_LIVE] = "live",
		[RESIDENT_ROUNDING] = "rounding",
		[RESIDENT_HEADERS] = "headers",
		[RESIDENT_PINNED] = "pinned free",
		[RESIDENT_KEPT] = "free pages kept",
		[RESIDENT_UNSEEN] = "heap, not known",
		[RESIDENT_STACKS] = "stacks",
		[RESIDENT_TEXT] = "file text",
		[RESIDENT_DATA] = "file data",
		[RESIDENT_SHARED] = "shared memory",
		[RESIDENT_JIT] = "JIT code",
		[RESIDENT_MAPPED] = "mapped by the program",
		[RESIDENT_ANONYMOUS] = "other anonymous",
		[RESIDENT_TRACER] = "heaptally",
	};

	return names[part];
}

uint64_t
resident_get_heap(const struct resident *resident)
{
	uint64_t bytes = 0;

	for (unsigned part = 0; part < RESIDENT_HEAP_PARTS; part++)
		bytes += resident->parts[part];
	return bytes;
}

uint64_t
resident_get_other(const struct resident *resident, size_t mapping)
{
	return resident->mappings[mapping].outside - resident->mappings[mapping].owned;
}

size_t
resident_get_largest(const struct resident *resident, size_t limit, size_t *ret_mappings)
{
	const struct memory *memory = resident->memory;
	size_t count = 0;

	for (size_t i = 0; i < memory->mappings.count; i++) {
		size_t place;

		if (memory->mappings.items[i].class != MEMORY_ANONYMOUS ||
		    resident_get_other(resident, i) == 0)
			continue;
		for (place = count;
		     place > 0 && resident_get_other(resident, ret_mappings[place - 1]) <
					  resident_get_other(resident, i);
		     place--)
			if (place < limit)
				ret_mappings[place] = ret_mappings[place - 1];
		if (place < limit)
			ret_mappings[place] = i;
		if (place < limit && count < limit)
			count++;
	}
	return count;
}
