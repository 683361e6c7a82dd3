/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/json.h"

#include <stdlib.h>

#include "model/column.h"
#include "model/place.h"
#include "util/xalloc.h"

/* Goes up when a member is renamed, removed or means something else, in whichever document. */
#define JSON_VERSION 2

void
view_json_begin(struct json_writer *json, FILE *stream, const char *name)
{
	char *format = xasprintf("heaptally-%s", name);

	json_writer_init(json, stream);
	json_writer_begin_object(json, NULL);
	json_writer_string(json, "format", format);
	json_writer_unsigned(json, "version", JSON_VERSION);
	free(format);
}

void
view_json_values(struct json_writer *json, const struct profile_values *values, bool has_lost)
{
	for (size_t i = 0; i < column_count; i++)
		if (has_lost || !column_is_of_look(&columns[i]))
			json_writer_signed(json, columns[i].name, column_get(&columns[i], values));
}

void
view_json_key(struct json_writer *json, const struct place *place)
{
	if (place->kind == PLACE_SIZE) {
		json_writer_unsigned(json, "size_from_bytes", place->offset);
		if (2 * place->offset < place->offset)
			json_writer_null(json, "size_below_bytes");
		else
			json_writer_unsigned(json, "size_below_bytes",
					     place->offset != 0 ? 2 * place->offset : 1);
	} else if (place->kind == PLACE_GENERATION) {
		json_writer_unsigned(json, "generation", place->offset);
	} else if (place->kind == PLACE_THREAD) {
		json_writer_unsigned(json, "thread", place->offset);
		json_writer_string(json, "thread_name", place->function);
	} else if (place->kind == PLACE_PROCESS) {
		/* Of two runs that are compared, processes of one command are one group. */
		view_json_optional(json, "pid", place->offset != 0, place->offset);
		json_writer_string(json, "process", place->function);
	}
}

void
view_json_sentence(void *context, const char *sentence)
{
	json_writer_string(context, NULL, sentence);
}

void
view_json_optional(struct json_writer *json, const char *key, bool is_known, uint64_t value)
{
	if (is_known)
		json_writer_unsigned(json, key, value);
	else
		json_writer_null(json, key);
}
