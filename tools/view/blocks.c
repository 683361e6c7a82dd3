/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/blocks.c - single blocks, as text, JSON or CSV
 */
#include "config.h"

#include "view/blocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/csv.h"
#include "view/filters.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/place_json.h"
#include "view/quality.h"

#define ADDRESS_COLUMNS 14 /* 0x7f0123456780 */
#define SIZE_COLUMNS    10
#define AGE_COLUMNS     11
#define THREAD_COLUMNS  7
#define OTHER_COLUMNS   (ADDRESS_COLUMNS + 2 * SIZE_COLUMNS + AGE_COLUMNS + THREAD_COLUMNS + 5 * 2)
#define WHERE_LEAST     44

static const struct block *
get_block(const struct view_blocks *view, size_t row)
{
	return &view->profile->blocks.blocks[view->listing->blocks[row]];
}

static uint64_t
get_age_ns(const struct view_blocks *view, const struct block *block)
{
	return block_get_age_ns(block, view->at.moment->time_ns);
}

/* What names the site of a block, as a stack of places. */
static uint32_t
get_place(const struct view_blocks *view, const struct block *block, uint32_t *ret_caller)
{
	struct attribution_site site;

	attribution_get_site(view->attribution, view->profile->sites[block->site], &site);
	*ret_caller = attribution_find_caller(view->attribution, &site);
	return attribution_make_stack(view->attribution, &site);
}

/*** text ***/

static void
print_title(const struct term *term, const struct view_blocks *view)
{
	char *command = term_escape(*view->profile->command ? view->profile->command
							    : view->profile->executable);
	char *moment = view_moment_describe(view->profile, &view->at);
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES], usable[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s, %s: %s block%s of %s (%s usable), by %s%s\n\n",
		term_style(term, TERM_BOLD), command, view->profile->pid,
		term_style(term, TERM_PLAIN), moment, human_count(view->listing->all, count),
		text_plural(view->listing->all),
		human_size((int64_t)view->listing->all_bytes, bytes),
		human_size((int64_t)view->listing->all_usable, usable), view->order,
		view->filtered ? ", filtered" : "");
	free(command);
	free(moment);
}

/* Rows are not kept until all widths are known, so that any number of them needs no memory. */
struct layout {
	bool usable, thread; /* whether there is room for these columns */
	unsigned threads;    /* columns for the thread */
	unsigned where;      /* columns for the place; 0: any number */
};

/* "4711 worker". To free. */
static char *
format_thread(const struct view_blocks *view, const struct block *block, bool named)
{
	const char *name = thread_names_find(&view->attribution->threads, block->thread);
	char *safe, *text;

	if (!named || name == NULL)
		return xasprintf("%" PRIu32, (uint32_t)block->thread);
	safe = term_escape(name);
	text = xasprintf("%" PRIu32 " %s", (uint32_t)block->thread, safe);
	free(safe);
	return text;
}

/* Of the longest thread that is shown. */
static unsigned
measure_threads(const struct view_blocks *view)
{
	unsigned most = THREAD_COLUMNS;

	for (size_t i = 0; i < view->listing->count; i++) {
		char *text = format_thread(view, get_block(view, i), true);
		unsigned columns = term_columns(text);

		most = columns > most ? columns : most;
		free(text);
	}
	return most;
}

/* Names of threads go first where there is no room for all. */
static struct layout
make_layout(const struct term *term, const struct view_blocks *view)
{
	struct layout layout = {.usable = true, .thread = true, .threads = measure_threads(view)};
	unsigned others = OTHER_COLUMNS;

	if (term->width == 0 || view->full_names)
		return layout;
	if (term->width < others + layout.threads - THREAD_COLUMNS + WHERE_LEAST)
		layout.threads = THREAD_COLUMNS;
	others += layout.threads - THREAD_COLUMNS;
	layout.usable = term->width >= others + WHERE_LEAST;
	others -= layout.usable ? 0 : SIZE_COLUMNS + 2;
	layout.thread = term->width >= others + WHERE_LEAST;
	others -= layout.thread ? 0 : layout.threads + 2;
	layout.where =
		term->width > others + WHERE_LEAST / 2 ? term->width - others : WHERE_LEAST / 2;
	return layout;
}

static void
print_column(const struct term *term, bool shown, int width, const char *text)
{
	if (shown)
		fprintf(term->stream, "%*s  ", width, text);
}

/* Numbers stand right, names left. */
static void
print_thread(const struct term *term, const struct layout *layout, const char *text)
{
	unsigned columns = term_columns(text);

	if (!layout->thread)
		return;
	if (layout->threads == THREAD_COLUMNS)
		fprintf(term->stream, "%*s  ", THREAD_COLUMNS, text);
	else
		fprintf(term->stream, "%s%*s  ", text,
			(int)(layout->threads > columns ? layout->threads - columns : 0), "");
}

static void
print_titles(const struct term *term, const struct layout *layout)
{
	fputs(term_style(term, TERM_DIM), term->stream);
	print_column(term, true, ADDRESS_COLUMNS, "address");
	print_column(term, true, SIZE_COLUMNS, "size");
	print_column(term, layout->usable, SIZE_COLUMNS, "usable");
	print_column(term, true, AGE_COLUMNS, "age");
	print_thread(term, layout, "thread");
	fprintf(term->stream, "where%s\n", term_style(term, TERM_PLAIN));
}

/* Names may have half of the room, positions what is left. */
static void
print_where(const struct term *term, const struct view_blocks *view, const struct layout *layout,
	    const struct block *block)
{
	uint32_t caller, stack = get_place(view, block, &caller);
	struct view_place place;

	view_place_init(&place, view->attribution->table, stack, caller, GROUP_BY_LINE,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	if (layout->where > 0) {
		unsigned name;

		if (term_columns(place.name) + 2 + term_columns(place.position) > layout->where)
			view_place_cut_name(place.name,
					    *place.position ? layout->where / 2 : layout->where);
		name = term_columns(place.name);
		if (name + 2 < layout->where)
			view_place_cut_position(place.position, layout->where - name - 2);
	}
	fprintf(term->stream, "%s%s%s\n", place.name, *place.name && *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

static void
print_row(const struct term *term, const struct view_blocks *view, const struct layout *layout,
	  const struct block *block)
{
	char text[HUMAN_BYTES], *thread;

	snprintf(text, sizeof(text), "0x%" PRIx64, block->address);
	print_column(term, true, ADDRESS_COLUMNS, text);
	print_column(term, true, SIZE_COLUMNS, human_size((int64_t)block->bytes, text));
	print_column(term, layout->usable, SIZE_COLUMNS,
		     human_size((int64_t)block_get_usable(block), text));
	print_column(term, true, AGE_COLUMNS, human_duration(get_age_ns(view, block), text));
	thread = format_thread(view, block, layout->threads > THREAD_COLUMNS);
	print_thread(term, layout, thread);
	free(thread);
	print_where(term, view, layout, block);
}

void
view_blocks_text(const struct term *term, const struct view_blocks *view)
{
	const struct listing *listing = view->listing;
	struct layout layout = make_layout(term, view);
	char count[HUMAN_BYTES];

	print_title(term, view);
	if (listing->all == 0 && view->filtered)
		view_filters_nothing(term->stream, &view->attribution->selection->filters,
				     view->attribution->table);
	else if (listing->all == 0)
		fputs("no block lives\n", term->stream);
	else
		print_titles(term, &layout);
	for (size_t i = 0; i < listing->count; i++)
		print_row(term, view, &layout, get_block(view, i));
	if (listing->count < listing->all)
		fprintf(term->stream, "(%s more block%s; -n 0 for all)\n",
			human_count(listing->all - listing->count, count),
			text_plural(listing->all - listing->count));
	if (view->profile->blocks.missing != 0)
		fprintf(term->stream,
			"\nnote      %s more live, but there was no room to note them\n",
			human_count(view->profile->blocks.missing, count));
	view_quality_warnings(term, "", view->profile);
}

/*** JSON and CSV ***/

static void
write_block(struct json_writer *json, const struct view_blocks *view, const struct block *block)
{
	uint32_t caller, stack = get_place(view, block, &caller);

	json_writer_begin_object(json, NULL);
	json_writer_hex(json, "address", block->address);
	json_writer_unsigned(json, "size_bytes", block->bytes);
	json_writer_unsigned(json, "usable_bytes", block_get_usable(block));
	json_writer_seconds(json, "born_seconds", (uint64_t)block->birth << BLOCK_TIME_SHIFT);
	json_writer_seconds(json, "age_seconds", get_age_ns(view, block));
	json_writer_unsigned(json, "thread", block->thread);
	json_writer_string(json, "thread_name",
			   thread_names_find(&view->attribution->threads, block->thread));
	view_place_json(json, view->attribution->table, stack, GROUP_BY_LINE);
	json_writer_end_object(json);
}

void
view_blocks_json(const struct term *term, const struct view_blocks *view)
{
	const struct listing *listing = view->listing;
	struct json_writer json;

	view_json_begin(&json, term->stream, "blocks");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "sort", view->order);
	json_writer_begin_object(&json, "totals");
	json_writer_unsigned(&json, "live_blocks", listing->all);
	json_writer_unsigned(&json, "live_bytes", listing->all_bytes);
	json_writer_unsigned(&json, "usable_bytes", listing->all_usable);
	json_writer_unsigned(&json, "missing_blocks", view->profile->blocks.missing);
	json_writer_end_object(&json);
	view_quality_troubles_json(&json, view->profile);
	json_writer_begin_array(&json, "hints");
	if (listing->all == 0 && view->filtered)
		view_filters_nothing_json(&json, &view->attribution->selection->filters,
					  view->attribution->table);
	json_writer_end_array(&json);
	json_writer_begin_array(&json, "blocks");
	for (size_t i = 0; i < listing->count; i++)
		write_block(&json, view, get_block(view, i));
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}

void
view_blocks_csv(const struct term *term, const struct view_blocks *view)
{
	FILE *stream = term->stream;
	fputs("address,bytes,usable_bytes,age_ns,thread,", stream);
	view_csv_place_titles(stream, GROUP_BY_LINE);
	putc('\n', stream);
	for (size_t i = 0; i < view->listing->count; i++) {
		const struct block *block = get_block(view, i);
		uint32_t caller, stack = get_place(view, block, &caller);

		fprintf(stream, "0x%" PRIx64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",",
			block->address, block->bytes, block_get_usable(block),
			get_age_ns(view, block), (uint32_t)block->thread);
		view_csv_place(stream, view_place_get(view->attribution->table, stack),
			       GROUP_BY_LINE);
		putc('\n', stream);
	}
}
