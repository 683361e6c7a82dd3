/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/retained.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/csv.h"
#include "view/graph_quality.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/owner.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/place_json.h"
#include "view/quality.h"

/*** text ***/

static void
print_title(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;
	const struct profile *profile = view->profile;
	char *command = term_escape(*profile->command ? profile->command : profile->executable);
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES], live[HUMAN_BYTES], pause[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s%s: %s in %s block%s can be reached, of %s live",
		term_style(term, TERM_BOLD), command, profile->pid, term_style(term, TERM_PLAIN),
		view_graph_quality_moment(view->quality),
		human_size((int64_t)report->held.bytes, bytes),
		human_count(report->held.blocks, blocks), text_plural(report->held.blocks),
		human_size((int64_t)report->live.bytes, live));
	if (view->quality->taken == GRAPH_TAKEN_BY_TWIN)
		fprintf(term->stream, "          paused %s",
			human_duration(view->quality->pause_ns, pause));
	fputs("\n", term->stream);
	free(command);
}

static void
print_titles(const struct term *term, const char *what)
{
	fprintf(term->stream, "\n%s%11s  %6s  %11s  %10s  %s%s\n", term_style(term, TERM_DIM),
		"retained", "% live", "reachable", "blocks", what, term_style(term, TERM_PLAIN));
}

/* Up to the name. `blocks` are the retained ones. */
static void
print_amounts(const struct term *term, const struct view_retained *view,
	      const struct retained_amount *retained, const struct retained_amount *reachable)
{
	char bytes[HUMAN_BYTES], percent[HUMAN_BYTES], other[HUMAN_BYTES], blocks[HUMAN_BYTES];

	human_size((int64_t)retained->bytes, bytes);
	human_percent((double)retained->bytes, (double)view->report->live.bytes, percent);
	human_count(retained->blocks, blocks);
	if (reachable != NULL)
		human_size((int64_t)reachable->bytes, other);
	fprintf(term->stream, "%11s  %6s  %11s  %10s  ", bytes, percent,
		reachable != NULL ? other : "-", blocks);
}

static void
print_place(const struct term *term, const struct view_retained *view, uint32_t group)
{
	const struct site_group *site = &view->groups->groups[group];
	struct view_place place;

	view_place_init(&place, view->attribution->table, site->stack, site->caller,
			view->options->by, view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	fprintf(term->stream, "%s%s%s", place.name, *place.name && *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

/* What hangs on an owner directly, most of all. */
static void
print_first(const struct term *term, const struct view_retained *view,
	    const struct retained_first *first)
{
	char count[HUMAN_BYTES];

	if (first->group == RETAINED_NO_GROUP)
		return;
	fputs(" -> ", term->stream);
	print_place(term, view, first->group);
	if (first->blocks > 1)
		fprintf(term->stream, " (x %s)", human_count(first->blocks, count));
}

static void
print_owner(const struct term *term, const struct view_retained *view,
	    const struct retained_owner_row *row)
{
	const struct owner *owner = &view->owners->owners[row->owner];
	char *name = view_owner_name(owner);
	char *position = view_owner_position(owner, view->full_names);

	print_amounts(term, view, &row->retained, &row->reachable);
	fprintf(term->stream, "%s%s%s", name, *position ? " " : "", position);
	print_first(term, view, &row->first);
	fputs("\n", term->stream);
	free(name);
	free(position);
}

static void
print_left(const struct term *term, size_t left, const char *what)
{
	char count[HUMAN_BYTES];

	if (left != 0)
		fprintf(term->stream, "(%s more %s%s; -n 0 for all)\n", human_count(left, count),
			what, text_plural(left));
}

static void
print_owners(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;

	if (report->owner_count == 0)
		return;
	print_titles(term, "root");
	for (size_t i = 0; i < report->shown_owners; i++)
		print_owner(term, view, &report->owners[i]);
	if (report->shared.blocks != 0) {
		print_amounts(term, view, &report->shared, NULL);
		fputs("held by more than one of them\n", term->stream);
	}
	print_left(term, report->owner_count - report->shown_owners, "root");
}

static void
print_sites(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;
	char count[HUMAN_BYTES];

	if (report->site_count == 0)
		return;
	print_titles(term, "site");
	for (size_t i = 0; i < report->shown_sites; i++) {
		const struct retained_site_row *row = &report->sites[i];

		print_amounts(term, view, &row->retained, &row->reachable);
		print_place(term, view, row->group);
		if (row->own.blocks > 1)
			fprintf(term->stream, " (x %s)", human_count(row->own.blocks, count));
		view_graph_likeness_of_group_text(term, &view->names, row->group);
		fputs("\n", term->stream);
	}
	print_left(term, report->site_count - report->shown_sites, "place");
}

void
view_retained_text(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];
	uint64_t rest = report->live.blocks - report->held.blocks;

	print_title(term, view);
	print_owners(term, view);
	print_sites(term, view);
	if (rest != 0)
		fprintf(term->stream, "\nnot held  %s in %s block%s: see heaptally leaks\n",
			human_size((int64_t)(report->live.bytes - report->held.bytes), bytes),
			human_count(rest, blocks), text_plural(rest));
	view_graph_quality_text(term, view->quality);
	view_quality_warnings(term, "", view->profile);
}

/*** JSON ***/

static void
write_amount(struct json_writer *json, const char *key, const struct retained_amount *amount)
{
	json_writer_begin_object(json, key);
	json_writer_unsigned(json, "blocks", amount->blocks);
	json_writer_unsigned(json, "bytes", amount->bytes);
	json_writer_end_object(json);
}

static void
write_frames(struct json_writer *json, const struct view_retained *view, uint32_t group)
{
	view_place_json(json, view->attribution->table, view->groups->groups[group].stack,
			view->options->by);
}

static void
write_first(struct json_writer *json, const struct view_retained *view,
	    const struct retained_first *first)
{
	if (first->group == RETAINED_NO_GROUP) {
		json_writer_null(json, "first");
		return;
	}
	json_writer_begin_object(json, "first");
	json_writer_unsigned(json, "blocks", first->blocks);
	json_writer_unsigned(json, "bytes", first->bytes);
	write_frames(json, view, first->group);
	json_writer_end_object(json);
}

static void
write_owners(struct json_writer *json, const struct view_retained *view)
{
	const struct retained_report *report = view->report;

	json_writer_begin_array(json, "roots");
	for (size_t i = 0; i < report->shown_owners; i++) {
		const struct retained_owner_row *row = &report->owners[i];

		json_writer_begin_object(json, NULL);
		view_owner_json(json, &view->owners->owners[row->owner]);
		write_amount(json, "retained", &row->retained);
		write_amount(json, "reachable", &row->reachable);
		write_first(json, view, &row->first);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_sites(struct json_writer *json, const struct view_retained *view)
{
	const struct retained_report *report = view->report;

	json_writer_begin_array(json, "sites");
	for (size_t i = 0; i < report->shown_sites; i++) {
		const struct retained_site_row *row = &report->sites[i];

		json_writer_begin_object(json, NULL);
		json_writer_bool(json, "system", view->groups->groups[row->group].is_system);
		write_amount(json, "own", &row->own);
		write_amount(json, "retained", &row->retained);
		write_amount(json, "reachable", &row->reachable);
		view_graph_likeness_of_group_json(json, &view->names, row->group);
		write_frames(json, view, row->group);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

void
view_retained_json(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;
	struct json_writer json;

	view_json_begin(&json, term->stream, "retained");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "by", group_by_names[view->options->by]);
	write_amount(&json, "live", &report->live);
	write_amount(&json, "held", &report->held);
	write_amount(&json, "shared", &report->shared);
	json_writer_begin_object(&json, "quality");
	view_graph_quality_json(&json, view->quality);
	json_writer_end_object(&json);
	view_quality_troubles_json(&json, view->profile);
	write_owners(&json, view);
	write_sites(&json, view);
	json_writer_end_object(&json);
}

/*** CSV ***/

static void
put_amounts(FILE *stream, const struct retained_amount *retained,
	    const struct retained_amount *reachable)
{
	fprintf(stream, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", retained->bytes,
		retained->blocks, reachable->bytes, reachable->blocks);
}

static void
put_owner(FILE *stream, const struct view_retained *view, const struct retained_owner_row *row)
{
	const struct owner *owner = &view->owners->owners[row->owner];
	char *name = view_owner_name(owner);

	view_csv_string(stream, owner_kind_names[owner->kind]);
	putc(',', stream);
	view_csv_string(stream, name);
	fputs(",,", stream);
	view_csv_string(stream, owner->file);
	putc(',', stream);
	if (owner->file != NULL)
		fprintf(stream, "%" PRIu32, owner->line);
	putc(',', stream);
	view_csv_string(stream, owner->module);
	putc(',', stream);
	put_amounts(stream, &row->retained, &row->reachable);
	free(name);
}

void
view_retained_csv(const struct term *term, const struct view_retained *view)
{
	const struct retained_report *report = view->report;
	FILE *stream = term->stream;

	fputs("kind,name,", stream);
	view_csv_place_titles(stream, GROUP_BY_LINE);
	fputs(",retained_bytes,retained_blocks,reachable_bytes,reachable_blocks\n", stream);
	for (size_t i = 0; i < report->shown_owners; i++)
		put_owner(stream, view, &report->owners[i]);
	for (size_t i = 0; i < report->shown_sites; i++) {
		const struct retained_site_row *row = &report->sites[i];
		uint32_t stack = view->groups->groups[row->group].stack;

		fputs("site,,", stream);
		view_csv_place(stream, view_place_get(view->attribution->table, stack),
			       view->options->by);
		put_amounts(stream, &row->retained, &row->reachable);
	}
}
