/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/pins.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/place_json.h"
#include "view/site.h"
#include "view/table.h"

enum {
	PIN_PINNED,
	PIN_EXCLUSIVE,
	PIN_LIVE,
	PIN_BLOCKS,
	PIN_NAME,
	PIN_POSITION,
	PIN_COLUMNS,
	PLACE_LEAST = 26,
};

static size_t
get_rows(const struct view_pins *view, size_t rows)
{
	size_t count = view->list->pins.count;

	return rows == 0 || rows > count ? count : rows;
}

/* --- text --- */

static void
insert_row(struct view_table *table, const struct term *term, const struct view_pins *view,
	   const struct pin *pin)
{
	char text[HUMAN_BYTES];

	view_table_insert(table, human_size((int64_t)(pin->pinned + 0.5), text), TERM_BOLD);
	view_table_insert(table, human_size((int64_t)(pin->exclusive + 0.5), text), TERM_PLAIN);
	view_table_insert(table, human_size((int64_t)pin->live_bytes, text), TERM_PLAIN);
	view_table_insert(table, human_count(pin->live_blocks, text), TERM_PLAIN);
	view_site_insert(table, term, view->attribution, pin->site, view->full_names);
}

static void
print_table(const struct term *term, const struct view_pins *view, size_t rows)
{
	static const char *const titles[PIN_COLUMNS] = {"pinned", "exclusively", "live",
							"blocks", "where",       ""};
	static const bool is_text[PIN_COLUMNS] = {[PIN_NAME] = true, [PIN_POSITION] = true};
	static const size_t spare[] = {PIN_BLOCKS, PIN_LIVE};
	static const struct view_table_fit fit = {
		.name = PIN_NAME,
		.position = PIN_POSITION,
		.least = PLACE_LEAST,
		.spare = spare,
		.spare_count = 2,
	};
	struct view_table table;

	view_table_init(&table, PIN_COLUMNS, is_text);
	for (size_t i = 0; i < PIN_COLUMNS; i++)
		view_table_insert(&table, titles[i], TERM_DIM);
	for (size_t i = 0; i < rows; i++)
		insert_row(&table, term, view, &view->list->pins.items[i]);
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
}

/* 0: nothing that lives. */
static unsigned
get_fullness(const struct pin_cell *cell)
{
	uint64_t whole = cell->pages * MEMORY_PAGE_BYTES;

	return (unsigned)((cell->used * 8 + whole - 1) / whole);
}

static void
print_picture(const struct term *term, const struct view_pins *view)
{
	const struct pin_list *list = view->list;
	const char *empty = term->utf8 ? "\u00b7" : "-";
	char pages[HUMAN_BYTES];

	if (list->cells.count == 0)
		return;
	fprintf(term->stream,
		"\nresident pages of the heap by address, %s page%s a character; %s is free of "
		"live "
		"blocks, %s full\n",
		human_count(list->pages, pages), text_plural(list->pages), empty,
		term_bar(term, 8));
	for (size_t i = 0; i < list->cells.count; i++) {
		unsigned fullness = get_fullness(&list->cells.items[i]);

		if (i % VIEW_PINS_COLUMNS == 0)
			fputs("  ", term->stream);
		fputs(fullness == 0 ? empty : term_bar(term, fullness), term->stream);
		if (i % VIEW_PINS_COLUMNS == VIEW_PINS_COLUMNS - 1 || i + 1 == list->cells.count)
			putc('\n', term->stream);
	}
}

void
view_pins_text(const struct term *term, const struct view_pins *view, size_t rows)
{
	size_t count = get_rows(view, rows);
	char more[HUMAN_BYTES];

	fputs("\npins: free bytes of pages that stay for these live blocks, until they are freed "
	      "or "
	      "moved\n",
	      term->stream);
	print_table(term, view, count);
	if (count < view->list->pins.count)
		fprintf(term->stream, "(%s more line%s; -n 0 for all)\n",
			human_count(view->list->pins.count - count, more),
			text_plural(view->list->pins.count - count));
	print_picture(term, view);
}

/* --- JSON and CSV --- */

void
view_pins_json(struct json_writer *json, const struct view_pins *view, size_t rows)
{
	json_writer_begin_array(json, "pins");
	for (size_t i = 0; i < get_rows(view, rows); i++) {
		const struct pin *pin = &view->list->pins.items[i];
		uint32_t stack = 0, caller;

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "pinned_bytes", (uint64_t)(pin->pinned + 0.5));
		json_writer_unsigned(json, "exclusive_bytes", (uint64_t)(pin->exclusive + 0.5));
		json_writer_unsigned(json, "live_bytes", pin->live_bytes);
		json_writer_unsigned(json, "live_blocks", pin->live_blocks);
		view_site_find(view->attribution, pin->site, &stack, &caller);
		view_place_json(json, view->attribution->table, stack, GROUP_BY_LINE);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

void
view_pins_csv(FILE *stream, const struct view_pins *view, size_t rows)
{
	for (size_t i = 0; i < get_rows(view, rows); i++) {
		const struct pin *pin = &view->list->pins.items[i];

		fputs("pin,", stream);
		view_site_csv(stream, view->attribution, pin->site);
		fprintf(stream, ",%" PRIu64 "\n", (uint64_t)(pin->pinned + 0.5));
	}
}
