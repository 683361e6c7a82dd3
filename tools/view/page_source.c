/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/page_source.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/place.h"
#include "util/json_writer.h"
#include "util/xalloc.h"
#include "view/source_code.h"

#define CONTEXT    3 /* lines before and after */
#define LINE_BYTES 200
#define BYTES_MOST 400000 /* of all lines */

struct quoting {
	struct json_writer *json;
	struct view_source_code *code;
	char *directory;
	size_t left; /* bytes */
};

static bool
is_below_directory(const struct quoting *quoting, const char *path)
{
	char *real = realpath(path, NULL);
	size_t length = quoting->directory != NULL ? strlen(quoting->directory) : 0;
	bool below = real != NULL && length > 1 && strncmp(real, quoting->directory, length) == 0 &&
		     real[length] == '/';

	free(real);
	return below;
}

static void
write_line(struct quoting *quoting, const char *text, size_t length)
{
	char *copy = xstrndup(text, length < LINE_BYTES ? length : LINE_BYTES);

	json_writer_string(quoting->json, NULL, copy);
	quoting->left -= strlen(copy) < quoting->left ? strlen(copy) : quoting->left;
	free(copy);
}

static void
write_lines(struct quoting *quoting, const char *text, size_t length, uint32_t first, uint32_t last)
{
	const char *end = text + length;

	for (uint32_t line = 1; text < end && line <= last; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop != NULL ? stop : end;
		if (line >= first)
			write_line(quoting, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

static void
quote(struct quoting *quoting, size_t index, const struct place *place)
{
	uint32_t first = place->line > CONTEXT ? place->line - CONTEXT : 1;
	const char *text;
	size_t length;

	text = view_source_code_get_text(quoting->code, place->file, &length);
	if (text == NULL || view_source_code_newer_than(quoting->code, place->file, NULL) != NULL)
		return;
	json_writer_begin_array(quoting->json, NULL);
	json_writer_unsigned(quoting->json, NULL, index);
	json_writer_unsigned(quoting->json, NULL, first);
	write_lines(quoting, text, length, first, place->line + CONTEXT);
	json_writer_end_array(quoting->json);
}

void
view_page_source(struct json_writer *json, const struct place_table *table,
		 const struct view_page_source_places *places, uint64_t newer_than_ns)
{
	struct quoting quoting = {
		.json = json,
		.code = view_source_code_new(newer_than_ns),
		.directory = getcwd(NULL, 0),
		.left = BYTES_MOST,
	};

	json_writer_begin_array(json, "source");
	for (size_t i = 0; i < places->count && quoting.left > 0; i++) {
		const struct place *place = place_table_get(table, places->places[i]);

		if (place->kind == PLACE_CODE && place->file != NULL && place->line != 0 &&
		    is_below_directory(&quoting, place->file))
			quote(&quoting, i, place);
	}
	json_writer_end_array(json);
	view_source_code_free(quoting.code);
	free(quoting.directory);
}
