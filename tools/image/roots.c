/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * roots.c - every mapping that can be written, less what the allocator has to itself, what the
 * runtime has, devices, and stacks below where they are used
 */
#include "config.h"
#include "image/roots.h"

#include <string.h>

#include "image/allocator.h"
#include "image/image.h"
#include "image/image_known.h"
#include "image/ranges.h"
#include "image/scan.h"
#include "image/shares.h"
#include "util/text.h"

#define RED_ZONE 128 /* bytes below the stack pointer that functions may use */

struct reading {
	struct scan *scan;
	const struct image *image;
	struct ranges passed;
	ARRAY(struct graph_area) roots;
	ARRAY(uint64_t) first;
	ARRAY(char) strings;
	size_t block_count;
	const char *last_name;
	uint32_t last_place;
	uint64_t libc_start, libc_end; /* its variables */
	uint64_t missed_bytes;
};

/* Roots come in the order of their mappings, and so do names. */
static uint32_t
put_name(struct reading *reading, const char *name)
{
	size_t bytes = strlen(name) + 1;

	if (bytes == 1)
		return 0;
	if (name != reading->last_name) {
		array_reserve(&reading->strings, reading->strings.count + bytes);
		reading->last_name = name;
		reading->last_place = (uint32_t)reading->strings.count;
		memcpy(reading->strings.items + reading->strings.count, name, bytes);
		reading->strings.count += bytes;
	}
	return reading->last_place;
}

/* The next source. */
static void
begin_root(struct reading *reading, enum graph_area_kind kind, uint64_t start, uint64_t end,
	   const char *name)
{
	*array_push(&reading->first) = reading->scan->arcs.count;
	reading->scan->source = reading->block_count + reading->roots.count;
	reading->scan->is_allocators = false;
	*array_push(&reading->roots) =
		(struct graph_area){start, end, kind, put_name(reading, name)};
}

/* Those parts of a root that are not passed over. */
static void
read_parts(struct reading *reading, uint64_t start, uint64_t end)
{
	const struct ranges *passed = &reading->passed;
	uint64_t at = start;

	for (size_t i = ranges_find(passed, start); i < passed->list.count && at < end; i++) {
		const struct memory_range *range = &passed->list.items[i];

		if (range->start >= end)
			break;
		if (range->start > at)
			scan_memory(reading->scan, at, range->start, (at - start + 7) / 8);
		at = range->end;
	}
	if (at < end)
		scan_memory(reading->scan, at, end, (at - start + 7) / 8);
}

static void
read_root(struct reading *reading, const struct image_mapping *mapping, enum graph_area_kind kind,
	  uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	begin_root(reading, kind, start, end, mapping->object);
	reading->scan->is_allocators =
		mapping->start >= reading->libc_start && mapping->end <= reading->libc_end;
	read_parts(reading, start, end);
}

/* The stack pointer of the only thread whose stack is known to be in there, less what it may use
 * below; or 0. */
static uint64_t
find_stack_pointer(const struct reading *reading, const struct image_mapping *mapping)
{
	uint64_t found = 0;

	array_each (&reading->image->threads, thread) {
		uint64_t sp = thread->sp;

		if (sp < mapping->start || sp >= mapping->end)
			continue;
		if (found != 0)
			return 0;
		/* Within a block, it tells nothing of what is around the block. */
		if (!ranges_contain(&reading->passed, sp))
			found = sp - RED_ZONE < mapping->start ? mapping->start : sp - RED_ZONE;
	}
	return found;
}

/* A file that some part of can be executed is one that was loaded. */
static bool
is_loaded(const struct image *image, const char *name)
{
	array_each (&image->mappings, mapping)
		if (mapping->executable && mapping->name == name)
			return true;
	return false;
}

static void
read_mapping(struct reading *reading, const struct image_mapping *mapping)
{
	uint64_t sp = find_stack_pointer(reading, mapping);

	if (sp != 0) {
		read_root(reading, mapping, GRAPH_AREA_DEAD_STACK, mapping->start, sp);
		read_root(reading, mapping, GRAPH_AREA_STACK, sp, mapping->end);
	} else if (strcmp(mapping->object, "[stack]") == 0) {
		read_root(reading, mapping, GRAPH_AREA_STACK, mapping->start, mapping->end);
	} else {
		bool is_module = mapping->object[0] == '/' && !mapping->is_shared &&
				 is_loaded(reading->image, mapping->object);

		read_root(reading, mapping, is_module ? GRAPH_AREA_MODULE : GRAPH_AREA_MAPPING,
			  mapping->start, mapping->end);
	}
}

/* A thread may have a block for its stack. */
static void
read_stacks_in_blocks(struct reading *reading)
{
	array_each (&reading->image->threads, thread) {
		const struct ranges *passed = &reading->passed;
		const struct image_mapping *mapping = image_find(reading->image, thread->sp);
		uint64_t end;

		if (mapping == NULL || !ranges_contain(passed, thread->sp))
			continue;
		end = passed->list.items[ranges_find(passed, thread->sp)].end;
		begin_root(reading, GRAPH_AREA_STACK, thread->sp, end, mapping->object);
		scan_memory(reading->scan, thread->sp, end, 0);
	}
}

/* Thread-local variables in memory that the loader has by malloc. */
static void
read_hidden_shares(struct reading *reading, const struct shares *shares)
{
	array_each (&shares->list, share) {
		uint64_t start = share->share.start, end = share->share.end;
		const struct image_mapping *mapping = image_find(reading->image, start);

		if (!share->is_hidden || mapping == NULL || !mapping->readable ||
		    end > mapping->end || !ranges_contain(&reading->passed, start))
			continue;
		begin_root(reading, GRAPH_AREA_MODULE, start, end, share->object);
		scan_memory(reading->scan, start, end, 0);
	}
}

/* Where which variables of whom are, for those who want their names. */
static void
take_shares(struct reading *reading, struct graph *graph, const struct shares *shares)
{
	graph->shares = xcalloc(shares->list.count + 1, sizeof(*graph->shares));
	array_each (&shares->list, share) {
		struct graph_share *taken = &graph->shares[graph->share_count++];

		*taken = share->share;
		taken->name = put_name(reading, share->object);
	}
}

static void
read_words(struct reading *reading)
{
	array_each (&reading->image->threads, thread) {
		if (thread->word_count == 0)
			continue;
		begin_root(reading, GRAPH_AREA_REGISTERS, 0, 0, "");
		scan_words(reading->scan, thread->words, thread->word_count, 0);
	}
	begin_root(reading, GRAPH_AREA_KERNEL, 0, 0, "");
	scan_words(reading->scan, reading->image->kernel.items, reading->image->kernel.count, 0);
}

static bool
is_libc(const char *name)
{
	const char *base = text_base_name(name);

	return text_starts_with(base, "libc.so") || text_starts_with(base, "libc-2.");
}

static void
find_libc(struct reading *reading, const struct image_known *known)
{
	array_each (&reading->image->mappings, mapping) {
		const char *name = mapping->object;

		if (!known->is_glibc || !mapping->writable || !is_libc(name))
			continue;
		if (reading->libc_start == 0)
			reading->libc_start = mapping->start;
		reading->libc_end = mapping->end;
	}
}

static void
give(struct reading *reading, struct graph *graph)
{
	*array_push(&reading->first) = reading->scan->arcs.count;
	array_reserve(&reading->roots, 1);
	graph->roots = reading->roots.items;
	graph->root_count = reading->roots.count;
	graph->strings = reading->strings.items;
	graph->string_bytes = reading->strings.count;
	graph->first = xreallocarray(graph->first, reading->block_count + reading->first.count,
				     sizeof(*graph->first));
	memcpy(graph->first + reading->block_count, reading->first.items,
	       reading->first.count * sizeof(*graph->first));
	array_release(&reading->first);
	ranges_release(&reading->passed);
}

void
roots_read(struct graph *graph, struct scan *scan, const struct image *image,
	   const struct image_known *known, const struct shares *shares)
{
	struct reading reading = {.scan = scan, .image = image, .block_count = graph->block_count};

	*array_push(&reading.strings) = '\0';
	allocator_get_memory(image, graph, known, &reading.passed);
	for (size_t i = 0; i < known->own_count; i++)
		ranges_insert(&reading.passed, known->own[i].start, known->own[i].end);
	ranges_sort(&reading.passed);
	find_libc(&reading, known);
	read_words(&reading);
	read_stacks_in_blocks(&reading);
	read_hidden_shares(&reading, shares);
	array_each (&image->mappings, mapping)
		if (mapping->readable && mapping->writable && !mapping->is_device &&
		    !mapping->is_untouched)
			read_mapping(&reading, mapping);
	take_shares(&reading, graph, shares);
	give(&reading, graph);
}
