/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/place_json.h"

#include "model/place.h"
#include "util/buffer.h"
#include "util/json_writer.h"
#include "view/place.h"

static void
write_number(struct json_writer *json, const char *key, uint32_t number)
{
	if (number)
		json_writer_unsigned(json, key, number);
	else
		json_writer_null(json, key);
}

static void
write_frame(struct json_writer *json, const struct place *whole, enum group_by by)
{
	struct place place = *whole;
	struct buffer text = BUFFER_INIT;

	view_place_keep_key(&place, by);
	/* Its name is a member of the group. */
	if (place.kind == PLACE_THREAD)
		place.function = NULL;
	view_place_format_name(&place, &text);
	json_writer_begin_object(json, NULL);
	json_writer_string(json, "function",
			   place.kind != PLACE_CODE ? buffer_string(&text) : place.function);
	buffer_release(&text);
	json_writer_string(json, "file", place.file);
	write_number(json, "line", place.line);
	write_number(json, "column", place.column);
	json_writer_string(json, "module", place.module);
	json_writer_string(json, "build_id", place.build_id);
	if (place.kind == PLACE_CODE && place.offset != 0)
		json_writer_hex(json, "offset", place.offset);
	else
		json_writer_null(json, "offset");
	json_writer_bool(json, "inlined", place.inlined);
	if (place.instances != NULL && by == GROUP_BY_LINE) {
		json_writer_begin_array(json, "instances");
		for (uint32_t i = 0; i < place.instance_count; i++)
			json_writer_string(json, NULL, place.instances[i]);
		json_writer_end_array(json);
	}
	json_writer_end_object(json);
}

void
view_place_json(struct json_writer *json, const struct place_table *table, uint32_t stack,
		enum group_by by)
{
	bool whole = by == GROUP_BY_STACK || by == GROUP_BY_LINE;

	json_writer_begin_array(json, "frames");
	for (; stack != 0; stack = whole ? place_table_get_outer(table, stack) : 0)
		write_frame(json, view_place_get(table, stack), by);
	json_writer_end_array(json);
}
