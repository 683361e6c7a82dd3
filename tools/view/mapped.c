/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/mapped.h"

#include <inttypes.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/csv.h"
#include "view/place.h"
#include "view/table.h"

enum {
	MAPPED_RESIDENT,
	MAPPED_MAPPED,
	MAPPED_RANGES,
	MAPPED_NAME,
	MAPPED_POSITION,
	MAPPED_COLUMNS,
	PLACE_LEAST = 26,
};

static size_t
get_rows(const struct view_mapped *view, size_t rows)
{
	size_t all = view->list->lines.count;

	return rows == 0 || rows > all ? all : rows;
}

/* Of a line's site the frame that names it; false if it is not known. */
static bool
find_place(const struct view_mapped *view, const struct mapped *line, uint32_t *ret_stack,
	   uint32_t *ret_caller)
{
	const struct profile *profile = view->attribution->profile;
	struct attribution_site site;

	if (line->all.site >= profile->site_count)
		return false;
	attribution_get_site(view->attribution, profile->sites[line->all.site], &site);
	*ret_caller = attribution_find_caller(view->attribution, &site);
	*ret_stack = attribution_make_stack(view->attribution, &site);
	return true;
}

static void
insert_row(struct view_table *table, const struct term *term, const struct view_mapped *view,
	   const struct mapped *line)
{
	uint32_t stack, caller;
	struct view_place place;
	char text[HUMAN_BYTES];

	view_table_insert(table, human_size((int64_t)line->all.resident_bytes, text), TERM_BOLD);
	view_table_insert(table, human_size((int64_t)line->all.mapped_bytes, text), TERM_PLAIN);
	view_table_insert(table, human_count(line->all.range_count, text), TERM_PLAIN);
	if (!find_place(view, line, &stack, &caller)) {
		view_table_insert(table, "not known", TERM_PLAIN);
		view_table_insert(table, "", TERM_PLAIN);
		return;
	}
	view_place_init(&place, view->attribution->table, stack, caller, GROUP_BY_LINE,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	view_table_insert(table, place.name, TERM_PLAIN);
	view_table_insert(table, place.position, place.is_own ? TERM_BOLD : TERM_DIM);
	view_place_release(&place);
}

void
view_mapped_text(const struct term *term, const struct view_mapped *view, size_t rows)
{
	static const char *const titles[MAPPED_COLUMNS] = {"resident", "of", "ranges", "where", ""};
	static const bool is_text[MAPPED_COLUMNS] = {
		[MAPPED_NAME] = true, [MAPPED_POSITION] = true};
	static const size_t spare[] = {MAPPED_RANGES};
	static const struct view_table_fit fit = {
		.name = MAPPED_NAME,
		.position = MAPPED_POSITION,
		.least = PLACE_LEAST,
		.spare = spare,
		.spare_count = 1,
	};
	size_t count = get_rows(view, rows);
	char more[HUMAN_BYTES];
	struct view_table table;

	fputs("\nmapped by the program: resident bytes, of address space that it has mapped\n",
	      term->stream);
	view_table_init(&table, MAPPED_COLUMNS, is_text);
	for (size_t i = 0; i < MAPPED_COLUMNS; i++)
		view_table_insert(&table, titles[i], TERM_DIM);
	for (size_t i = 0; i < count; i++)
		insert_row(&table, term, view, &view->list->lines.items[i]);
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
	if (count < view->list->lines.count)
		fprintf(term->stream, "(%s more lines; -n 0 for all)\n",
			human_count(view->list->lines.count - count, more));
}

void
view_mapped_json(struct json_writer *json, const struct view_mapped *view, size_t rows)
{
	const struct profile *profile = view->attribution->profile;

	json_writer_begin_array(json, "mapped_by_program");
	for (size_t i = 0; i < get_rows(view, rows); i++) {
		const struct mapped *line = &view->list->lines.items[i];
		uint32_t site = line->all.site;
		uint32_t stack =
			site < profile->site_count
				? attribution_get_stack(view->attribution, profile->sites[site])
				: 0;

		json_writer_begin_object(json, NULL);
		json_writer_string(json, "domain", "mmap");
		json_writer_unsigned(json, "resident_bytes", line->all.resident_bytes);
		json_writer_unsigned(json, "mapped_bytes", line->all.mapped_bytes);
		json_writer_unsigned(json, "range_count", line->all.range_count);
		view_place_json(json, view->attribution->table, stack, GROUP_BY_STACK);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

void
view_mapped_csv(FILE *stream, const struct view_mapped *view, size_t rows)
{
	for (size_t i = 0; i < get_rows(view, rows); i++) {
		const struct mapped *line = &view->list->lines.items[i];
		struct buffer name = BUFFER_INIT;
		uint32_t stack, caller;

		if (find_place(view, line, &stack, &caller)) {
			const struct place *place = view_place_get(view->attribution->table, stack);

			view_place_format_name(place, &name);
			if (place->file != NULL)
				buffer_insert_format(&name, " %s:%" PRIu32, place->file,
						     place->line);
		}
		fputs("mapped,", stream);
		view_csv_string(stream, buffer_string(&name));
		fprintf(stream, ",%" PRIu64 "\n", line->all.resident_bytes);
		buffer_release(&name);
	}
}
