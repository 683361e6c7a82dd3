/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/mapped.h"

#include <inttypes.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/place_json.h"
#include "view/site.h"
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

static void
insert_row(struct view_table *table, const struct term *term, const struct view_mapped *view,
	   const struct mapped *line)
{
	char text[HUMAN_BYTES];

	view_table_insert(table, human_size((int64_t)line->all.resident_bytes, text), TERM_BOLD);
	view_table_insert(table, human_size((int64_t)line->all.mapped_bytes, text), TERM_PLAIN);
	view_table_insert(table, human_count(line->all.range_count, text), TERM_PLAIN);
	view_site_insert(table, term, view->attribution, line->all.site, view->full_names);
}

void
view_mapped_rows(const struct term *term, const struct view_mapped *view, size_t rows)
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
	struct view_table table;

	view_table_init(&table, MAPPED_COLUMNS, is_text);
	for (size_t i = 0; i < MAPPED_COLUMNS; i++)
		view_table_insert(&table, titles[i], TERM_DIM);
	for (size_t i = 0; i < count; i++)
		insert_row(&table, term, view, &view->list->lines.items[i]);
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
}

void
view_mapped_text(const struct term *term, const struct view_mapped *view, size_t rows)
{
	size_t count = get_rows(view, rows);
	char more[HUMAN_BYTES];

	fputs("\nmapped by the program: resident bytes, of address space that it has mapped\n",
	      term->stream);
	view_mapped_rows(term, view, rows);
	if (count < view->list->lines.count)
		fprintf(term->stream, "(%s more line%s; -n 0 for all)\n",
			human_count(view->list->lines.count - count, more),
			text_plural(view->list->lines.count - count));
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
		json_writer_string(json, "domain", PROFILE_DOMAIN_MMAP);
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

		fputs("mapped,", stream);
		view_site_csv(stream, view->attribution, line->all.site);
		fprintf(stream, ",%" PRIu64 "\n", line->all.resident_bytes);
	}
}
