/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/buffer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/place.h"

void
export_get_stack(const struct export_input *input, uint32_t stack, struct export_frames *ret_frames)
{
	enum group_by by = input->options->by;
	/* Other keys look at the frame that names the site only. */
	bool whole = by == GROUP_BY_STACK || by == GROUP_BY_LINE;

	ret_frames->count = 0;
	for (; stack != 0; stack = whole ? place_table_get_outer(input->table, stack) : 0) {
		struct export_frame *frame = array_push(ret_frames);

		frame->number = place_table_get_place(input->table, stack);
		frame->place = *place_table_get(input->table, frame->number);
		view_place_keep_key(&frame->place, by);
	}
}

void
export_get_frames(const struct export_input *input, const struct group *group,
		  struct export_frames *ret_frames)
{
	export_get_stack(input, group->stack, ret_frames);
}

void
export_frames_release(struct export_frames *frames)
{
	array_release(frames);
}

static bool
has_build_id(const struct profile_module *module, const char *build_id)
{
	char text[2 * sizeof(module->build_id) + 1] = "";

	for (uint32_t i = 0; i < module->build_id_bytes && i < sizeof(module->build_id); i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", module->build_id[i]);
	return strcmp(text, build_id != NULL ? build_id : "") == 0;
}

const struct profile_module *
export_find_module(const struct export_input *input, const struct place *place)
{
	const struct profile *profile = input->profile;

	for (uint32_t i = 0; place->module != NULL && i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		if (strcmp(module->path, place->module) == 0 &&
		    has_build_id(module, place->build_id))
			return module;
	}
	return NULL;
}

uint64_t
export_get_address(const struct export_input *input, const struct place *place)
{
	const struct profile_module *module = export_find_module(input, place);

	if (place->kind == PLACE_ADDRESS)
		return place->offset;
	/* The offset is where the call returns to. */
	return module != NULL && place->offset != 0 ? module->bias + place->offset - 1 : 0;
}

void
export_format_name(const struct export_input *input, const struct place *place, struct buffer *out)
{
	enum group_by by = input->options->by;
	bool by_file = by == GROUP_BY_FILE && place->file != NULL;
	bool by_module =
		(by == GROUP_BY_FILE || by == GROUP_BY_MODULE) && !by_file && place->module != NULL;

	if (place->kind == PLACE_CODE && by_file)
		buffer_insert_string(out, place->file);
	else if (place->kind == PLACE_CODE && by_module)
		buffer_insert_string(out, place->module);
	else
		view_place_format_name(place, out);
}

void
export_format_frame(const struct export_input *input, const struct place *place, struct buffer *out)
{
	struct buffer name = BUFFER_INIT;
	char *safe;

	export_format_name(input, place, &name);
	safe = export_escape(buffer_string(&name));
	buffer_insert_format(out, "0x%" PRIX64 ": %s (", export_get_address(input, place), safe);
	free(safe);
	buffer_clear(&name);
	if (place->file != NULL && place->line != 0)
		buffer_insert_format(&name, "%s:%" PRIu32, text_base_name(place->file),
				     place->line);
	else
		buffer_insert_format(&name, "in %s", place->module != NULL ? place->module : "???");
	safe = export_escape(buffer_string(&name));
	buffer_insert_format(out, "%s)", safe);
	free(safe);
	buffer_release(&name);
}

char *
export_escape(const char *text)
{
	return term_escape(*text != '\0' ? text : "?");
}
