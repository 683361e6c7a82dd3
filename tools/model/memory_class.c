/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_class.c - names cannot be relied on, flags can: MAP_STACK keeps huge pages away since
 * Linux 6.7, and what heaptally maps for itself has flags that no other program was seen to use
 * together
 */
#include "config.h"
#include "model/memory_class.h"

#include <stdlib.h>
#include <string.h>

#include "glibc_heap.h"
#include "util/text.h"

/* Before Linux 6.7 a stack is known by the guard below it, which is not larger. */
#define GUARD_BYTES_MAX ((uint64_t)64 << 10)

/* malloc/arena.c: a heap's head, and in the first of an arena its state behind it. */
#define HEAP_HEAD_BYTES   48
#define ARENA_STATE_BYTES 2200
#define ARENA_STATE_REACH 128 /* the state is this near to the beginning */

static bool
is_anonymous(const struct memory_mapping *mapping)
{
	return mapping->inode == 0 &&
	       (mapping->name[0] == '\0' || text_starts_with(mapping->name, "[anon"));
}

static bool
is_file_of_tracer(const struct memory_mapping *mapping)
{
	const char *name = text_base_name(mapping->name);
	const char *end = strstr(name, ".recording");

	/* What the runtime shares with `heaptally run` lies in a folder of its own. */
	if (mapping->shared && (mapping->flags & MEMORY_NO_DUMP) != 0 &&
	    strstr(mapping->name, "/heaptally") != NULL)
		return true;
	return text_starts_with(name, "libheaptally.so") ||
	       (mapping->shared && end != NULL && (end[10] == '\0' || end[10] == ' '));
}

/* The flags that the runtime sets, see lib/base/os.c. */
static bool
has_flags_of_tracer(const struct memory_mapping *mapping)
{
	uint32_t flags = MEMORY_NO_DUMP | MEMORY_NO_HUGE_PAGES;

	return (mapping->flags & flags) == flags && (mapping->flags & MEMORY_ACCOUNTED) == 0 &&
	       (mapping->flags & (MEMORY_NO_RESERVE | MEMORY_WIPED_IN_CHILD)) != 0;
}

static bool
follows(const struct memory_mapping *mapping, const struct memory_mapping *before)
{
	return before != NULL && before->end == mapping->start;
}

/* Memory of no file behind the data of one is its bss. */
static bool
is_bss(const struct memory_mapping *mapping, const struct memory_mapping *before)
{
	return follows(mapping, before) && before->inode != 0 && before->writable &&
	       !before->shared;
}

static bool
has_guard(const struct memory_mapping *mapping, const struct memory_mapping *before)
{
	return follows(mapping, before) && before->inode == 0 && !before->readable &&
	       !before->writable && !before->executable;
}

static bool
is_for_stacks(const struct memory_mapping *mapping)
{
	uint32_t flags = MEMORY_NO_HUGE_PAGES | MEMORY_ACCOUNTED;

	return mapping->writable && (mapping->flags & flags) == flags;
}

/* A program may ask for the same flags: a guard below is the proof, where any stack has one. */
static bool
is_stack(const struct memory *memory, const struct memory_mapping *mapping,
	 const struct memory_mapping *before)
{
	if (!memory->flags_stacks)
		return has_guard(mapping, before) && before->end - before->start <= GUARD_BYTES_MAX;
	return is_for_stacks(mapping) &&
	       (has_guard(mapping, before) || (memory->threads > 1 && !memory->guards_stacks));
}

static bool
has_guarded_stack(const struct memory *memory)
{
	const struct memory_mapping *before = NULL;

	array_each (&memory->mappings, mapping) {
		if (is_for_stacks(mapping) && has_guard(mapping, before))
			return true;
		before = mapping;
	}
	return false;
}

static enum memory_class
classify_anonymous(const struct memory *memory, const struct memory_mapping *mapping,
		   const struct memory_mapping *before)
{
	if (has_flags_of_tracer(mapping))
		return MEMORY_TRACER;
	if (is_bss(mapping, before))
		return before->class == MEMORY_TRACER ? MEMORY_TRACER : MEMORY_DATA;
	if (mapping->executable)
		return MEMORY_JIT;
	if (mapping->writable && is_stack(memory, mapping, before))
		return MEMORY_THREAD_STACK;
	return MEMORY_ANONYMOUS;
}

static enum memory_class
classify(const struct memory *memory, const struct memory_mapping *mapping,
	 const struct memory_mapping *before)
{
	if ((mapping->flags & (MEMORY_DEVICE | MEMORY_HUGETLB)) != 0 ||
	    text_starts_with(mapping->name, "[vvar") || strcmp(mapping->name, "[vsyscall]") == 0)
		return MEMORY_OUTSIDE;
	if (strcmp(mapping->name, "[heap]") == 0)
		return MEMORY_HEAP;
	if (strcmp(mapping->name, "[stack]") == 0)
		return MEMORY_MAIN_STACK;
	if (strcmp(mapping->name, "[vdso]") == 0)
		return MEMORY_TEXT;
	if (is_file_of_tracer(mapping))
		return MEMORY_TRACER;
	if (mapping->shared)
		return mapping->of_no_file ? MEMORY_SHARED : MEMORY_TEXT;
	if (is_anonymous(mapping))
		return classify_anonymous(memory, mapping, before);
	return mapping->writable ? MEMORY_DATA : MEMORY_TEXT;
}

void
memory_class_set(struct memory *memory)
{
	const struct memory_mapping *before = NULL;

	memory->guards_stacks = memory->flags_stacks && has_guarded_stack(memory);
	array_each (&memory->mappings, mapping) {
		mapping->class = classify(memory, mapping, before);
		before = mapping;
	}
}

bool
memory_class_may_be_heap(const struct memory_mapping *mapping)
{
	return mapping->writable && !mapping->shared && mapping->inode == 0 &&
	       mapping->class != MEMORY_HEAP && mapping->class != MEMORY_MAIN_STACK &&
	       mapping->class != MEMORY_OUTSIDE && !has_flags_of_tracer(mapping);
}

uint64_t
memory_class_get_arena(const uint64_t words[MEMORY_ARENA_WORDS])
{
	uint64_t arena = words[0], bytes = words[2], writable = words[3];
	uint64_t place = arena % GLIBC_HEAP_BYTES;

	if (arena == 0 || arena % 16 != 0 || place == 0 || place > ARENA_STATE_REACH)
		return 0;
	if (bytes < MEMORY_PAGE_BYTES || bytes > GLIBC_HEAP_BYTES ||
	    bytes % MEMORY_PAGE_BYTES != 0 || writable < bytes || writable > GLIBC_HEAP_BYTES)
		return 0;
	return bytes;
}

uint64_t
memory_class_get_first_chunk(uint64_t start, uint64_t arena)
{
	bool is_first = arena / GLIBC_HEAP_BYTES == start / GLIBC_HEAP_BYTES;

	return start + HEAP_HEAD_BYTES + (is_first ? ARENA_STATE_BYTES : 0);
}

static int
compare_regions(const void *left, const void *right)
{
	const struct memory_region *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (int)a->kind - (int)b->kind;
}

/* What begins in another one is cut. */
static void
sort_regions(struct memory *memory)
{
	size_t count = 0;
	uint64_t end = 0;

	if (memory->regions.count > 1)
		qsort(memory->regions.items, memory->regions.count, sizeof(struct memory_region),
		      compare_regions);
	array_each (&memory->regions, region) {
		if (region->start < end)
			region->start = end;
		if (region->start >= region->end)
			continue;
		end = region->end;
		memory->regions.items[count++] = *region;
	}
	memory->regions.count = count;
}

/* The parts of a range that no region has; the regions there are sorted, the new ones come after
 * them. */
static void
fill_range(struct memory *memory, size_t sorted, size_t *next, struct memory_range range,
	   enum memory_region_kind kind)
{
	uint64_t from = range.start;

	while (*next < sorted && memory->regions.items[*next].end <= from)
		(*next)++;
	for (size_t i = *next; from < range.end; i++) {
		bool is_last = i >= sorted || memory->regions.items[i].start >= range.end;
		uint64_t to = is_last ? range.end : memory->regions.items[i].start;

		if (to > from)
			*array_push(&memory->regions) =
				(struct memory_region){from, to, kind, 0, from};
		if (is_last)
			break;
		from = memory->regions.items[i].end;
	}
}

static bool
has_block(const struct memory *memory, uint64_t start, uint64_t end)
{
	size_t low = 0, high = memory->blocks.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->blocks.items[middle].address < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < memory->blocks.count && memory->blocks.items[low].address < end;
}

/* Where blocks of an allocator are or were, in the order of addresses. */
struct leaves {
	const struct memory_range *items;
	size_t count;
	size_t next; /* the first that may reach into the mapping that is looked at */
};

/* A leaf that reaches beyond `whole` says nothing of a part of that, but for a block there now. */
static bool
holds_leaf(const struct memory *memory, enum memory_class class, struct memory_range whole,
	   struct memory_range part, const struct memory_range *leaf)
{
	uint64_t start = leaf->start, end = leaf->end;

	/* What looks like the bss of a file may be a heap that came to lie behind its data. */
	if (start >= whole.start && end <= whole.end && class != MEMORY_DATA &&
	    class != MEMORY_TRACER)
		return true;
	if (start < part.start)
		start = part.start;
	if (end > part.end)
		end = part.end;
	return has_block(memory, start, end);
}

static bool
holds_leaves(const struct memory *memory, enum memory_class class, struct memory_range whole,
	     struct memory_range part, const struct leaves *leaves)
{
	for (size_t i = leaves->next; i < leaves->count && leaves->items[i].start < part.end; i++)
		if (leaves->items[i].end > part.start &&
		    holds_leaf(memory, class, whole, part, &leaves->items[i]))
			return true;
	return false;
}

/* The first range of the program's own that may reach into a mapping; they come in order, too. */
static void
skip_owned(const struct memory *memory, size_t *next, uint64_t start)
{
	while (*next < memory->owned.count && memory->owned.items[*next].end <= start)
		(*next)++;
}

/* The part of a mapping from `at` on that is of one call of the program's, or of none. */
static struct memory_range
get_piece(const struct memory *memory, size_t *next, uint64_t at, uint64_t end, bool *ret_owned)
{
	const struct memory_owned *owned;

	skip_owned(memory, next, at);
	*ret_owned = false;
	if (*next == memory->owned.count || memory->owned.items[*next].start >= end)
		return (struct memory_range){at, end};
	owned = &memory->owned.items[*next];
	if (owned->start > at)
		return (struct memory_range){at, owned->start};
	*ret_owned = true;
	return (struct memory_range){at, owned->end < end ? owned->end : end};
}

/* The kernel makes one mapping of neighbours. What the program mapped is a heap if it has held a
 * block itself; the rest, if any block was in what is not the program's. */
static void
add_mapping(struct memory *memory, const struct memory_mapping *mapping,
	    const struct leaves *leaves, size_t owned, size_t *region, size_t sorted,
	    enum memory_region_kind kind)
{
	struct memory_range whole = {mapping->start, mapping->end}, piece;
	enum memory_class class = mapping->class;
	bool is_heap = false, is_owned;

	for (unsigned pass = 0; pass < 2; pass++) {
		size_t next = owned;

		for (uint64_t at = mapping->start; at < mapping->end; at = piece.end) {
			piece = get_piece(memory, &next, at, mapping->end, &is_owned);
			if (pass == 0)
				is_heap |= !is_owned &&
					   holds_leaves(memory, class, whole, piece, leaves);
			else if (is_owned ? holds_leaves(memory, class, piece, piece, leaves)
					  : is_heap)
				fill_range(memory, sorted, region, piece, kind);
		}
	}
}

/* Mappings with blocks in them. */
static void
add_mappings(struct memory *memory, struct leaves leaves, enum memory_region_kind kind)
{
	size_t sorted = memory->regions.count, next = 0, owned = 0;

	array_each (&memory->mappings, mapping) {
		struct memory_range whole = {mapping->start, mapping->end};

		if (!memory_class_may_be_heap(mapping))
			continue;
		while (leaves.next < leaves.count &&
		       leaves.items[leaves.next].end <= mapping->start)
			leaves.next++;
		skip_owned(memory, &owned, mapping->start);
		if (owned == memory->owned.count ||
		    memory->owned.items[owned].start >= mapping->end) {
			if (holds_leaves(memory, mapping->class, whole, whole, &leaves))
				fill_range(memory, sorted, &next, whole, kind);
		} else {
			add_mapping(memory, mapping, &leaves, owned, &next, sorted, kind);
		}
	}
	sort_regions(memory);
}

void
memory_class_add_regions(struct memory *memory)
{
	array_each (&memory->mappings, mapping) {
		if (mapping->class == MEMORY_HEAP)
			*array_push(&memory->regions) =
				(struct memory_region){mapping->start, mapping->end,
						       MEMORY_REGION_MAIN, 0, mapping->start};
	}
	sort_regions(memory);
	add_mappings(memory,
		     (struct leaves){memory->domain_leaves.items, memory->domain_leaves.count, 0},
		     MEMORY_REGION_PYTHON);
	add_mappings(memory, (struct leaves){memory->leaves.items, memory->leaves.count, 0},
		     MEMORY_REGION_OTHER);
}
