/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/page_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "model/place.h"
#include "model/profile.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/place.h"

#define NAME_BYTES   240
#define NAME_LEAST   48 /* when names have taken STRINGS_MOST bytes */
#define STRINGS_MOST 500000

struct view_page_text {
	char *bytes;
	uint32_t index;
	UT_hash_handle hh;
};

static uint32_t
get_text(struct view_page_names *names, const char *bytes)
{
	char *safe = term_escape(bytes);
	struct view_page_text *text;

	HASH_FIND_STR(names->texts, safe, text);
	if (text != NULL) {
		free(safe);
		return text->index;
	}
	text = xcalloc(1, sizeof(*text));
	text->bytes = safe;
	text->index = (uint32_t)names->strings.count;
	HASH_ADD_KEYPTR(hh, names->texts, text->bytes, strlen(text->bytes), text);
	*array_push(&names->strings) = text;
	names->string_bytes += strlen(safe);
	return text->index;
}

/* The beginning and the end: templates nest without bound. */
static uint32_t
get_name(struct view_page_names *names, const char *name)
{
	size_t length = strlen(name);
	size_t most = names->string_bytes < STRINGS_MOST ? NAME_BYTES : NAME_LEAST;
	size_t head = most / 2, tail = length - most / 2;
	struct buffer cut = BUFFER_INIT;
	uint32_t index;

	if (length <= most)
		return get_text(names, name);
	while (head > 0 && ((unsigned char)name[head] & 0xc0) == 0x80)
		head--;
	while (((unsigned char)name[tail] & 0xc0) == 0x80)
		tail++;
	buffer_insert(&cut, name, head);
	buffer_insert_string(&cut, "...");
	buffer_insert_string(&cut, name + tail);
	index = get_text(names, buffer_string(&cut));
	buffer_release(&cut);
	return index;
}

void
view_page_names_init(struct view_page_names *names, const struct place_table *table,
		     const struct profile *profile)
{
	*names = (struct view_page_names){.table = table, .profile = profile};
	get_text(names, "");
}

void
view_page_names_release(struct view_page_names *names)
{
	struct view_page_text *text, *next;

	HASH_ITER (hh, names->texts, text, next) {
		HASH_DEL(names->texts, text);
		free(text->bytes);
		free(text);
	}
	array_release(&names->strings);
	array_release(&names->number_of_place);
	array_release(&names->places);
}

uint32_t
view_page_names_get_place(struct view_page_names *names, uint32_t place)
{
	while (names->number_of_place.count <= place)
		*array_push(&names->number_of_place) = 0;
	if (names->number_of_place.items[place] == 0) {
		*array_push(&names->places) = place;
		names->number_of_place.items[place] = (uint32_t)names->places.count;
	}
	return names->number_of_place.items[place] - 1;
}

static bool
is_of_main(const struct view_page_names *names, const struct place *place)
{
	const struct profile *profile = names->profile;

	for (uint32_t i = 0; place->module != NULL && i < profile->module_count; i++)
		if (profile->modules[i].is_main &&
		    strcmp(profile->modules[i].path, place->module) == 0)
			return true;
	return false;
}

enum kind {
	KIND_OTHER,
	KIND_OWN,
	KIND_PYTHON,
	KIND_NONE,
};

static void
write_place(struct view_page_names *names, FILE *stream, const struct place *place)
{
	struct buffer name = BUFFER_INIT, file = BUFFER_INIT;
	char *shorter =
		place->function != NULL && !place->python ? name_shorten(place->function) : NULL;
	enum kind kind = place->python               ? KIND_PYTHON
			 : place->kind != PLACE_CODE ? KIND_NONE
			 : is_of_main(names, place)  ? KIND_OWN
						     : KIND_OTHER;
	bool is_own = false;
	uint32_t numbers[3];

	view_place_format_name(place, &name);
	numbers[0] = get_name(names,
			      shorter != NULL && *shorter != '\0' ? shorter : buffer_string(&name));
	if (place->file != NULL)
		view_place_format_file(place->file, false, &file, &is_own);
	numbers[1] = get_name(names, buffer_string(&file));
	numbers[2] = get_name(names, place->module != NULL ? place->module : "");
	if (is_own && kind == KIND_OTHER)
		kind = KIND_OWN;
	fprintf(stream, "[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%d]", numbers[0],
		numbers[1], place->file != NULL ? place->line : 0, numbers[2], kind);
	free(shorter);
	buffer_release(&name);
	buffer_release(&file);
}

void
view_page_names_write_places(struct view_page_names *names, FILE *stream)
{
	fputs(",\"places\":[", stream);
	for (size_t i = 0; i < names->places.count; i++) {
		if (i > 0)
			putc(',', stream);
		write_place(names, stream, place_table_get(names->table, names->places.items[i]));
	}
	fputs("]", stream);
}

void
view_page_names_write_strings(const struct view_page_names *names, struct json_writer *json)
{
	json_writer_begin_array(json, "strings");
	array_each (&names->strings, text)
		json_writer_string(json, NULL, (*text)->bytes);
	json_writer_end_array(json);
}
