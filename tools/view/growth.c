/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/growth.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/filters.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/place_json.h"
#include "view/quality.h"
#include "view/table.h"

#define SPARK_LEAST 8
#define SPARK_MOST  24
#define PLACE_LEAST 26

static const char *const too_few =
	"too few moments are known to tell how it grows: `heaptally run --every 1` takes one each "
	"second, a mark makes one, and `heaptally growth PID` looks at a process while it runs";

/*** words ***/

/* Numbers of hostile files, too. */
static int64_t
get_rate(const struct verdict *verdict)
{
	double rate = verdict->bytes_per_second;

	return fabs(rate) < 9e18 ? (int64_t)rate : 0;
}

char *
view_growth_format_rate(const struct verdict *verdict, char *text)
{
	char size[HUMAN_BYTES];

	snprintf(text, HUMAN_BYTES, "%.*s/s", HUMAN_BYTES - 3,
		 human_size_change(get_rate(verdict), size));
	return text;
}

char *
view_growth_format_verdict(const struct verdict *verdict, char *text)
{
	char time[HUMAN_BYTES];

	human_duration(verdict->since_ns, time);
	switch (verdict->kind) {
	case VERDICT_STEADY:
		snprintf(text, VIEW_GROWTH_BYTES, "steady growth%s",
			 verdict->below_churn ? " below churn" : "");
		break;
	case VERDICT_STEPS:
		snprintf(text, VIEW_GROWTH_BYTES, "%u step%s", verdict->steps,
			 text_plural(verdict->steps));
		break;
	case VERDICT_PLATEAU:
		snprintf(text, VIEW_GROWTH_BYTES, "plateau since %s", time);
		break;
	case VERDICT_START:
		snprintf(text, VIEW_GROWTH_BYTES, "once at start-up");
		break;
	case VERDICT_BURST:
		snprintf(text, VIEW_GROWTH_BYTES, "burst at %s", time);
		break;
	case VERDICT_SAW:
		snprintf(text, VIEW_GROWTH_BYTES, "up and down");
		break;
	case VERDICT_FALL:
		snprintf(text, VIEW_GROWTH_BYTES, "only fell");
		break;
	case VERDICT_SAME:
		snprintf(text, VIEW_GROWTH_BYTES, "unchanged");
		break;
	default:
		snprintf(text, VIEW_GROWTH_BYTES, "too few moments");
		break;
	}
	return text;
}

static size_t
get_row_count(const struct view_growth *view)
{
	size_t count = view->growth->count;

	return view->rows != 0 && view->rows < count ? view->rows : count;
}

static bool
is_known(const struct view_growth *view)
{
	return view->growth->verdict.kind != VERDICT_UNKNOWN;
}

static bool
is_filtered_out(const struct view_growth *view)
{
	return view->options->selection.filters.count != 0 && view->growth->count == 0 &&
	       view->growth->same_count == 0;
}

/*** text ***/

enum text_column {
	TEXT_RATE,
	TEXT_NOW,
	TEXT_LOST,
	TEXT_SPARK,
	TEXT_VERDICT,
	TEXT_NAME,
	TEXT_POSITION,
	TEXT_COLUMNS
};

static const bool text_is_text[TEXT_COLUMNS] = {
	[TEXT_SPARK] = true,
	[TEXT_VERDICT] = true,
	[TEXT_NAME] = true,
	[TEXT_POSITION] = true,
};

static void
print_title(const struct term *term, const struct view_growth *view)
{
	const struct growth *growth = view->growth;
	const struct profile *profile = view->profile;
	const struct profile_at at = {.moment = &profile->moments[profile->moment_count - 1]};
	char *command = term_escape(profile->command), *end = view_moment_describe(profile, &at);
	char from[HUMAN_BYTES], to[HUMAN_BYTES], count[HUMAN_BYTES], time[HUMAN_BYTES];
	size_t moments = growth->look_count - growth->from_start;
	char *title = xasprintf(
		"%s%s %" PRIu32 "%s from %s to %s, %s moment%s, %s to %s, by %s%s",
		term_style(term, TERM_BOLD), command, profile->pid, term_style(term, TERM_PLAIN),
		growth->from_start ? "the start" : human_duration(growth->looks[0].time_ns, time),
		end + (strncmp(end, "at ", 3) == 0 ? 3 : 0), human_count(moments, count),
		text_plural(moments), human_size(growth->looks[0].bytes, from),
		human_size(growth->looks[growth->look_count - 1].bytes, to),
		group_get_name(view->options),
		view->options->selection.filters.count ? ", filtered" : "");

	term_wrap(term, "", title);
	putc('\n', term->stream);
	free(title);
	free(end);
	free(command);
}

/* Of a row that never is small the part that changes. */
static char *
make_sparkline(const struct term *term, const struct growth *growth, const struct growth_row *row)
{
	size_t count = growth->look_count;
	int64_t *values = xcalloc(count, sizeof(*values)), least = INT64_MAX;
	unsigned columns = term->width == 0 ? SPARK_MOST : term->width / 8;
	char *line;

	columns = columns < SPARK_LEAST ? SPARK_LEAST : columns > SPARK_MOST ? SPARK_MOST : columns;
	if (count < columns)
		columns = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		values[i] = row->looks[i].bytes > 0 ? row->looks[i].bytes : 0;
		least = values[i] < least ? values[i] : least;
	}
	for (size_t i = 0; i < count && least > row->most_bytes / 2; i++)
		values[i] -= least - 1;
	line = term_sparkline(term, values, count, columns);
	free(values);
	return line;
}

/* Where something is. */
static bool
shows_lost(const struct view_growth *view)
{
	return view->growth->last.has_lost && view->growth->last.sum.lost_blocks != 0;
}

static void
insert_row(struct view_table *table, const struct term *term, const struct view_growth *view,
	   const struct growth_row *row)
{
	const struct growth *growth = view->growth;
	char *spark = make_sparkline(term, growth, row);
	char text[VIEW_GROWTH_BYTES];
	struct view_place place;
	bool grows = verdict_is_growth(&row->verdict);

	view_place_init(&place, growth->table, row->stack, row->caller, view->options->by,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	view_table_insert(table, grows ? view_growth_format_rate(&row->verdict, text) : "",
			  TERM_BAD);
	view_table_insert(table, human_size(row->looks[growth->look_count - 1].bytes, text),
			  TERM_PLAIN);
	view_table_insert(table, shows_lost(view) ? human_size(row->lost_bytes, text) : "",
			  TERM_PLAIN);
	view_table_insert(table, spark, TERM_PLAIN);
	view_table_insert(table, view_growth_format_verdict(&row->verdict, text),
			  grows ? TERM_BOLD : TERM_PLAIN);
	view_table_insert(table, place.name, TERM_PLAIN);
	view_table_insert(table, place.position, place.is_own ? TERM_BOLD : TERM_DIM);
	view_place_release(&place);
	free(spark);
}

static void
print_rows(const struct term *term, const struct view_growth *view)
{
	const char *const titles[TEXT_COLUMNS] = {
		[TEXT_RATE] = view->growth->growing_count != 0 ? "change/s" : "",
		[TEXT_NOW] = "now",
		[TEXT_LOST] = shows_lost(view) ? "lost" : "",
		[TEXT_SPARK] = "over time",
		[TEXT_VERDICT] = "verdict",
		[TEXT_NAME] = "where",
		[TEXT_POSITION] = "",
	};
	static const size_t spare[] = {TEXT_NOW, TEXT_SPARK};
	static const struct view_table_fit fit = {
		.name = TEXT_NAME,
		.position = TEXT_POSITION,
		.least = PLACE_LEAST,
		.spare = spare,
		.spare_count = sizeof(spare) / sizeof(*spare),
	};
	struct view_table table;

	view_table_init(&table, TEXT_COLUMNS, text_is_text);
	for (size_t i = 0; i < TEXT_COLUMNS; i++)
		view_table_insert(&table, titles[i], TERM_DIM);
	for (size_t i = 0; i < get_row_count(view); i++)
		insert_row(&table, term, view, &view->growth->rows[i]);
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
}

static void
print_summary(const struct term *term, const struct view_growth *view)
{
	const struct growth *growth = view->growth;
	size_t hidden = growth->count - get_row_count(view);
	char number[HUMAN_BYTES];

	if (hidden > 0)
		fprintf(term->stream, "(%s more; -n 0 for all)\n", human_count(hidden, number));
	if (growth->same_count > 0)
		fprintf(term->stream, "(%s unchanged)\n", human_count(growth->same_count, number));
	if (growth->growing_count == 0 && is_known(view))
		fputs("nothing goes on growing\n", term->stream);
	if (growth->has_mapped)
		fputs("mmap is what is resident of the memory that the program maps by itself\n",
		      term->stream);
	putc('\n', term->stream);
}

void
view_growth_text(const struct term *term, const struct view_growth *view)
{
	print_title(term, view);
	if (is_filtered_out(view)) {
		view_filters_nothing(term->stream, &view->options->selection.filters,
				     view->growth->table);
		putc('\n', term->stream);
	} else {
		if (view->growth->count > 0)
			print_rows(term, view);
		print_summary(term, view);
	}
	view_quality_line(term, "quality   ", view->profile, &view->growth->last);
	view_quality_warnings(term, "", view->profile);
	if (!is_known(view))
		term_wrap(term, "hint      ", too_few);
}

/*** JSON ***/

void
view_growth_verdict_json(struct json_writer *json, const struct verdict *verdict)
{
	json_writer_string(json, "verdict", verdict_name(verdict->kind));
	json_writer_bool(json, "is_growing", verdict_is_growth(verdict));
	json_writer_signed(json, "bytes_per_second", get_rate(verdict));
	json_writer_signed(json, "grown_bytes", verdict->grown_bytes);
	json_writer_seconds(json, "since_seconds", verdict->since_ns);
}

static void
write_looks(struct json_writer *json, const char *key, const struct growth *growth,
	    const struct look_point *looks)
{
	json_writer_begin_array(json, key);
	for (size_t i = 0; i < growth->look_count; i++)
		json_writer_signed(json, NULL, looks[i].bytes);
	json_writer_end_array(json);
}

static void
write_row(struct json_writer *json, const struct view_growth *view, const struct growth_row *row)
{
	json_writer_begin_object(json, NULL);
	view_growth_verdict_json(json, &row->verdict);
	write_looks(json, "live_bytes", view->growth, row->looks);
	if (view->growth->last.has_lost) {
		json_writer_signed(json, "lost_bytes", row->lost_bytes);
		json_writer_signed(json, "lost_blocks", row->lost_blocks);
	}
	view_place_json(json, view->growth->table, row->stack, view->options->by);
	json_writer_end_object(json);
}

static void
write_hints(struct json_writer *json, const struct view_growth *view)
{
	json_writer_begin_array(json, "hints");
	if (is_filtered_out(view))
		view_filters_nothing_json(json, &view->options->selection.filters,
					  view->growth->table);
	if (!is_known(view))
		json_writer_string(json, NULL, too_few);
	json_writer_end_array(json);
}

void
view_growth_json(const struct term *term, const struct view_growth *view)
{
	const struct growth *growth = view->growth;
	const struct profile *profile = view->profile;
	const struct profile_at at = {.moment = &profile->moments[profile->moment_count - 1]};
	struct json_writer json;

	view_json_begin(&json, term->stream, "growth");
	view_moment_json(&json, "process", profile, &at);
	json_writer_string(&json, "by", group_get_name(view->options));
	json_writer_begin_object(&json, "totals");
	view_growth_verdict_json(&json, &growth->verdict);
	write_looks(&json, "live_bytes", growth, growth->looks);
	if (growth->last.has_lost) {
		json_writer_signed(&json, "lost_bytes", growth->last.sum.lost_bytes);
		json_writer_signed(&json, "lost_blocks", growth->last.sum.lost_blocks);
	}
	json_writer_unsigned(&json, "group_count", growth->count);
	json_writer_unsigned(&json, "growing_count", growth->growing_count);
	json_writer_unsigned(&json, "unchanged_count", growth->same_count);
	json_writer_end_object(&json);
	view_quality_json(&json, "quality", profile, &growth->last);
	write_hints(&json, view);
	json_writer_begin_array(&json, "times_seconds");
	for (size_t i = 0; i < growth->look_count; i++)
		json_writer_seconds(&json, NULL, growth->looks[i].time_ns);
	json_writer_end_array(&json);
	json_writer_begin_array(&json, "groups");
	for (size_t i = 0; i < get_row_count(view); i++)
		write_row(&json, view, &growth->rows[i]);
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
