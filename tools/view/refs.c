/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/refs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/graph_quality.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/quality.h"

static size_t
limit(size_t count, size_t rows)
{
	return rows != 0 && rows < count ? rows : count;
}

static const struct graph_node *
get_block(const struct view_refs *view, size_t block)
{
	return &view->names.graph->blocks[block];
}

/*** text ***/

/* "+16 of a block of 64 bytes, row_new src/rows.c:31". Of a single pointer `source` is set. */
static void
print_source(const struct term *term, const struct view_refs *view, const struct referrer *way,
	     bool many, const struct referrer_pointer *source)
{
	char count[HUMAN_BYTES];

	if (way->is_owner) {
		view_graph_owner_text(term, &view->names, way->who);
		if (!way->any_place && way->place != 0)
			fprintf(term->stream, " +%" PRIu64, way->place);
		return;
	}
	if (!way->any_place)
		fprintf(term->stream, "+%" PRIu64 "%s of ", way->place,
			way->is_least ? " or more" : "");
	fputs(many ? "blocks" : "a block", term->stream);
	if (way->source_bytes != 0)
		fprintf(term->stream, " of %s byte%s", human_count(way->source_bytes, count),
			text_plural(way->source_bytes));
	fputs(", ", term->stream);
	view_graph_place_text(term, &view->names, way->who);
	if (source != NULL)
		view_graph_likeness_text(term, &view->names, source->source);
}

/* Nothing for the usual way. */
static void
print_target(const struct term *term, const struct referrer *way)
{
	static const char *const names[GRAPH_HOWS] = {
		[GRAPH_STRING] = " (the characters of a string)",
		[GRAPH_LENGTH] = " (behind its length)",
		[GRAPH_ARRAY] = " (behind its count)",
		[GRAPH_BASE] = " (another base class)",
	};

	if (way->how == GRAPH_START)
		return;
	fprintf(term->stream, ", at +%" PRIu64 "%s of it%s", way->offset,
		way->is_least ? " or more" : "", names[way->how] != NULL ? names[way->how] : "");
}

/* The way of one pointer, with its own block and place. */
static struct referrer
make_single(const struct view_refs *view, const struct referrer_pointer *pointer)
{
	struct referrer way = view->referrers->ways[pointer->way];
	uint64_t word, offset;

	if (way.is_owner)
		return way;
	graph_get_places(view->names.graph, pointer->arc, &word, &offset);
	way.place = word * 8;
	way.any_place = false;
	way.source_bytes = graph_get_bytes(get_block(view, pointer->source));
	return way;
}

static void
print_pointer(const struct term *term, const struct view_refs *view,
	      const struct referrer_pointer *pointer)
{
	const struct referrer *way = &view->referrers->ways[pointer->way];
	struct referrer single = make_single(view, pointer);
	char percent[HUMAN_BYTES];

	fputs("  ", term->stream);
	print_source(term, view, &single, false, pointer);
	print_target(term, &single);
	if (view->group != SITE_GROUP_NONE && view->referrers->blocks > 1)
		fprintf(term->stream, "  (%s %% of this site are held like this)",
			human_percent((double)way->blocks, (double)view->referrers->blocks,
				      percent));
	fputs("\n", term->stream);
}

static void
print_left(const struct term *term, size_t left, const char *what)
{
	char count[HUMAN_BYTES];

	if (left != 0)
		fprintf(term->stream, "  (%s more %s%s; -n 0 for all)\n", human_count(left, count),
			what, text_plural(left));
}

static void
print_pointers(const struct term *term, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	size_t shown = limit(referrers->list_count, view->rows);

	for (size_t i = 0; i < shown; i++)
		print_pointer(term, view, &referrers->list[i]);
	print_left(term, referrers->list_count - shown, "pointer");
}

static void
print_ways(const struct term *term, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	size_t shown = limit(referrers->count, view->rows);
	char percent[HUMAN_BYTES], count[HUMAN_BYTES];

	for (size_t i = 0; i < shown; i++) {
		const struct referrer *way = &referrers->ways[i];

		human_percent((double)way->blocks, (double)referrers->blocks, percent);
		fprintf(term->stream, "  %5s %%  %10s  ", percent, human_count(way->blocks, count));
		print_source(term, view, way, way->pointers > 1, NULL);
		print_target(term, way);
		fputs("\n", term->stream);
	}
	print_left(term, referrers->count - shown, "way");
}

static void
print_address_title(const struct term *term, const struct view_refs *view)
{
	const struct graph_node *block = get_block(view, view->block);
	uint64_t start = block->start, bytes = graph_get_bytes(block);
	size_t count = view->referrers->list_count;
	char text[HUMAN_BYTES];

	fprintf(term->stream, "%s%#" PRIx64 "%s, ", term_style(term, TERM_BOLD), view->address,
		term_style(term, TERM_PLAIN));
	if (view->address != start)
		fprintf(term->stream, "%" PRIu64 " byte%s into %#" PRIx64 ", ",
			view->address - start, text_plural(view->address - start), start);
	fprintf(term->stream, "%s byte%s, ", human_count(bytes, text), text_plural(bytes));
	view_graph_place_text(term, &view->names, view->group);
	view_graph_likeness_text(term, &view->names, view->block);
	if (count == 0)
		fputs(": nothing points at it\n", term->stream);
	else
		fprintf(term->stream, ", is pointed at from %s place%s\n", human_count(count, text),
			text_plural(count));
}

static void
print_site_title(const struct term *term, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES], pointers[HUMAN_BYTES], others[HUMAN_BYTES];

	fputs(term_style(term, TERM_BOLD), term->stream);
	view_graph_place_text(term, &view->names, view->group);
	fputs(term_style(term, TERM_PLAIN), term->stream);
	if (view->others != 0)
		fprintf(term->stream, " and %s more place%s", human_count(view->others, others),
			text_plural(view->others));
	if (view->others == 0)
		view_graph_likeness_of_group_text(term, &view->names, view->group);
	fprintf(term->stream, ": %s block%s of %s, %s pointer%s at %s\n",
		human_count(referrers->blocks, blocks), text_plural(referrers->blocks),
		human_size((int64_t)referrers->bytes, bytes),
		human_count(referrers->pointers, pointers), text_plural(referrers->pointers),
		referrers->blocks == 1 ? "it" : "them");
}

static void
print_path(const struct term *term, const struct view_refs *view)
{
	fputs("path: ", term->stream);
	if (!view_graph_path_text(term, &view->names, (uint32_t)view->block,
				  view->site != NULL ? "one of them" : "here"))
		fputs("none leads here from a root", term->stream);
	fputs("\n", term->stream);
}

void
view_refs_text(const struct term *term, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	char count[HUMAN_BYTES];

	if (view->site == NULL) {
		print_address_title(term, view);
		print_pointers(term, view);
	} else {
		print_site_title(term, view);
		print_ways(term, view);
		if (referrers->unheld != 0)
			fprintf(term->stream, "  nothing points at %s of them\n",
				human_count(referrers->unheld, count));
	}
	print_path(term, view);
	view_graph_quality_text(term, &view->names.graph->quality);
	view_quality_warnings(term, "", view->profile);
}

/*** JSON ***/

/* Members of what both a way and a single pointer have. */
static void
write_way(struct json_writer *json, const struct view_refs *view, const struct referrer *way)
{
	static const char *const names[GRAPH_HOWS] = {
		[GRAPH_START] = "start",   [GRAPH_INTERIOR] = "interior", [GRAPH_STRING] = "string",
		[GRAPH_LENGTH] = "length", [GRAPH_ARRAY] = "array",       [GRAPH_BASE] = "base",
	};

	view_graph_owner_json(json, &view->names, "root", way->is_owner ? way->who : OWNER_NONE);
	json_writer_bool(json, "dead_stack", way->is_owner && way->who == OWNER_NONE);
	view_json_optional(json, "place_bytes", !way->any_place, way->place);
	json_writer_string(json, "pointer", names[way->how]);
	json_writer_unsigned(json, "offset_bytes", way->offset);
	json_writer_bool(json, "exact", !way->is_least);
}

static void
write_pointers(struct json_writer *json, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	size_t shown = limit(referrers->list_count, view->rows);

	json_writer_begin_array(json, "pointers");
	for (size_t i = 0; i < shown; i++) {
		const struct referrer_pointer *pointer = &referrers->list[i];
		struct referrer way = make_single(view, pointer);

		json_writer_begin_object(json, NULL);
		if (way.is_owner)
			json_writer_null(json, "block");
		else
			view_graph_block_json(json, &view->names, "block", pointer->source);
		write_way(json, view, &way);
		json_writer_unsigned(json, "alike_blocks", way.blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_ways(struct json_writer *json, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;
	size_t shown = limit(referrers->count, view->rows);

	json_writer_begin_array(json, "ways");
	for (size_t i = 0; i < shown; i++) {
		const struct referrer *way = &referrers->ways[i];

		json_writer_begin_object(json, NULL);
		write_way(json, view, way);
		view_graph_frames_json(json, &view->names,
				       way->is_owner ? SITE_GROUP_NONE : way->who);
		json_writer_unsigned(json, "pointer_count", way->pointers);
		json_writer_unsigned(json, "blocks", way->blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_site(struct json_writer *json, const struct view_refs *view)
{
	const struct referrer_set *referrers = view->referrers;

	json_writer_begin_object(json, "site");
	json_writer_unsigned(json, "blocks", referrers->blocks);
	json_writer_unsigned(json, "bytes", referrers->bytes);
	json_writer_unsigned(json, "unheld_blocks", referrers->unheld);
	json_writer_unsigned(json, "pointer_count", referrers->pointers);
	view_graph_likeness_of_group_json(json, &view->names, view->group);
	view_graph_frames_json(json, &view->names, view->group);
	json_writer_end_object(json);
}

void
view_refs_json(const struct term *term, const struct view_refs *view)
{
	struct json_writer json;

	view_json_begin(&json, term->stream, "refs");
	view_moment_json(&json, "process", view->profile, &view->at);
	if (view->site == NULL) {
		json_writer_hex(&json, "address", view->address);
		json_writer_unsigned(&json, "offset_bytes",
				     view->address - get_block(view, view->block)->start);
	} else {
		json_writer_null(&json, "address");
		json_writer_null(&json, "offset_bytes");
	}
	view_graph_block_json(&json, &view->names, "block", view->block);
	write_site(&json, view);
	json_writer_begin_object(&json, "quality");
	view_graph_quality_json(&json, &view->names.graph->quality);
	json_writer_end_object(&json);
	view_quality_troubles_json(&json, view->profile);
	view_json_optional(&json, "pointer_count", view->site == NULL, view->referrers->list_count);
	write_pointers(&json, view);
	write_ways(&json, view);
	view_graph_path_json(&json, &view->names, "path", (uint32_t)view->block);
	json_writer_end_object(&json);
}
