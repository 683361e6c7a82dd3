/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/folded.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/wrap.h"

/* A line, by the stack that it is of. */
struct line {
	uint32_t stack; /* of places that are functions, or that of the group */
	int64_t value;
};

struct lines {
	struct line *items; /* in the order of the groups */
	size_t count, capacity;
};

/* Frames are parted by semicolons. */
static void
insert_frame(const struct export_input *input, const struct place *place, struct buffer *out)
{
	struct buffer name = BUFFER_INIT;
	char *safe;

	export_format_name(input, place, &name);
	if (input->options->by == GROUP_BY_LINE && place->file != NULL && place->line != 0)
		buffer_insert_format(&name, " (%s:%" PRIu32 ")", text_base_name(place->file),
				     place->line);
	safe = export_escape(buffer_string(&name));
	for (char *at = strchr(safe, ';'); at != NULL; at = strchr(at + 1, ';'))
		*at = ':';
	buffer_insert_string(out, safe);
	free(safe);
	buffer_release(&name);
}

static void
write_line(FILE *stream, const struct export_input *input, const struct line *line,
	   struct export_frames *frames)
{
	struct buffer text = BUFFER_INIT;

	export_get_stack(input, line->stack, frames);
	for (size_t i = frames->count; i > 0; i--) {
		insert_frame(input, &frames->items[i - 1].place, &text);
		buffer_insert_string(&text, i > 1 ? ";" : "");
	}
	fprintf(stream, "%s %" PRId64 "\n", text.length > 0 ? buffer_string(&text) : "?",
		line->value);
	buffer_release(&text);
}

/* The stack of the same functions, whatever their lines. */
static uint32_t
get_functions(const struct export_input *input, const struct group *group,
	      struct export_frames *frames)
{
	uint32_t stack = 0;

	if (input->options->by != GROUP_BY_STACK)
		return group->stack;
	export_get_frames(input, group, frames);
	for (size_t i = frames->count; i > 0; i--)
		stack = place_table_insert_stack(input->table, stack,
						 place_table_insert_key(input->table,
									frames->items[i - 1].number,
									PLACE_KEY_FUNCTION));
	return stack;
}

static void
collect_lines(const struct export_input *input, struct export_frames *frames, struct lines *lines)
{
	ARRAY(size_t) line_of_stack = {0}; /* plus 1 */

	for (size_t i = 0; i < input->set->count; i++) {
		const struct group *group = &input->set->groups[i];
		uint32_t stack = get_functions(input, group, frames);
		struct line *line;

		while (line_of_stack.count <= stack)
			*array_push(&line_of_stack) = 0;
		if (input->options->by != GROUP_BY_STACK || line_of_stack.items[stack] == 0) {
			*array_push(lines) = (struct line){stack, 0};
			line_of_stack.items[stack] = lines->count;
		}
		line = &lines->items[line_of_stack.items[stack] - 1];
		line->value = wrap_add(line->value, column_get(input->column, &group->values));
	}
	array_release(&line_of_stack);
}

void
export_folded(const struct term *term, const struct export_input *input)
{
	struct export_frames frames = {0};
	struct lines lines = {0};

	collect_lines(input, &frames, &lines);
	array_each (&lines, line)
		if (line->value > 0)
			write_line(term->stream, input, line, &frames);
	array_release(&lines);
	export_frames_release(&frames);
}
