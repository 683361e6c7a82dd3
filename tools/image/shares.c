/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/shares.h"

#include <elf.h>
#include <string.h>

#include "image/image.h"
#include "image/image_known.h"
#include "util/span.h"

#define SHARES_MAX  ((size_t)1 << 20) /* that are asked for */
#define CHUNKS_MAX  64u               /* of slots */
#define HEADERS_MAX 64u
#define ABSENT      UINT64_MAX /* in the table of a thread that has not used them */

/* As every libc's link map begins. */
struct object_head {
	uint64_t bias, name, dynamic;
};

/* An object that has such variables. */
struct object {
	uint64_t number, generation;
	uint64_t distance;
	uint64_t bias, bytes;
	const char *name;
};

struct finding {
	struct shares *shares;
	const struct image *image;
	const struct thread_layout *layout;
};

static bool
peek_word(const struct image *image, uint64_t address, uint64_t *ret_word)
{
	return image_peek(image, address, ret_word, sizeof(*ret_word));
}

/* --- threads --- */

static void
note_control(struct image *image, uint32_t id, uint64_t control)
{
	array_each (&image->threads, thread)
		if (thread->id == id)
			thread->control = control;
}

static void
walk_ring(struct image *image, const struct thread_layout *layout, uint64_t head)
{
	uint64_t at = head;
	uint32_t id;

	for (size_t i = 0; i <= image->threads.count; i++) {
		if (!peek_word(image, at, &at) || at == head || at == 0)
			return;
		if (image_peek(image, at - layout->link + layout->id, &id, sizeof(id)))
			note_control(image, id, at - layout->link);
	}
}

void
shares_find_threads(struct image *image, const struct image_known *known)
{
	for (size_t i = 0; i < sizeof(known->layout.lists) / sizeof(*known->layout.lists); i++)
		if (known->layout.lists[i] != 0 && !image->is_core)
			walk_ring(image, &known->layout, known->layout.lists[i]);
}

/* --- objects --- */

/* Where the file of an object, whose name is interned, is mapped from its head on. */
static uint64_t
find_head(const struct image *image, const char *name)
{
	array_each (&image->mappings, mapping)
		if (mapping->object == name)
			return mapping->start;
	return 0;
}

/* Bytes of the variables, by the program headers; 0: not known. */
static uint64_t
get_bytes(const struct image *image, const char *name)
{
	uint64_t head = find_head(image, name);
	Elf64_Phdr segment;
	Elf64_Ehdr header;

	if (head == 0 || !image_peek(image, head, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(segment) ||
	    header.e_phoff > IMAGE_PAGE_BYTES)
		return 0;
	for (uint64_t i = 0; i < header.e_phnum && i < HEADERS_MAX; i++)
		if (image_peek(image, head + header.e_phoff + i * sizeof(segment), &segment,
			       sizeof(segment)) &&
		    segment.p_type == PT_TLS)
			return segment.p_memsz;
	return 0;
}

static bool
get_object(const struct finding *finding, const struct thread_slot *slot, uint64_t number,
	   struct object *ret_object)
{
	const struct image *image = finding->image;
	const struct image_mapping *mapping;
	struct object_head head;

	if (slot->object == 0 || !image_peek(image, slot->object, &head, sizeof(head)) ||
	    !peek_word(image, slot->object + finding->layout->distance, &ret_object->distance))
		return false;
	mapping = image_find(image, head.dynamic);
	if (mapping == NULL)
		return false;
	ret_object->number = number;
	ret_object->generation = slot->generation;
	ret_object->bias = head.bias;
	ret_object->name = mapping->object;
	ret_object->bytes = get_bytes(image, mapping->object);
	return ret_object->bytes != 0;
}

/* --- of each thread --- */

/* Where a thread has those that are not at the same distance for all; 0: it has not. */
static uint64_t
find_hidden(const struct finding *finding, const struct object *object, uint64_t control)
{
	const struct image *image = finding->image;
	uint64_t table, length, generation, start;

	if (!peek_word(image, control + finding->layout->table, &table) || table == 0 ||
	    !peek_word(image, table - THREAD_TABLE_WORDS * sizeof(length), &length) ||
	    object->number > length || !peek_word(image, table, &generation) ||
	    object->generation > generation ||
	    !peek_word(image, table + object->number * THREAD_TABLE_WORDS * sizeof(start), &start))
		return 0;
	return start != ABSENT ? start : 0;
}

static void
take_of_thread(const struct finding *finding, const struct object *object,
	       const struct image_thread *thread)
{
	bool is_near = thread_layout_is_distance(object->distance);
	bool is_asked = finding->shares->asked++ < SHARES_MAX;
	uint64_t start = !is_asked ? 0
			 : is_near ? thread->control - object->distance
				   : find_hidden(finding, object, thread->control);

	if (start == 0 || start > UINT64_MAX - object->bytes)
		return;
	*array_push(&finding->shares->list) = (struct image_share){
		.share = {.start = start,
			  .end = start + object->bytes,
			  .bias = object->bias,
			  .thread = thread->id},
		.object = object->name,
		.is_hidden = !is_near,
	};
}

/* All slots of a chunk, the first of which has this number. False if there is no other. */
static bool
take_chunk(const struct finding *finding, uint64_t *address, uint64_t *number)
{
	uint64_t at = *address + sizeof(struct thread_slots);
	struct thread_slots slots;
	struct thread_slot slot;
	struct object object;

	if (!image_peek(finding->image, *address, &slots, sizeof(slots)))
		return false;
	for (uint64_t i = 0; i < slots.count && *number < THREAD_SLOTS_MAX;
	     i++, at += sizeof(slot), ++*number) {
		if (!image_peek(finding->image, at, &slot, sizeof(slot)))
			return false;
		if (*number == 0 || !get_object(finding, &slot, *number, &object))
			continue;
		array_each (&finding->image->threads, thread)
			if (thread->control != 0)
				take_of_thread(finding, &object, thread);
	}
	*address = slots.next;
	return slots.next != 0 && *number < THREAD_SLOTS_MAX;
}

/* What overlaps was not understood. */
static void
put_in_order(struct shares *shares)
{
	struct image_share *list = shares->list.items;
	size_t kept = 0;

	span_sort(list, shares->list.count, sizeof(*list));
	for (size_t i = 0; i < shares->list.count; i++)
		if (kept == 0 || list[i].share.start >= list[kept - 1].share.end)
			list[kept++] = list[i];
	shares->list.count = kept;
}

void
shares_init(struct shares *shares, const struct image *image, const struct image_known *known)
{
	const struct finding finding = {shares, image, &known->layout};
	uint64_t chunk, number = 0;
	unsigned chunks = 0;

	*shares = (struct shares){0};
	if (known->layout.slots == 0 || !peek_word(image, known->layout.slots, &chunk))
		return;
	while (chunks++ < CHUNKS_MAX && take_chunk(&finding, &chunk, &number))
		;
	put_in_order(shares);
}

void
shares_release(struct shares *shares)
{
	array_release(&shares->list);
}

bool
shares_take(struct shares *shares, uint64_t start, uint64_t end)
{
	const struct image_share *share;

	while (shares->next < shares->list.count &&
	       (!shares->list.items[shares->next].is_hidden ||
		shares->list.items[shares->next].share.start < start))
		shares->next++;
	if (shares->next == shares->list.count)
		return false;
	share = &shares->list.items[shares->next];
	return share->share.start < end && share->share.end <= end;
}
