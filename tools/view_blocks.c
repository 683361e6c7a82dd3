/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_blocks.c - single blocks, as text, JSON or CSV
 */
#include "config.h"

#include "view_blocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view_csv.h"
#include "view_place.h"
#include "view_quality.h"
#include "view_top.h"

#define JSON_VERSION 1

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
	struct naming_site site;

	naming_get_site(view->naming, view->profile->sites[block->site], &site);
	*ret_caller = naming_find_caller(view->naming, &site);
	return naming_make_stack(view->naming, &site);
}

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/*** text ***/

static void
print_title(const struct term *term, const struct view_blocks *view)
{
	char *command = term_escape(*view->profile->command ? view->profile->command
							    : view->profile->executable);
	char *moment = view_top_describe_moment(view->profile, &view->at);
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES], usable[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s, %s: %s block%s of %s (%s usable), by %s%s\n\n",
		term_style(term, TERM_BOLD), command, view->profile->pid,
		term_style(term, TERM_PLAIN), moment, human_count(view->listing->all, count),
		plural(view->listing->all), human_size((int64_t)view->listing->all_bytes, bytes),
		human_size((int64_t)view->listing->all_usable, usable), view->order,
		view->filtered ? ", filtered" : "");
	free(command);
	free(moment);
}

static void
print_row(const struct term *term, const struct view_blocks *view, const struct block *block)
{
	char bytes[HUMAN_BYTES], usable[HUMAN_BYTES], age[HUMAN_BYTES];
	uint32_t caller, stack = get_place(view, block, &caller);
	struct view_place place;

	view_place_init(&place, view->naming->table, stack, caller, GROUP_BY_LINE,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	fprintf(term->stream, "%#16" PRIx64 "  %10s  %10s  %13s  %7" PRIu32 "  %s%s%s\n",
		block->address, human_size((int64_t)block->bytes, bytes),
		human_size((int64_t)block_get_usable(block), usable),
		human_duration(get_age_ns(view, block), age), (uint32_t)block->thread, place.name,
		*place.name && *place.position ? "  " : "", place.position);
	view_place_release(&place);
}

void
view_blocks_text(const struct term *term, const struct view_blocks *view)
{
	const struct listing *listing = view->listing;
	char count[HUMAN_BYTES];

	print_title(term, view);
	if (listing->all == 0)
		fputs(view->filtered ? "nothing passes the filters\n" : "no block lives\n",
		      term->stream);
	else
		fprintf(term->stream, "%s%16s  %10s  %10s  %13s  %7s  where%s\n",
			term_style(term, TERM_DIM), "address", "size", "usable", "age", "thread",
			term_style(term, TERM_PLAIN));
	for (size_t i = 0; i < listing->count; i++)
		print_row(term, view, get_block(view, i));
	if (listing->count < listing->all)
		fprintf(term->stream, "(%s more block%s; -n 0 for all)\n",
			human_count(listing->all - listing->count, count),
			plural(listing->all - listing->count));
	if (view->profile->blocks.missing != 0)
		fprintf(term->stream,
			"\nnote      %s more live, but there was no room to note them\n",
			human_count(view->profile->blocks.missing, count));
	view_quality_warnings(term, view->profile);
}

/*** JSON and CSV ***/

static void
write_block(struct json_writer *json, const struct view_blocks *view, const struct block *block)
{
	uint32_t caller, stack = get_place(view, block, &caller);

	json_writer_begin_object(json, NULL);
	json_writer_hex(json, "address", block->address);
	json_writer_unsigned(json, "bytes", block->bytes);
	json_writer_unsigned(json, "usable_bytes", block_get_usable(block));
	json_writer_seconds(json, "born_seconds", (uint64_t)block->birth << BLOCK_TIME_SHIFT);
	json_writer_seconds(json, "age_seconds", get_age_ns(view, block));
	json_writer_unsigned(json, "thread", block->thread);
	view_place_json(json, view->naming->table, stack, GROUP_BY_LINE);
	json_writer_end_object(json);
}

void
view_blocks_json(FILE *stream, const struct view_blocks *view)
{
	const struct listing *listing = view->listing;
	struct json_writer json;

	json_writer_init(&json, stream);
	json_writer_begin_object(&json, NULL);
	json_writer_string(&json, "format", "heaptally-blocks");
	json_writer_unsigned(&json, "version", JSON_VERSION);
	view_top_process_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "sort", view->order);
	json_writer_begin_object(&json, "totals");
	json_writer_unsigned(&json, "blocks", listing->all);
	json_writer_unsigned(&json, "bytes", listing->all_bytes);
	json_writer_unsigned(&json, "usable_bytes", listing->all_usable);
	json_writer_unsigned(&json, "missing_blocks", view->profile->blocks.missing);
	json_writer_end_object(&json);
	json_writer_begin_array(&json, "blocks");
	for (size_t i = 0; i < listing->count; i++)
		write_block(&json, view, get_block(view, i));
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}

void
view_blocks_csv(FILE *stream, const struct view_blocks *view)
{
	fputs("address,bytes,usable_bytes,age_ns,thread," VIEW_CSV_PLACE_HEADER "\n", stream);
	for (size_t i = 0; i < view->listing->count; i++) {
		const struct block *block = get_block(view, i);
		uint32_t caller, stack = get_place(view, block, &caller);

		fprintf(stream, "0x%" PRIx64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",",
			block->address, block->bytes, block_get_usable(block),
			get_age_ns(view, block), (uint32_t)block->thread);
		view_csv_place(stream, view_place_get(view->naming->table, stack));
		putc('\n', stream);
	}
}
