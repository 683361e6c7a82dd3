/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/roots.h"

#include <errno.h>
#include <string.h>

#include "base/os_memory.h"
#include "base/own_memory.h"
#include "memory/real.h"
#include "reach/allocator_memory.h"

#define PER_MAPPING 2 /* a stack has a living part and a dead one */
#define OTHERS      4

#define RED_ZONE    128 /* bytes below the stack pointer that functions may use */

size_t
roots_get_capacity(const struct memory_map *map, const struct roots_input *input)
{
	return map->count * PER_MAPPING + OTHERS + input->locals->hidden_count;
}

/* The variables of libc, in which the allocator has its own. */
static void
find_libc(struct roots *roots)
{
	const struct memory_map *map = roots->map;
	const struct mapping *code = memory_map_find(map, (uint64_t)(uintptr_t)real.malloc);

	if (!real.is_glibc || code == NULL || map->text[code->name] == '\0')
		return;
	for (size_t i = 0; i < map->count; i++) {
		const struct mapping *mapping = &map->mappings[i];

		if (!mapping->writable ||
		    strcmp(map->text + mapping->object, map->text + code->name) != 0)
			continue;
		if (roots->libc_start == 0)
			roots->libc_start = mapping->start;
		roots->libc_end = mapping->end;
	}
}

static void
pass_over_own_memory(struct roots *roots)
{
	const struct own_memory *own;
	size_t count;

	if (!own_memory_get(&own, &count))
		roots->passed_over.is_full = true;
	for (size_t i = 0; i < count; i++)
		if (own[i].start != 0 && own[i].kind != OWN_MEMORY_LENT)
			ranges_insert(&roots->passed_over, own[i].start, own[i].end);
	ranges_insert(&roots->passed_over, real.self_start, real.self_end);
}

int
roots_init(struct roots *roots, const struct memory_map *map, const struct nodes *nodes,
	   const struct roots_input *input)
{
	*roots = (struct roots){.map = map, .input = input};
	roots->capacity = roots_get_capacity(map, input);
	roots->items_bytes = roots->capacity * sizeof *roots->items;
	roots->items = os_map(roots->items_bytes, false);
	allocator_memory_get(map, nodes, input->has_unknown_blocks, &roots->passed_over);
	/* Last: what was mapped until now is in it. */
	pass_over_own_memory(roots);
	ranges_sort(&roots->passed_over);
	find_libc(roots);
	return roots->items != NULL && !roots->passed_over.is_full ? 0 : -ENOMEM;
}

void
roots_release(struct roots *roots)
{
	ranges_release(&roots->passed_over);
	if (roots->items != NULL)
		os_unmap(roots->items, roots->items_bytes);
}

/* --- reading --- */

struct reading {
	struct roots *roots;
	struct scan *scan;
	uint32_t first;
};

/* The next source. */
static struct graph_root *
begin_root(struct reading *reading, enum graph_root_kind kind, uint64_t start, uint64_t end,
	   uint32_t name)
{
	struct roots *roots = reading->roots;
	struct graph_root *root = &roots->items[roots->count];

	*root = (struct graph_root){start, end, kind, name};
	scan_begin_source(reading->scan, reading->first + (uint32_t)roots->count++);
	reading->scan->is_allocators = false;
	return root;
}

/* Those parts of a root that are not passed over. */
static void
read_parts(struct reading *reading, const struct mapping *mapping, uint64_t start, uint64_t end)
{
	const struct ranges *passed = &reading->roots->passed_over;
	uint64_t at = start;

	for (size_t i = ranges_find(passed, start); i < passed->count && at < end; i++) {
		const struct range *range = &passed->items[i];

		if (range->start >= end)
			break;
		if (range->start > at)
			scan_memory(reading->scan, at, range->start, (at - start + 7) / 8, mapping);
		at = range->end;
	}
	if (at < end)
		scan_memory(reading->scan, at, end, (at - start + 7) / 8, mapping);
}

static void
read_root(struct reading *reading, const struct mapping *mapping, enum graph_root_kind kind,
	  uint64_t start, uint64_t end)
{
	const struct roots *roots = reading->roots;

	if (start >= end || roots->count == roots->capacity)
		return;
	begin_root(reading, kind, start, end, mapping->object);
	reading->scan->is_allocators =
		mapping->start >= roots->libc_start && mapping->end <= roots->libc_end;
	read_parts(reading, mapping, start, end);
}

/* Nothing but a stack is between a guard page and the stack pointer. */
static bool
has_guard(const struct memory_map *map, const struct mapping *mapping)
{
	return strcmp(map->text + mapping->name, "[stack]") == 0 ||
	       (mapping > map->mappings && mapping[-1].end == mapping->start &&
		!mapping[-1].readable);
}

/* The stack pointer of the only thread whose stack is known to be in there, or 0. */
static uint64_t
find_stack_pointer(const struct roots *roots, const struct mapping *mapping)
{
	const struct roots_input *input = roots->input;
	uint64_t found = 0;

	/* Within a block, it tells nothing of what is around the block. */
	if (input->sp >= mapping->start && input->sp < mapping->end &&
	    !ranges_contain(&roots->passed_over, input->sp))
		found = input->sp;
	for (size_t i = 0; i < input->stack_count; i++) {
		uint64_t sp = input->stacks[i].sp;

		if (sp < mapping->start || sp >= mapping->end)
			continue;
		if (found != 0)
			return 0;
		if (!ranges_contain(&roots->passed_over, sp))
			found = sp - RED_ZONE < mapping->start ? mapping->start : sp - RED_ZONE;
	}
	return found;
}

static void
read_stack(struct reading *reading, const struct mapping *mapping, uint64_t sp)
{
	bool is_own = sp == reading->roots->input->sp;

	/* What lies below the thread that looks is of no use to anybody. */
	if (!is_own || !has_guard(reading->roots->map, mapping))
		read_root(reading, mapping, GRAPH_ROOT_DEAD_STACK, mapping->start, sp);
	read_root(reading, mapping, GRAPH_ROOT_STACK, sp, mapping->end);
}

static void
read_mapping(struct reading *reading, const struct mapping *mapping)
{
	const char *name = reading->roots->map->text + mapping->object;
	uint64_t sp = find_stack_pointer(reading->roots, mapping);

	if (sp != 0)
		read_stack(reading, mapping, sp);
	else if (strcmp(name, "[stack]") == 0)
		read_root(reading, mapping, GRAPH_ROOT_STACK, mapping->start, mapping->end);
	else
		read_root(reading, mapping,
			  name[0] == '/' && !mapping->is_shared ? GRAPH_ROOT_MODULE
								: GRAPH_ROOT_MAPPING,
			  mapping->start, mapping->end);
}

/* A thread may have a block for its stack. */
static void
read_stack_in_block(struct reading *reading)
{
	const struct roots *roots = reading->roots;
	const struct ranges *passed = &roots->passed_over;
	uint64_t sp = roots->input->sp;
	const struct mapping *mapping = memory_map_find(roots->map, sp);
	size_t i = ranges_find(passed, sp);

	if (mapping == NULL || !ranges_contain(passed, sp))
		return;
	begin_root(reading, GRAPH_ROOT_STACK, sp, passed->items[i].end, mapping->object);
	scan_memory(reading->scan, sp, passed->items[i].end, 0, mapping);
}

/* Thread-local variables in memory that the loader has by malloc. */
static void
read_hidden_locals(struct reading *reading)
{
	const struct roots *roots = reading->roots;
	const struct thread_locals *locals = roots->input->locals;

	for (size_t i = 0; i < locals->hidden_count; i++) {
		const struct graph_local *local = thread_locals_get_hidden(locals, i);
		const struct mapping *mapping =
			local != NULL ? memory_map_find(roots->map, local->start) : NULL;

		if (mapping == NULL || local->end > mapping->end || !mapping->readable ||
		    !ranges_contain(&roots->passed_over, local->start))
			continue;
		begin_root(reading, GRAPH_ROOT_MODULE, local->start, local->end, local->name);
		scan_memory(reading->scan, local->start, local->end, 0, mapping);
	}
}

void
roots_scan(struct roots *roots, struct scan *scan, uint32_t first)
{
	struct reading reading = {roots, scan, first};
	const struct roots_input *input = roots->input;

	begin_root(&reading, GRAPH_ROOT_REGISTERS, 0, 0, 0);
	scan_words(scan, input->registers, input->register_count, 0);
	begin_root(&reading, GRAPH_ROOT_KERNEL, 0, 0, 0);
	scan_words(scan, input->kernel, input->kernel_count, 0);
	read_stack_in_block(&reading);
	read_hidden_locals(&reading);
	for (size_t i = 0; i < roots->map->count; i++) {
		const struct mapping *mapping = &roots->map->mappings[i];

		if (!mapping->readable || !mapping->writable || mapping->is_device)
			continue;
		read_mapping(&reading, mapping);
	}
}
