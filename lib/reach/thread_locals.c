/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/thread_locals.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "base/loader.h"
#include "base/os_memory.h"
#include "base/sort.h"
#include "base/thread_layout.h"

#define ITEMS_MAX  ((size_t)1 << 16)
#define CHUNKS_MAX 64         /* of slots */
#define ABSENT     UINT64_MAX /* in the table of a thread that has not used them */

/* An object that has such variables. */
struct object {
	uint64_t number, generation;
	uint64_t distance;
	uint64_t bias, bytes;
	uint32_t name;
};

struct finding {
	struct thread_locals *locals;
	const struct memory_map *map;
	const struct graph_thread *threads;
	size_t thread_count;
	struct thread_layout layout;
};

static bool
read_word(uint64_t address, uint64_t *ret_word)
{
	return os_copy_memory((const void *)(uintptr_t)address, ret_word, sizeof *ret_word);
}

/* Bytes of the variables, by the program headers; 0: not known. */
static uint64_t
get_bytes(const struct link_map *object)
{
	struct dl_find_object found;
	const ElfW(Phdr) * headers;
	size_t count;

	if (object->l_ld == NULL || loader_find_object(object->l_ld, &found) != 0 ||
	    !loader_get_headers(&found, &headers, &count))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_TLS)
			return headers[i].p_memsz;
	return 0;
}

static bool
get_object(const struct finding *finding, const struct thread_slot *slot, uint64_t number,
	   struct object *ret_object)
{
	const struct mapping *mapping;
	struct link_map object;

	if (slot->object == 0 ||
	    !os_copy_memory((const void *)(uintptr_t)slot->object, &object, sizeof object) ||
	    !read_word(slot->object + finding->layout.distance, &ret_object->distance))
		return false;
	mapping = memory_map_find(finding->map, (uint64_t)(uintptr_t)object.l_ld);
	ret_object->number = number;
	ret_object->generation = slot->generation;
	ret_object->bias = object.l_addr;
	ret_object->bytes = get_bytes(&object);
	ret_object->name = mapping != NULL ? mapping->object : 0;
	return ret_object->bytes != 0 && mapping != NULL;
}

/* Where a thread has those that are not at the same distance for all; 0: it has not. */
static uint64_t
find_hidden(const struct finding *finding, const struct object *object, uint64_t control)
{
	uint64_t table, length, generation, start;

	if (!read_word(control + finding->layout.table, &table) || table == 0 ||
	    !read_word(table - THREAD_TABLE_WORDS * sizeof length, &length) ||
	    object->number > length || !read_word(table, &generation) ||
	    object->generation > generation ||
	    !read_word(table + object->number * THREAD_TABLE_WORDS * sizeof start, &start))
		return 0;
	return start != ABSENT ? start : 0;
}

static void
take_of_thread(const struct finding *finding, const struct object *object,
	       const struct graph_thread *thread)
{
	struct thread_locals *locals = finding->locals;
	bool is_near = thread_layout_is_distance(object->distance);
	uint64_t start = is_near ? arch_thread_variables(thread->control, object->distance)
				 : find_hidden(finding, object, thread->control);

	if (start == 0 || start > UINT64_MAX - object->bytes || locals->count == ITEMS_MAX)
		return;
	locals->items[locals->count++] = (struct graph_local){
		.start = start,
		.end = start + object->bytes,
		.bias = object->bias,
		.thread = thread->id,
		.name = object->name,
	};
	if (!is_near)
		locals->hidden[locals->hidden_count++] = start;
}

/* All slots of a chunk, the first of which has this number. False if there is no other. */
static bool
take_chunk(const struct finding *finding, uint64_t *address, uint64_t *number)
{
	uint64_t at = *address + sizeof(struct thread_slots);
	struct thread_slots slots;
	struct thread_slot slot;
	struct object object;

	if (!os_copy_memory((const void *)(uintptr_t)*address, &slots, sizeof slots))
		return false;
	for (uint64_t i = 0; i < slots.count && *number < THREAD_SLOTS_MAX;
	     i++, at += sizeof slot, ++*number) {
		if (!os_copy_memory((const void *)(uintptr_t)at, &slot, sizeof slot))
			return false;
		if (*number == 0 || !get_object(finding, &slot, *number, &object))
			continue;
		for (size_t t = 0; t < finding->thread_count; t++)
			take_of_thread(finding, &object, &finding->threads[t]);
	}
	*address = slots.next;
	return slots.next != 0 && *number < THREAD_SLOTS_MAX;
}

/* What overlaps was not understood. */
static void
put_in_order(struct thread_locals *locals)
{
	size_t kept = 0;

	sort_by_address(locals->items, locals->count, sizeof *locals->items);
	sort_by_address(locals->hidden, locals->hidden_count, sizeof *locals->hidden);
	for (size_t i = 0; i < locals->count; i++)
		if (kept == 0 || locals->items[i].start >= locals->items[kept - 1].end)
			locals->items[kept++] = locals->items[i];
	locals->count = kept;
}

void
thread_locals_init(struct thread_locals *locals, const struct memory_map *map,
		   const struct graph_thread *threads, size_t thread_count)
{
	struct finding finding = {locals, map, threads, thread_count, {0}};
	uint64_t chunk, number = 0;
	size_t chunks = 0;

	*locals = (struct thread_locals){.items_bytes = ITEMS_MAX * sizeof *locals->items,
					 .hidden_bytes = ITEMS_MAX * sizeof *locals->hidden};
	thread_layout_find(&finding.layout);
	if (finding.layout.slots == 0 || !read_word(finding.layout.slots, &chunk))
		return;
	locals->items = os_map(locals->items_bytes, false);
	locals->hidden = os_map(locals->hidden_bytes, false);
	if (locals->items == NULL || locals->hidden == NULL)
		return;
	while (chunks++ < CHUNKS_MAX && take_chunk(&finding, &chunk, &number))
		;
	put_in_order(locals);
}

void
thread_locals_release(struct thread_locals *locals)
{
	if (locals->items != NULL)
		os_unmap(locals->items, locals->items_bytes);
	if (locals->hidden != NULL)
		os_unmap(locals->hidden, locals->hidden_bytes);
	*locals = (struct thread_locals){0};
}

bool
thread_locals_take(struct thread_locals *locals, uint64_t start, uint64_t end)
{
	const struct graph_local *local;

	while (locals->next < locals->hidden_count && locals->hidden[locals->next] < start)
		locals->next++;
	if (locals->next == locals->hidden_count || locals->hidden[locals->next] >= end)
		return false;
	local = thread_locals_get_hidden(locals, locals->next);
	return local != NULL && local->end <= end;
}

const struct graph_local *
thread_locals_get_hidden(const struct thread_locals *locals, size_t number)
{
	size_t low = 0, high = locals->count;
	uint64_t start = locals->hidden[number];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (locals->items[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < locals->count && locals->items[low].start == start ? &locals->items[low]
									: NULL;
}
