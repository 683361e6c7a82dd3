/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/look.h"

#include <errno.h>
#include <string.h>

#include "base/os.h"
#include "base/os_memory.h"
#include "base/own_memory.h"
#include "reach/memory_room.h"
#include "reach/objects.h"

/* Not on the stack, whose words are looked at, too; one look at a time. */
static struct {
	const struct look *look;
	struct memory_map map;
	struct nodes nodes;
	struct roots roots;
	struct scan scan;
	struct objects objects;
	struct thread_locals locals;
	struct roots_input roots_input;
	struct graph_writer writer;
	uint64_t *first;
	uint16_t *sums; /* by block; or NULL */
	size_t first_bytes, sums_bytes;
} now;

static bool
is_own(uint64_t start, uint64_t end)
{
	const struct own_memory *own;
	size_t count;

	own_memory_get(&own, &count);
	for (size_t i = 0; i < count; i++)
		if (own[i].start != 0 && own[i].start < end && own[i].end > start)
			return true;
	return false;
}

/* What the process has and its copy has not. */
static uint64_t
count_missed(const struct memory_map *outer)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < outer->count; i++) {
		const struct mapping *mapping = &outer->mappings[i];

		if (mapping->readable && mapping->writable && !mapping->is_device &&
		    memory_map_find(&now.map, mapping->start) == NULL &&
		    !is_own(mapping->start, mapping->end))
			missed += mapping->end - mapping->start;
	}
	return missed;
}

/* One table whose records are in memory. */
static void
write_table(struct graph_extent *extent, const void *records, size_t count, size_t record_bytes)
{
	graph_writer_begin(&now.writer, extent);
	graph_writer_put(&now.writer, records, count * record_bytes);
	extent->count = count;
}

/* Names are written in the order of those who have them; neighbours have one in common. */
struct strings {
	uint32_t offset, last_name, last_offset;
};

/* From the place in the text of the map to that in the file. */
static void
write_name(struct strings *strings, uint32_t *name)
{
	const char *text = now.map.text + *name;
	uint32_t bytes = (uint32_t)strlen(text) + 1;

	if (*name == 0 || bytes == 1) {
		*name = 0;
	} else if (*name == strings->last_name) {
		*name = strings->last_offset;
	} else {
		graph_writer_put(&now.writer, text, bytes);
		strings->last_name = *name;
		*name = strings->last_offset = strings->offset;
		strings->offset += bytes;
	}
}

static void
write_strings(void)
{
	struct graph_extent *extent = &now.writer.header.sections[GRAPH_STRINGS];
	struct strings strings = {.offset = 1};

	graph_writer_begin(&now.writer, extent);
	graph_writer_put(&now.writer, "", 1);
	for (size_t i = 0; i < now.roots.count; i++)
		write_name(&strings, &now.roots.items[i].name);
	for (size_t i = 0; i < now.locals.count; i++)
		write_name(&strings, &now.locals.items[i].name);
	extent->count = strings.offset;
}

static void
write_tables(const struct look *look)
{
	struct graph_header *header = &now.writer.header;
	size_t sources = now.nodes.count + now.roots.count;

	write_table(&header->sections[GRAPH_FIRST], now.first, sources + 1, sizeof *now.first);
	write_table(&header->sections[GRAPH_BLOCKS], now.nodes.blocks, now.nodes.count,
		    sizeof *now.nodes.blocks);
	write_strings();
	write_table(&header->sections[GRAPH_ROOTS], now.roots.items, now.roots.count,
		    sizeof *now.roots.items);
	write_table(&header->thread_table, look->threads, look->thread_count,
		    sizeof *look->threads);
	write_table(&header->far_table, now.scan.far.items, now.scan.far.count,
		    sizeof *now.scan.far.items);
	write_table(&header->object_table, now.objects.items, now.objects.count,
		    sizeof *now.objects.items);
	write_table(&header->class_table, now.objects.tables, now.objects.table_count,
		    sizeof *now.objects.tables);
	write_table(&header->local_table, now.locals.items, now.locals.count,
		    sizeof *now.locals.items);
	if (now.sums != NULL)
		write_table(&header->sum_table, now.sums, now.nodes.count, sizeof *now.sums);
}

/* Nobody waits for an answer any more, or it takes too long. */
static int
check_time(const struct look *look)
{
	if (look->deadline_ns != 0 && os_monotonic_ns() > look->deadline_ns)
		return -ETIMEDOUT;
	return look->parent != 0 && os_parent_id() != look->parent ? -ESRCH : 0;
}

/* Bytes of the file that are still to be written, as far as is known: pages in memory, perhaps. */
static uint64_t
count_rest(void)
{
	size_t sources = now.nodes.count + now.roots.capacity;
	size_t far = now.scan.far.count + far_places_get_next(&now.scan.far);

	return sources * sizeof *now.first + now.nodes.count * sizeof *now.nodes.blocks +
	       far * sizeof *now.scan.far.items + now.objects.count * sizeof *now.objects.items +
	       2 * now.sums_bytes + SCAN_CHECK_BYTES;
}

/* Memory that is used for this is charged to the process. Long before there is none left, it ends.
 */
static int
check_room(uint64_t need)
{
	return memory_room_get() / 2 < need ? -ENOMEM : 0;
}

static int
check_all(void)
{
	int result = check_time(now.look);

	return result == 0 ? check_room(count_rest()) : result;
}

static void
read_block(uint32_t number)
{
	const struct graph_block *block = &now.nodes.blocks[number];
	bool is_object = !thread_locals_take(&now.locals, block->start,
					     block->start + nodes_get_bytes(block)) &&
			 scan_block(&now.scan, block);

	if (is_object)
		objects_take(&now.objects, number, block);
	if (now.sums != NULL)
		now.sums[number] = scan_take_sum(&now.scan);
}

static int
read_memory(const struct look *look)
{
	struct graph_extent *extent = &now.writer.header.sections[GRAPH_EDGES];

	graph_writer_begin(&now.writer, extent);
	now.look = look;
	now.scan.check = check_all;
	for (size_t i = 0; i < now.nodes.count; i++) {
		scan_begin_source(&now.scan, (uint32_t)i);
		read_block((uint32_t)i);
		if (!scan_goes_on(&now.scan))
			return now.scan.error;
	}
	roots_scan(&now.roots, &now.scan, (uint32_t)now.nodes.count);
	scan_finish(&now.scan, (uint32_t)(now.nodes.count + now.roots.count));
	extent->count = now.scan.edge_count;
	return now.scan.error != 0 ? now.scan.error : check_time(look);
}

static bool
prepare_sums(uint32_t key)
{
	now.scan.key = key;
	if (key == 0 || now.nodes.count == 0)
		return true;
	now.sums_bytes = now.nodes.count * sizeof *now.sums;
	now.sums = os_map_dense(now.sums_bytes);
	return now.sums != NULL;
}

/* Everything that needs memory; from here on nothing fails but the file. */
static int
prepare(const struct look *look)
{
	int result = nodes_init(&now.nodes, &now.map, check_room);

	if (result != 0)
		return result;
	thread_locals_init(&now.locals, &now.map, look->threads, look->thread_count);
	now.roots_input = look->roots;
	now.roots_input.locals = &now.locals;
	now.first_bytes = (now.nodes.count + roots_get_capacity(&now.map, &now.roots_input) + 1) *
			  sizeof *now.first;
	now.first = os_map_dense(now.first_bytes);
	if (now.first == NULL || !prepare_sums(look->key))
		return -ENOMEM;
	objects_init(&now.objects, &now.map, now.nodes.count);
	result = scan_init(&now.scan, &now.nodes, &now.map, &now.writer, now.first);
	if (result == 0)
		result = roots_init(&now.roots, &now.map, &now.nodes, &now.roots_input);
	return result;
}

static void
release(void)
{
	roots_release(&now.roots);
	scan_release(&now.scan);
	objects_release(&now.objects);
	thread_locals_release(&now.locals);
	if (now.first != NULL)
		os_unmap(now.first, now.first_bytes);
	if (now.sums != NULL)
		os_unmap(now.sums, now.sums_bytes);
	nodes_release(&now.nodes);
	memory_map_release(&now.map);
}

static void
note_gaps(const struct look *look)
{
	struct graph_header *header = &now.writer.header;

	if (now.map.is_cut)
		header->gaps |= GRAPH_GAP_MAPPINGS;
	if (look->outer != NULL)
		header->missed_bytes = count_missed(look->outer);
	if (header->missed_bytes != 0)
		header->gaps |= GRAPH_GAP_NOT_INHERITED;
}

int
look_refuse(const struct look *look, int error)
{
	int result;

	memset(&now, 0, sizeof now);
	now.writer.header = look->header;
	result = graph_writer_init(&now.writer, look->recording);
	return result == 0 ? graph_writer_finish(&now.writer, error) : result;
}

int
look_make(const struct look *look)
{
	struct graph_header *header = &now.writer.header;
	uint64_t start_ns = os_monotonic_ns();
	int result;

	memset(&now, 0, sizeof now);
	now.scan.pagemap = -1;
	*header = look->header;
	result = graph_writer_init(&now.writer, look->recording);
	if (result != 0)
		return result;
	result = memory_map_init(&now.map);
	if (result == 0) {
		note_gaps(look);
		scan_open(&now.scan, look->deadline_ns);
		/* All that is read of /proc is open: a process without dumps may not any more. */
		if (look->outer != NULL)
			os_forbid_dumps();
		result = prepare(look);
	}
	if (result == 0)
		result = read_memory(look);
	if (result == 0)
		write_tables(look);
	if (now.scan.has_failed)
		header->gaps |= GRAPH_GAP_UNREADABLE;
	header->read_bytes = now.scan.read_bytes;
	header->scan_ns = os_monotonic_ns() - start_ns;
	if (header->mode == GRAPH_AT_EXIT)
		header->pause_ns = header->scan_ns;
	result = graph_writer_finish(&now.writer, result);
	release();
	return result;
}
