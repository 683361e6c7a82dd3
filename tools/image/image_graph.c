/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image_graph.c - blocks first, in the order of their addresses, then the roots
 */
#include "config.h"
#include "image/image_graph.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/image_known.h"
#include "image/pointer.h"
#include "image/roots.h"
#include "image/scan.h"
#include "image/shares.h"
#include "util/array.h"
#include "util/xalloc.h"

#define CLASSES_MOST ((size_t)1 << 16)

static void
set_bytes(struct graph_node *block, uint64_t bytes)
{
	block->bytes_high = bytes >> 32 & 0xffff;
	block->bytes_low = (uint32_t)bytes;
}

/* The free of a block was not seen if another one has been made in it: it is that of what is left
 * in front. */
static void
end_stale(struct graph *graph, uint64_t start)
{
	struct graph_node *last =
		graph->block_count != 0 ? &graph->blocks[graph->block_count - 1] : NULL;

	if (last != NULL && last->start + graph_get_bytes(last) > start)
		set_bytes(last, start - last->start);
	if (last != NULL && last->start == start)
		graph->block_count--;
}

/* How much of a block is on the map, whose parts may be mappings of their own by madvise(2); or
 * that it is not. Only glibc has its size in the two words before it. */
static bool
limit_bytes(const struct image *image, const struct image_known *known, uint64_t start,
	    uint64_t *bytes)
{
	const struct image_mapping *mapping = image_find(image, start), *head = mapping;
	const struct image_mapping *last = image->mappings.items + image->mappings.count - 1;

	if (known->is_glibc)
		head = image_find(image, start - 2 * sizeof(uint64_t));
	if (mapping == NULL || !mapping->readable || head == NULL || !head->readable)
		return false;
	while (*bytes > mapping->end - start && mapping < last &&
	       mapping[1].start == mapping->end && mapping[1].readable)
		mapping++;
	if (*bytes > mapping->end - start)
		*bytes = mapping->end - start;
	return true;
}

/* Those that are on the map. */
static void
take_blocks(struct graph *graph, const struct image *image, const struct image_known *known)
{
	graph->blocks = xcalloc(known->block_count + 1, sizeof(*graph->blocks));
	for (size_t i = 0; i < known->block_count; i++) {
		const struct memory_block *block = &known->blocks[i];
		struct graph_node *node;
		uint64_t bytes = block->bytes;

		if (block->site == 0 || graph->block_count == UINT32_MAX - 1 ||
		    !limit_bytes(image, known, block->address, &bytes))
			continue;
		end_stale(graph, block->address);
		node = &graph->blocks[graph->block_count++];
		*node = (struct graph_node){
			.start = block->address & (((uint64_t)1 << 48) - 1),
			.site = block->site,
		};
		set_bytes(node, bytes);
		if (node->site > graph->site_count)
			graph->site_count = node->site;
	}
}

/* --- tables of virtual functions --- */

struct class
{
	uint64_t table;
	uint32_t number;
};

static int
compare_instances(const void *left, const void *right)
{
	const struct class *a = left, *b = right;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static int
compare_blocks(const void *left, const void *right)
{
	const struct graph_instance *a = left, *b = right;

	return (a->block > b->block) - (a->block < b->block);
}

/* Number the tables: those of the same address are one. */
static void
number_tables(struct graph *graph, struct class *found, size_t count)
{
	if (count > 1)
		qsort(found, count, sizeof(*found), compare_instances);
	graph->tables = xcalloc(count + 1, sizeof(*graph->tables));
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || found[i].table != found[i - 1].table)
			graph->tables[graph->table_count++] = found[i].table;
		graph->instances[found[i].number].table =
			(uint32_t)(graph->table_count - 1) & INT32_MAX;
	}
	if (graph->table_count > CLASSES_MOST)
		graph->instance_count = graph->table_count = 0;
	else if (graph->instance_count > 1)
		qsort(graph->instances, graph->instance_count, sizeof(*graph->instances),
		      compare_blocks);
}

static void
find_classes(struct graph *graph, const struct image *image)
{
	ARRAY(struct graph_instance) instances = {0};
	ARRAY(struct class) found = {0};

	for (size_t i = 0; i < graph->block_count; i++) {
		bool is_array = false;
		uint64_t table = pointer_find_table(image, &graph->blocks[i], &is_array);

		if (table == 0)
			continue;
		*array_push(&found) = (struct class){table, (uint32_t)instances.count};
		*array_push(&instances) =
			(struct graph_instance){.block = (uint32_t)i, .is_array = is_array};
	}
	array_reserve(&instances, 1);
	graph->instances = instances.items;
	graph->instance_count = instances.count;
	number_tables(graph, found.items, found.count);
	array_release(&found);
}

/* --- all of it --- */

static int
compare_threads(const void *left, const void *right)
{
	const struct graph_task *a = left, *b = right;

	return (a->control > b->control) - (a->control < b->control);
}

static void
take_threads(struct graph *graph, const struct image *image)
{
	graph->threads = xcalloc(image->threads.count + 1, sizeof(*graph->threads));
	array_each (&image->threads, thread) {
		if (thread->sp == 0)
			graph->quality.unseen++;
		if (thread->control != 0)
			graph->threads[graph->thread_count++] =
				(struct graph_task){.control = thread->control, .id = thread->id};
	}
	if (graph->thread_count > 1)
		qsort(graph->threads, graph->thread_count, sizeof(*graph->threads),
		      compare_threads);
	graph->quality.threads = (uint32_t)image->threads.count;
}

static void
scan_blocks(struct graph *graph, struct scan *scan, struct shares *shares)
{
	for (size_t i = 0; i < graph->block_count; i++) {
		const struct graph_node *block = &graph->blocks[i];
		uint64_t end = block->start + graph_get_bytes(block);

		graph->first[i] = scan->arcs.count;
		scan->source = i;
		if (!shares_take(shares, block->start, end))
			scan_memory(scan, block->start, end, 0);
		graph->sums[i] = scan_take_sum(scan);
	}
}

void
image_graph_make(struct graph *graph, struct image *image, const struct image_known *known)
{
	struct shares shares;
	struct scan scan;

	memset(graph, 0, sizeof(*graph));
	take_blocks(graph, image, known);
	shares_find_threads(image, known);
	shares_init(&shares, image, known);
	graph->first = xcalloc(graph->block_count + 1, sizeof(*graph->first));
	graph->sums = xcalloc(graph->block_count + 1, sizeof(*graph->sums));
	scan_init(&scan, image, graph->blocks, graph->block_count);
	scan_blocks(graph, &scan, &shares);
	roots_read(graph, &scan, image, known, &shares);
	shares_release(&shares);
	find_classes(graph, image);
	take_threads(graph, image);
	array_reserve(&scan.arcs, 1);
	array_reserve(&scan.far, 1);
	graph->arcs = scan.arcs.items;
	graph->arc_count = scan.arcs.count;
	graph->far = scan.far.items;
	graph->far_count = scan.far.count;
	scan.arcs.items = NULL;
	scan.far.items = NULL;
	graph->quality.read_bytes = scan.read_bytes;
	graph->quality.missed_bytes = scan.missed_bytes;
	graph->quality.unreadable = scan.missed_bytes != 0 || known->misses_blocks;
	scan_release(&scan);
}
