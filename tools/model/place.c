/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.c - positions in the source, each once, and stacks of them
 *
 * Places are an array with a uthash index. The key of a place is a struct of pointers to interned
 * strings, so that hashing and comparing it is quick.
 *
 * Stacks are as many as the nodes of a profile, a million and more, and uthash's 56 bytes and a
 * malloc for each were half of the time of `top --by stack`. So their index is an array of their
 * numbers, probed linearly and never more than half full.
 */
#include "config.h"

#include "model/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/intern.h"
#include "util/text.h"
#include "util/xalloc.h"

/* What makes a place distinct. Zeroed before it is filled: padding is hashed. */
struct identity {
	const char *function, *file, *module;
	uint64_t offset;
	uint32_t line, function_line;
	uint32_t kind, role; /* 0, or 1 + the key it stands for */
};

struct place_entry {
	struct identity identity;
	uint32_t number;
	UT_hash_handle hh;
};

struct stack {
	uint32_t outer, place;
};

struct place_table {
	struct place_options options;
	struct intern *strings;
	struct place_entry *place_index;
	uint32_t *stack_slots;   /* number of a stack, or 0 */
	size_t stack_slot_count; /* a power of two, or 0 */
	ARRAY(struct place) places;
	ARRAY(struct identity) identities; /* of the places */
	ARRAY(struct stack) stacks;
	ARRAY(const char **) instances; /* of the places */
};

/* Roles of places that are neither seen nor keys. */
enum {
	ROLE_BEYOND = 100,
	ROLE_INSTANCES,
	ROLE_GONE,
	ROLE_GONE_LINE,
};

struct place_table *
place_table_new(const struct place_options *options)
{
	struct place_table *table = xcalloc(1, sizeof(*table));

	table->options = *options;
	table->strings = intern_new();
	*array_push(&table->stacks) = (struct stack){0, PLACE_NONE};
	return table;
}

void
place_table_free(struct place_table *table)
{
	struct place_entry *place, *next_place;

	if (!table)
		return;
	HASH_ITER (hh, table->place_index, place, next_place) {
		HASH_DEL(table->place_index, place);
		free(place);
	}
	free(table->stack_slots);
	array_each (&table->instances, list)
		free(*list);
	array_release(&table->instances);
	array_release(&table->places);
	array_release(&table->identities);
	array_release(&table->stacks);
	intern_free(table->strings);
	free(table);
}

size_t
place_table_count(const struct place_table *table)
{
	return table->places.count;
}

const struct place *
place_table_get(const struct place_table *table, uint32_t place)
{
	return &table->places.items[place];
}

static uint32_t
insert(struct place_table *table, const struct identity *identity, const struct place *place)
{
	struct place_entry *entry;

	HASH_FIND(hh, table->place_index, identity, sizeof(*identity), entry);
	if (entry)
		return entry->number;
	entry = xcalloc(1, sizeof(*entry));
	entry->identity = *identity;
	entry->number = (uint32_t)table->places.count;
	HASH_ADD(hh, table->place_index, identity, sizeof(*identity), entry);
	*array_push(&table->places) = *place;
	*array_push(&table->identities) = *identity;
	return entry->number;
}

static const char *
get_build_id(struct place_table *table, const struct profile_module *module)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * sizeof(module->build_id)], *end = text;

	for (uint32_t i = 0; i < module->build_id_bytes && i < sizeof(module->build_id); i++) {
		*end++ = digits[module->build_id[i] >> 4];
		*end++ = digits[module->build_id[i] & 15];
	}
	return end != text ? intern_insert(table->strings, text, (size_t)(end - text)) : NULL;
}

/* The name that tells two modules apart. */
static const char *
identify_module(struct place_table *table, const struct profile_module *module,
		const char *build_id, bool resolved)
{
	struct buffer text = BUFFER_INIT;
	const char *name;

	buffer_insert_string(&text, table->options.across_builds ? text_base_name(module->path)
								 : module->path);
	if (build_id && (!table->options.across_builds || !resolved)) {
		buffer_insert_string(&text, " ");
		buffer_insert_string(&text, build_id);
	}
	name = intern_insert_string(table->strings, buffer_string(&text));
	buffer_release(&text);
	return name;
}

static uint32_t
insert_code(struct place_table *table, const struct profile *profile,
	    const struct profile_frame *frame, uint32_t index)
{
	static const struct profile_location nothing;
	const struct profile_location *location =
		index < frame->location_count ? &profile->locations[frame->location + index]
					      : &nothing;
	bool resolved = location->function || location->file;
	const struct profile_module *module = &profile->modules[frame->module];
	struct identity identity;
	struct place place = {
		.kind = PLACE_CODE,
		.inlined = location->inlined,
		.line = location->line,
		.function_line = location->function_line,
		.column = location->column,
		.function = intern_insert_string(table->strings, location->function),
		.symbol = intern_insert_string(table->strings, location->symbol),
		.file = intern_insert_string(table->strings, location->file),
		.module = intern_insert_string(table->strings, module->path),
		.build_id = get_build_id(table, module),
		.offset = frame->offset,
	};

	memset(&identity, 0, sizeof(identity));
	identity.kind = PLACE_CODE;
	identity.function = place.function;
	identity.file = place.file;
	identity.line = place.line;
	identity.function_line = place.function_line;
	identity.module = identify_module(table, module, place.build_id, resolved);
	if (!resolved || table->options.exact)
		identity.offset = frame->offset;
	return insert(table, &identity, &place);
}

/* A file of Python is a module of its own. */
static uint32_t
insert_python(struct place_table *table, const struct profile *profile,
	      const struct profile_frame *frame)
{
	const struct profile_location *location = &profile->locations[frame->location];
	struct identity identity;
	struct place place = {
		.kind = PLACE_CODE,
		.python = true,
		.line = location->line,
		.function_line = location->function_line,
		.function = intern_insert_string(table->strings, location->function),
		.file = intern_insert_string(table->strings, location->file),
	};

	place.module = place.file;
	memset(&identity, 0, sizeof(identity));
	identity.kind = PLACE_CODE;
	identity.function = place.function;
	identity.file = identity.module = place.file;
	identity.line = place.line;
	identity.function_line = place.function_line;
	return insert(table, &identity, &place);
}

/* Code of no file: what its maker calls it. */
static uint32_t
insert_generated(struct place_table *table, const struct profile *profile,
		 const struct profile_frame *frame)
{
	const struct profile_location *location = &profile->locations[frame->location];
	struct identity identity;
	struct place place = {
		.kind = PLACE_CODE,
		.line = location->line,
		.function_line = location->function_line,
		.function = intern_insert_string(table->strings, location->function),
		.file = intern_insert_string(table->strings, location->file),
		.module = intern_insert_string(table->strings, PLACE_GENERATED),
		.offset = frame->offset,
	};

	memset(&identity, 0, sizeof(identity));
	identity.kind = PLACE_CODE;
	identity.function = place.function;
	identity.file = place.file;
	identity.module = place.module;
	identity.line = place.line;
	identity.function_line = place.function_line;
	if (table->options.exact)
		identity.offset = frame->offset;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert(struct place_table *table, const struct profile *profile,
		   const struct profile_frame *frame, uint32_t index)
{
	static const enum place_kind kinds[] = {
		[PROFILE_FRAME_ALLOCATOR] = PLACE_ALLOCATOR,
		[PROFILE_FRAME_CODE] = PLACE_CODE,
		[PROFILE_FRAME_ADDRESS] = PLACE_ADDRESS,
		[PROFILE_FRAME_CUT] = PLACE_CUT,
		[PROFILE_FRAME_THREAD] = PLACE_THREAD,
		[PROFILE_FRAME_TRUNCATED] = PLACE_TRUNCATED,
		[PROFILE_FRAME_UNKNOWN] = PLACE_UNKNOWN,
		[PROFILE_FRAME_NESTED] = PLACE_NESTED,
		[PROFILE_FRAME_PYTHON] = PLACE_CODE,
		[PROFILE_FRAME_PROCESS] = PLACE_PROCESS,
	};
	struct identity identity;
	struct place place = {.kind = kinds[frame->kind]};

	if (frame->kind == PROFILE_FRAME_CODE)
		return insert_code(table, profile, frame, index);
	if (frame->kind == PROFILE_FRAME_PYTHON && frame->location_count != 0)
		return insert_python(table, profile, frame);
	if (frame->kind == PROFILE_FRAME_ADDRESS && frame->location_count != 0)
		return insert_generated(table, profile, frame);
	if (frame->kind == PROFILE_FRAME_ADDRESS || frame->kind == PROFILE_FRAME_THREAD ||
	    frame->kind == PROFILE_FRAME_CUT)
		place.offset = frame->offset;
	place.function = intern_insert_string(table->strings, frame->name);
	if (frame->kind == PROFILE_FRAME_PROCESS && !table->options.across_builds) {
		place.offset = frame->offset;
		place.function = intern_insert_string(table->strings,
						      profile->locations[frame->location].function);
	}
	memset(&identity, 0, sizeof(identity));
	identity.kind = place.kind;
	identity.offset = place.offset;
	identity.function = place.function;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert_number(struct place_table *table, enum place_kind kind, uint64_t number,
			  const char *name)
{
	struct identity identity;
	struct place place = {.kind = kind, .offset = number};

	place.function = intern_insert_string(table->strings, name);
	memset(&identity, 0, sizeof(identity));
	identity.kind = kind;
	identity.offset = number;
	identity.function = place.function;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert_name(struct place_table *table, enum place_kind kind, const char *name)
{
	struct identity identity;
	struct place place = {.kind = kind};

	place.function = intern_insert_string(table->strings, name);
	memset(&identity, 0, sizeof(identity));
	identity.kind = place.kind;
	identity.function = place.function;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert_key(struct place_table *table, uint32_t number, enum place_key key)
{
	struct identity identity = table->identities.items[number];
	struct place place = table->places.items[number];
	bool by_line = key == PLACE_KEY_LINE && place.file;
	bool by_function = (key == PLACE_KEY_LINE && !place.file) || key == PLACE_KEY_FUNCTION;

	if (place.kind != PLACE_CODE)
		return number;
	by_function = by_function && place.function;
	/* Keep only what the key looks at; without any name that is module and offset. */
	/* Lines that are not known are told apart by their functions. */
	if ((by_line && place.line != 0) || (key == PLACE_KEY_FILE && place.file))
		identity.function = place.function = NULL;
	if (by_line || (key == PLACE_KEY_FILE && place.file))
		identity.module = place.module = NULL;
	if (by_function) {
		identity.file = place.file = NULL;
		if (key == PLACE_KEY_FUNCTION)
			identity.module = place.module = NULL;
	}
	if (key == PLACE_KEY_MODULE) {
		identity.function = place.function = NULL;
		identity.file = place.file = NULL;
	}
	if (!by_line)
		identity.line = place.line = 0;
	if (by_line || by_function || key == PLACE_KEY_MODULE || key == PLACE_KEY_FILE)
		identity.offset = place.offset = 0;
	identity.function_line = place.function_line = 0;
	place.symbol = place.function ? place.symbol : NULL;
	place.inlined = false;
	identity.role = identity.role == ROLE_GONE && key == PLACE_KEY_LINE ? ROLE_GONE_LINE
									    : 1 + (uint32_t)key;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert_beyond(struct place_table *table, uint32_t number)
{
	struct identity identity = table->identities.items[number];
	struct place place = table->places.items[number];

	place.beyond = true;
	identity.role = ROLE_BEYOND;
	return insert(table, &identity, &place);
}

uint32_t
place_table_insert_gone(struct place_table *table, uint32_t number)
{
	struct identity identity = table->identities.items[number];
	struct place place = table->places.items[number];

	identity.role = ROLE_GONE;
	return insert(table, &identity, &place);
}

/* The name that all functions have but for their template arguments, or NULL. */
static const char *
find_common_name(struct place_table *table, const char *const *functions, size_t count)
{
	char *common = name_generalize(functions[0]);
	const char *name;
	bool same = true;

	for (size_t i = 1; i < count && same; i++) {
		char *other = name_generalize(functions[i]);

		same = strcmp(common, other) == 0;
		free(other);
	}
	name = same ? intern_insert_string(table->strings, common) : NULL;
	free(common);
	return name;
}

uint32_t
place_table_insert_instances(struct place_table *table, uint32_t number,
			     const char *const *functions, size_t count)
{
	struct identity identity = table->identities.items[number];
	struct place place = table->places.items[number];
	size_t before = table->places.count;
	struct buffer all = BUFFER_INIT;
	const char *common, **list;

	for (size_t i = 0; i < count; i++)
		buffer_insert_format(&all, "%s\n", functions[i]);
	identity.role = ROLE_INSTANCES;
	identity.function = intern_insert_string(table->strings, buffer_string(&all));
	buffer_release(&all);
	number = insert(table, &identity, &place);
	/* A table may see many reports of the same places. */
	if (number < before)
		return number;
	list = xmalloc(count * sizeof(*list));
	memcpy(list, functions, count * sizeof(*list));
	*array_push(&table->instances) = list;
	table->places.items[number].symbol = NULL;
	common = find_common_name(table, functions, count);
	table->places.items[number].instances = list;
	table->places.items[number].instance_count = (uint32_t)count;
	table->places.items[number].same_template = common != NULL;
	if (common != NULL)
		table->places.items[number].function = common;
	return number;
}

/* The slot of a stack, or the free one where it belongs. */
static uint32_t *
find_stack_slot(const struct place_table *table, struct stack key)
{
	size_t mask = table->stack_slot_count - 1;
	uint64_t hash = ((uint64_t)key.outer << 32 | key.place) * 0x9e3779b97f4a7c15u;

	for (size_t i = hash >> 32 & mask;; i = (i + 1) & mask) {
		uint32_t number = table->stack_slots[i];

		if (number == 0 || (table->stacks.items[number].outer == key.outer &&
				    table->stacks.items[number].place == key.place))
			return &table->stack_slots[i];
	}
}

static void
grow_stack_slots(struct place_table *table)
{
	free(table->stack_slots);
	table->stack_slot_count = table->stack_slot_count ? 2 * table->stack_slot_count : 1024;
	table->stack_slots = xcalloc(table->stack_slot_count, sizeof(*table->stack_slots));
	for (size_t i = 1; i < table->stacks.count; i++)
		*find_stack_slot(table, table->stacks.items[i]) = (uint32_t)i;
}

uint32_t
place_table_insert_stack(struct place_table *table, uint32_t outer, uint32_t place)
{
	struct stack key = {outer, place};
	uint32_t *slot;

	if (2 * table->stacks.count >= table->stack_slot_count)
		grow_stack_slots(table);
	slot = find_stack_slot(table, key);
	if (*slot == 0) {
		*slot = (uint32_t)table->stacks.count;
		*array_push(&table->stacks) = key;
	}
	return *slot;
}

uint32_t
place_table_get_outer(const struct place_table *table, uint32_t stack)
{
	return table->stacks.items[stack].outer;
}

uint32_t
place_table_get_place(const struct place_table *table, uint32_t stack)
{
	return table->stacks.items[stack].place;
}

size_t
place_table_stack_count(const struct place_table *table)
{
	return table->stacks.count;
}

void
place_format_file(const struct place *place, struct buffer *out)
{
	if (place->file)
		buffer_insert_string(out, place->file);
	else if (place->kind == PLACE_THREAD)
		buffer_insert_format(out, "<thread %" PRIu64 ">", place->offset);
	else if (place->module && place->function)
		buffer_insert_format(out, "%s(%s)", place->module, place->function);
	else if (place->module && place->offset)
		buffer_insert_format(out, "%s+0x%" PRIx64, place->module, place->offset);
	else if (place->module || place->function)
		buffer_insert_string(out, place->module ? place->module : place->function);
	else if (place->kind == PLACE_ADDRESS)
		buffer_insert_format(out, "0x%" PRIx64, place->offset);
	else if (place->kind == PLACE_SIZE)
		buffer_insert_format(out, "<size %" PRIu64 ">", place->offset);
	else if (place->kind == PLACE_GENERATION)
		buffer_insert_format(out, "<generation %" PRIu64 ">", place->offset);
	else
		buffer_insert_string(out, "<unknown>");
}
