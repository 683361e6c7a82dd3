/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_leaks.h"

#include <stdlib.h>
#include <string.h>

#include "read/tally_format.h"
#include "util/buffer.h"
#include "util/intern.h"
#include "util/varint.h"

/* In the order in which they stand in the file. That a block has changed is the reason of the rest
 * of the possible ones. */
#define VALUES(VALUE)                              \
	VALUE(blocks[REACH_DEFINITE])              \
	VALUE(bytes[REACH_DEFINITE])               \
	VALUE(blocks[REACH_INDIRECT])              \
	VALUE(bytes[REACH_INDIRECT])               \
	VALUE(blocks[REACH_POSSIBLE])              \
	VALUE(bytes[REACH_POSSIBLE])               \
	VALUE(blocks[REACH_REACHABLE])             \
	VALUE(bytes[REACH_REACHABLE])              \
	VALUE(reasons[REACH_REASON_INTERIOR])      \
	VALUE(reasons[REACH_REASON_DEAD_STACK])    \
	VALUE(reasons[REACH_REASON_NOT_INHERITED]) \
	VALUE(rings)                               \
	VALUE(ring_blocks)                         \
	VALUE(hung_blocks)                         \
	VALUE(hung_bytes)                          \
	VALUE(reasons[REACH_REASON_ONE_LOOK])

static void
put_values(struct buffer *chunk, const struct leak_values *values)
{
#define PUT(field) varint_put(chunk, values->field);
	VALUES(PUT)
#undef PUT
}

static void
get_values(struct varint_input *input, struct leak_values *values)
{
	uint64_t rest;

#define GET(field) values->field = varint_get(input);
	VALUES(GET)
#undef GET
	rest = values->blocks[REACH_POSSIBLE];
	for (int i = 0; i < REACH_REASON_CHANGED; i++) {
		input->bad |= values->reasons[i] > rest;
		rest -= input->bad ? 0 : values->reasons[i];
	}
	values->reasons[REACH_REASON_CHANGED] = rest;
}

void
tally_leaks_encode_info(const struct leak_set *set, struct buffer *chunk)
{
	const struct graph_quality *quality = &set->quality;
	const uint64_t numbers[] = {
		(uint64_t) - (int64_t)set->error,
		set->looks,
		set->apart_ns,
		tally_format_taken(quality->taken),
		quality->no_registers ? TALLY_YES : TALLY_NO,
		quality->not_inherited ? TALLY_YES : TALLY_NO,
		quality->unreadable ? TALLY_YES : TALLY_NO,
		quality->maps_cut ? TALLY_YES : TALLY_NO,
		quality->threads,
		quality->unseen,
		quality->taken_ns,
		quality->pause_ns,
		quality->scan_ns,
		quality->read_bytes,
		quality->missed_bytes,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		varint_put(chunk, numbers[i]);
	put_values(chunk, &set->forgotten);
}

static bool
get_flag(struct varint_input *input)
{
	bool flag = false;

	input->bad |= !tally_parse_flag(varint_get(input), &flag);
	return flag;
}

void
tally_leaks_decode_info(struct tally_leaks *read, struct varint_input *input)
{
	struct leak_set *set = &read->set;
	struct graph_quality *quality = &set->quality;
	uint64_t error = varint_get(input);

	set->is_known = true;
	input->bad |= error > INT32_MAX;
	set->error = input->bad ? 0 : -(int)error;
	set->looks = varint_get_32(input);
	set->apart_ns = varint_get(input);
	input->bad |= !tally_parse_taken(varint_get(input), &quality->taken);
	quality->no_registers = get_flag(input);
	quality->not_inherited = get_flag(input);
	quality->unreadable = get_flag(input);
	quality->maps_cut = get_flag(input);
	quality->threads = varint_get_32(input);
	quality->unseen = varint_get_32(input);
	quality->taken_ns = varint_get(input);
	quality->pause_ns = varint_get(input);
	quality->scan_ns = varint_get(input);
	quality->read_bytes = varint_get(input);
	quality->missed_bytes = varint_get(input);
	get_values(input, &set->forgotten);
}

static bool
is_nothing(const struct leak_values *values)
{
	static const struct leak_values nothing;

	return memcmp(values, &nothing, sizeof(nothing)) == 0;
}

size_t
tally_leaks_encode_sites(const struct leak_set *set, size_t first, struct buffer *chunk)
{
	size_t next = 0;

	for (; first < set->site_count && chunk->length < TALLY_CHUNK_BYTES; first++) {
		if (is_nothing(&set->sites[first]))
			continue;
		varint_put(chunk, first - next);
		put_values(chunk, &set->sites[first]);
		next = first + 1;
	}
	return first;
}

void
tally_leaks_decode_sites(struct tally_leaks *read, uint32_t site_count, struct varint_input *input)
{
	uint64_t site = 0;

	while (varint_has_more(input)) {
		struct leak_values values = {0};

		site += varint_get(input);
		get_values(input, &values);
		if (input->bad || site >= site_count || site < read->sites.count) {
			input->bad = true;
			return;
		}
		while (read->sites.count < site)
			*array_push(&read->sites) = (struct leak_values){0};
		*array_push(&read->sites) = values;
		site++;
	}
}

size_t
tally_leaks_encode_parts(const struct leak_set *set, size_t first, struct buffer *chunk)
{
	for (; first < set->part_count && chunk->length < TALLY_CHUNK_BYTES; first++) {
		const struct leak_part *part = &set->parts[first];

		varint_put(chunk, part->head);
		varint_put(chunk, part->site);
		varint_put(chunk, part->in_ring ? TALLY_YES : TALLY_NO);
		varint_put(chunk, part->blocks);
		varint_put(chunk, part->bytes);
	}
	return first;
}

void
tally_leaks_decode_parts(struct tally_leaks *read, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct leak_part part = {0};

		part.head = varint_get_32(input);
		part.site = varint_get_32(input);
		part.in_ring = get_flag(input);
		part.blocks = varint_get(input);
		part.bytes = varint_get(input);
		if (!input->bad)
			*array_push(&read->parts) = part;
	}
}

size_t
tally_leaks_encode_classes(const struct leak_set *set, size_t first, struct buffer *chunk)
{
	for (; first < set->class_count && chunk->length < TALLY_CHUNK_BYTES; first++) {
		const struct leak_class *item = &set->classes[first];
		const char *name = item->name != NULL ? item->name : "";

		varint_put(chunk, item->site);
		varint_put(chunk, item->is_array ? TALLY_YES : TALLY_NO);
		varint_put(chunk, item->table);
		varint_put(chunk, item->blocks);
		varint_put(chunk, item->lost);
		varint_put(chunk, strlen(name));
		buffer_insert(chunk, name, strlen(name));
	}
	return first;
}

/* NULL for an empty one. */
static const char *
get_name(struct intern *strings, struct varint_input *input)
{
	uint64_t length = varint_get(input);
	const char *text = (const char *)input->next;

	if (length > (size_t)(input->end - input->next) || memchr(text, '\0', length) != NULL) {
		input->bad = true;
		length = 0;
	}
	input->next += length;
	return length != 0 ? intern_insert(strings, text, length) : NULL;
}

void
tally_leaks_decode_classes(struct tally_leaks *read, struct intern *strings,
			   struct varint_input *input)
{
	const unsigned char *start = input->next;

	input->bad |= !read->set.is_known;
	while (varint_has_more(input)) {
		struct leak_class item = {0};

		item.site = varint_get_32(input);
		item.is_array = get_flag(input);
		item.table = varint_get(input);
		item.blocks = varint_get(input);
		item.lost = varint_get(input);
		item.name = get_name(strings, input);
		if (!input->bad)
			*array_push(&read->classes) = item;
	}
	/* All of the chunk is more than the names in it. */
	read->text_bytes += (uint64_t)(input->next - start);
}

void
tally_leaks_finish(struct tally_leaks *read, uint32_t site_count, struct leak_set *ret_set)
{
	*ret_set = read->set;
	if (read->set.is_known) {
		while (read->sites.count < site_count)
			*array_push(&read->sites) = (struct leak_values){0};
		ret_set->sites = read->sites.items;
		ret_set->site_count = (uint32_t)read->sites.count;
		ret_set->parts = read->parts.items;
		ret_set->part_count = read->parts.count;
		ret_set->classes = read->classes.items;
		ret_set->class_count = read->classes.count;
	} else {
		array_release(&read->sites);
		array_release(&read->parts);
		array_release(&read->classes);
	}
	memset(read, 0, sizeof(*read));
}

void
tally_leaks_release(struct tally_leaks *read)
{
	array_release(&read->sites);
	array_release(&read->parts);
	array_release(&read->classes);
	memset(read, 0, sizeof(*read));
}
