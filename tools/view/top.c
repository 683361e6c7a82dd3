/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top.c - which lines hold the memory, as text, JSON, CSV, or in the words of tracemalloc
 */
#include "config.h"

#include "view/top.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/csv.h"
#include "view/filters.h"
#include "view/lifetimes.h"
#include "view/place.h"
#include "view/quality.h"
#include "view/source.h"
#include "view/stack.h"
#include "view/suppressed.h"
#include "view/table.h"

#define JSON_VERSION 1
#define HOT_SHARE    0.1 /* of the total: printed in bold */
#define WHERE_LEAST  44  /* columns */
#define LATE_NS      10000000u
#define MAX_RATE     9e18

/*** words shared by all formats ***/

static uint32_t
get_moment_number(const struct profile *profile, const struct profile_moment *moment)
{
	return (uint32_t)(moment - profile->moments) + 1;
}

/* Not the peak, which has nothing to do with the mark of its moment, and not "at exit". */
static bool
is_called_after_mark(const struct profile *profile, const struct profile_at *at)
{
	bool is_last = get_moment_number(profile, at->moment) == profile->moment_count;

	return at->moment->label[0] != '\0' && !at->peak && (at->by_mark || !is_last);
}

/* What a moment is called, without its time. */
static void
format_moment(const struct profile *profile, const struct profile_at *at, struct buffer *out)
{
	static const char *const ends[] = {
		[PROFILE_RUNNING] = "now",
		[PROFILE_EXITED] = "at exit",
		[PROFILE_ENDED] = "at the end",
	};
	uint32_t number = get_moment_number(profile, at->moment);
	bool is_last = number == profile->moment_count;

	if (is_called_after_mark(profile, at))
		buffer_insert_format(out, "at mark %s", at->moment->label);
	else if (at->peak && is_last)
		buffer_insert_string(out, "at the peak");
	else if (at->peak && at->moment->label[0])
		buffer_insert_format(out, "at the peak up to mark %s", at->moment->label);
	else if (at->peak)
		buffer_insert_format(out, "at the peak up to snapshot %" PRIu32, number);
	else if (is_last)
		buffer_insert_string(out, ends[profile->state]);
	else
		buffer_insert_format(out, "at snapshot %" PRIu32, number);
}

/* The mark that a moment is called after, or NULL: the last one of its label before it. */
static const struct profile_mark *
find_mark(const struct profile *profile, const struct profile_at *at)
{
	const struct profile_moment *moment = at->moment;

	for (uint32_t i = is_called_after_mark(profile, at) ? profile->mark_count : 0; i > 0; i--) {
		const struct profile_mark *mark = &profile->marks[i - 1];

		if (mark->kind == PROFILE_MARK_LABEL && mark->time_ns <= moment->time_ns &&
		    strcmp(mark->label, moment->label) == 0)
			return mark;
	}
	return NULL;
}

/* What a snapshot is late against its mark, and what has changed until then; both are exact. */
static void
format_lateness(const struct profile *profile, const struct profile_at *at, struct buffer *out)
{
	const struct profile_mark *mark = find_mark(profile, at);
	const struct profile_moment *moment = at->moment;
	char late[HUMAN_BYTES], bytes[HUMAN_BYTES];
	int64_t more;

	if (mark == NULL)
		return;
	more = (int64_t)((uint64_t)moment->sum.live_bytes - (uint64_t)mark->live_bytes);
	if (more == 0 && moment->time_ns - mark->time_ns < LATE_NS)
		return;
	buffer_insert_format(out, ", taken %s after it",
			     human_duration(moment->time_ns - mark->time_ns, late));
	if (more != 0)
		buffer_insert_format(out, " with %s", human_size_change(more, bytes));
}

char *
view_top_describe_moment(const struct profile *profile, const struct profile_at *at)
{
	struct buffer text = BUFFER_INIT;
	uint64_t time_ns = at->peak ? at->moment->peak_time_ns : at->moment->time_ns;
	char number[HUMAN_BYTES];
	char *result;

	format_moment(profile, at, &text);
	if (time_ns > 0)
		buffer_insert_format(&text, " (%s)", human_duration(time_ns, number));
	format_lateness(profile, at, &text);
	result = term_escape(buffer_string(&text));
	buffer_release(&text);
	return result;
}

static size_t
get_row_count(const struct view_top *view)
{
	return view->rows && view->rows < view->set->count ? view->rows : view->set->count;
}

/* The program as the user knows it. */
static char *
get_command(const struct profile *profile)
{
	return term_escape(*profile->command ? profile->command : profile->executable);
}

static int64_t
get_before(const struct view_top *view, const struct group *group)
{
	return view->change != NULL && group->key < view->change->count
		       ? view->change->before[group->key]
		       : 0;
}

/* Bytes a second; the change comes in before the difference of two numbers can overflow. */
static int64_t
get_rate(const struct view_top *view, int64_t bytes, int64_t before)
{
	double rate = ((double)bytes - (double)before) / view->change->seconds;

	return rate > -MAX_RATE && rate < MAX_RATE ? (int64_t)rate : 0;
}

/*** text ***/

/* "+2.1 MiB/s" since the report before; "" when none is wanted, "-" without one. */
static const char *
format_change(const struct view_top *view, int64_t bytes, int64_t before, char *text)
{
	size_t length;

	if (view->change == NULL)
		return "";
	if (view->change->seconds <= 0)
		return "-";
	human_size_change(get_rate(view, bytes, before), text);
	length = strlen(text);
	snprintf(text + length, HUMAN_BYTES - length, "/s");
	return text;
}

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static void
print_title(const struct term *term, const struct view_top *view)
{
	const struct profile_values *sum = &view->set->sum;
	char *command = get_command(view->profile);
	char *moment = view_top_describe_moment(view->profile, &view->at);
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES], change[HUMAN_BYTES];
	bool has_change = view->change != NULL && view->change->seconds > 0;

	fprintf(term->stream, "%s%s %" PRIu32 "%s, %s: %s in %s block%s%s%s, by %s%s%s\n\n",
		term_style(term, TERM_BOLD), command, view->profile->pid,
		term_style(term, TERM_PLAIN), moment, human_size(sum->live_bytes, bytes),
		human_count((uint64_t)sum->live_blocks, blocks), plural(sum->live_blocks),
		has_change ? ", " : "",
		has_change ? format_change(view, sum->live_bytes, view->change->sum, change) : "",
		group_by_names[view->options->by], view->options->cumulative ? ", cumulative" : "",
		view->options->selection.filters.count ? ", filtered" : "");
	free(command);
	free(moment);
}

/* Columns of the text table. What rows are sorted by comes first, with its shares beside it. */
enum text_column {
	TEXT_SORTED,
	TEXT_SORTED_CHANGE, /* when that is live */
	TEXT_PERCENT,
	TEXT_SUM,
	TEXT_LIVE,
	TEXT_CHANGE,
	TEXT_BLOCKS,
	TEXT_AVERAGE,
	TEXT_ALLOCS,
	TEXT_OLDEST,
	TEXT_MEDIAN,
	TEXT_YOUNGEST,
	TEXT_LIFETIME,
	TEXT_TEMPORARY,
	TEXT_NAME,
	TEXT_POSITION,
	TEXT_COLUMNS
};

static const bool text_is_text[TEXT_COLUMNS] = {
	[TEXT_NAME] = true,
	[TEXT_POSITION] = true,
};

static bool
is_sorted_by(const struct view_top *view, const char *column)
{
	return strcmp(view->column->name, column) == 0;
}

static char *
format_value(const struct column *column, int64_t value, char *text)
{
	return column->unit == COLUMN_BYTES ? human_size(value, text)
					    : human_count((uint64_t)value, text);
}

/* How long freed blocks lived is known of whole sites only. */
static bool
shows_lifetimes(const struct view_top *view)
{
	return view->options->ages && view->set->has_lifetimes;
}

static bool
shows_allocs(const struct view_top *view)
{
	return !view->options->ages && !view->set->by_blocks && !is_sorted_by(view, "total_blocks");
}

static void
insert_titles(struct view_table *table, const struct view_top *view)
{
	bool by_live = is_sorted_by(view, "live_bytes");
	const char *change = view->change != NULL ? "change" : "";
	const char *titles[TEXT_COLUMNS] = {
		[TEXT_SORTED] = view->column->title,
		[TEXT_SORTED_CHANGE] = by_live ? change : "",
		[TEXT_PERCENT] = "%",
		[TEXT_SUM] = view->options->cumulative ? "" : "sum%",
		[TEXT_LIVE] = by_live ? "" : "live",
		[TEXT_CHANGE] = by_live ? "" : change,
		[TEXT_BLOCKS] = is_sorted_by(view, "live_blocks") ? "" : "blocks",
		[TEXT_AVERAGE] = view->options->ages ? "" : "average",
		[TEXT_ALLOCS] = shows_allocs(view) ? "allocs" : "",
		[TEXT_OLDEST] = view->options->ages ? "oldest" : "",
		[TEXT_MEDIAN] = view->options->ages ? "median" : "",
		[TEXT_YOUNGEST] = view->options->ages ? "youngest" : "",
		[TEXT_LIFETIME] = shows_lifetimes(view) ? "lifetime" : "",
		[TEXT_TEMPORARY] = shows_lifetimes(view) ? "temp%" : "",
		[TEXT_NAME] =
			view->options->by == GROUP_BY_FILE || view->options->by == GROUP_BY_MODULE
				? ""
				: "where",
		[TEXT_POSITION] =
			view->options->by == GROUP_BY_FILE || view->options->by == GROUP_BY_MODULE
				? "where"
				: "",
	};

	for (size_t i = 0; i < TEXT_COLUMNS; i++)
		view_table_insert(table, titles[i], TERM_DIM);
}

static void
insert_average(struct view_table *table, const struct view_top *view,
	       const struct profile_values *values)
{
	char text[HUMAN_BYTES] = "-";

	if (values->live_blocks > 0)
		human_size(values->live_bytes / values->live_blocks, text);
	view_table_insert(table, view->options->ages ? "" : text, TERM_PLAIN);
	human_count(values->total_blocks, text);
	view_table_insert(table, shows_allocs(view) ? text : "", TERM_PLAIN);
}

static void
insert_numbers(struct view_table *table, const struct view_top *view,
	       const struct profile_values *values, int64_t before, double running)
{
	int64_t value = column_get(view->column, values);
	int64_t whole = column_get(view->column, &view->set->sum);
	enum term_style style =
		whole > 0 && (double)value >= HOT_SHARE * (double)whole ? TERM_BOLD : TERM_PLAIN;
	bool by_live = is_sorted_by(view, "live_bytes");
	char text[HUMAN_BYTES], change[HUMAN_BYTES];
	const char *change_cell = format_change(view, values->live_bytes, before, change);

	view_table_insert(table, format_value(view->column, value, text), style);
	view_table_insert(table, by_live ? change_cell : "", TERM_PLAIN);
	view_table_insert(table, human_percent((double)value, (double)whole, text), style);
	view_table_insert(
		table, view->options->cumulative ? "" : human_percent(running, (double)whole, text),
		TERM_PLAIN);
	view_table_insert(table, by_live ? "" : human_size(values->live_bytes, text), TERM_PLAIN);
	view_table_insert(table, by_live ? "" : change_cell, TERM_PLAIN);
	human_count((uint64_t)values->live_blocks, text);
	view_table_insert(table, is_sorted_by(view, "live_blocks") ? "" : text, TERM_PLAIN);
	insert_average(table, view, values);
}

static void
insert_time(struct view_table *table, bool known, uint64_t time_ns)
{
	char text[HUMAN_BYTES];

	view_table_insert(table, known ? human_duration(time_ns, text) : "-", TERM_PLAIN);
}

/* The columns of --ages; of the row that sums the rest, which is no group, they are unknown. */
static void
insert_ages(struct view_table *table, const struct view_top *view,
	    const struct profile_values *values, const struct group *group)
{
	static const struct group_ages unknown;
	const struct group_ages *ages = &unknown;
	struct block_histogram lifetimes = {.blocks = 0};
	char text[HUMAN_BYTES];

	if (!view->options->ages) {
		for (int i = TEXT_OLDEST; i <= TEXT_TEMPORARY; i++)
			view_table_insert(table, "", TERM_PLAIN);
		return;
	}
	if (group != NULL) {
		ages = &view->set->ages[group->ages];
		group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	}
	insert_time(table, ages->blocks != 0, ages->oldest_ns);
	insert_time(table, ages->blocks != 0, ages->median_ns);
	insert_time(table, ages->blocks != 0, ages->youngest_ns);
	if (!shows_lifetimes(view)) {
		view_table_insert(table, "", TERM_PLAIN);
		view_table_insert(table, "", TERM_PLAIN);
		return;
	}
	insert_time(table, lifetimes.blocks != 0, block_histogram_mean_ns(&lifetimes));
	view_table_insert(
		table,
		human_percent((double)values->temporary_blocks, (double)values->total_blocks, text),
		TERM_PLAIN);
}

static void
insert_row(struct view_table *table, const struct view_top *view, unsigned width,
	   const struct group *group, double running)
{
	struct view_place place;

	insert_numbers(table, view, &group->values, get_before(view, group), running);
	insert_ages(table, view, &group->values, group);
	view_place_init(&place, view->table, group->stack, group->caller, view->options->by,
			view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(width));
	view_table_insert(table, place.name, TERM_PLAIN);
	view_table_insert(table, place.position, place.is_own ? TERM_BOLD : TERM_DIM);
	view_place_release(&place);
}

static void
insert_rest(struct view_table *table, const struct view_top *view,
	    const struct profile_values *rest, int64_t before, size_t count)
{
	char number[HUMAN_BYTES], text[128];

	snprintf(text, sizeof(text), "(%s more %s%s; -n 0 for all)", human_count(count, number),
		 group_by_names[view->options->by], plural((int64_t)count));
	insert_numbers(table, view, rest, before,
		       (double)column_get(view->column, &view->set->sum));
	insert_ages(table, view, rest, NULL);
	view_table_insert(table,
			  view->options->by == GROUP_BY_FILE || view->options->by == GROUP_BY_MODULE
				  ? ""
				  : text,
			  TERM_DIM);
	view_table_insert(table,
			  view->options->by == GROUP_BY_FILE || view->options->by == GROUP_BY_MODULE
				  ? text
				  : "",
			  TERM_DIM);
}

static void
print_table(const struct term *term, const struct view_top *view)
{
	/* What follows from the other columns goes first. */
	static const size_t spare[] = {TEXT_SUM,    TEXT_AVERAGE, TEXT_TEMPORARY, TEXT_YOUNGEST,
				       TEXT_MEDIAN, TEXT_ALLOCS,  TEXT_BLOCKS};
	static const struct view_table_fit fit = {
		.name = TEXT_NAME,
		.position = TEXT_POSITION,
		.least = WHERE_LEAST,
		.spare = spare,
		.spare_count = sizeof(spare) / sizeof(*spare),
	};
	struct profile_values rest = view->set->sum;
	int64_t before = view->change != NULL ? view->change->sum : 0;
	struct view_table table;
	size_t rows = get_row_count(view);
	double running = 0;

	view_table_init(&table, TEXT_COLUMNS, text_is_text);
	insert_titles(&table, view);
	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];

		running += (double)column_get(view->column, &group->values);
		profile_values_subtract(&rest, &group->values);
		before = (int64_t)((uint64_t)before - (uint64_t)get_before(view, group));
		insert_row(&table, view, term->width, group, running);
	}
	/* Groups of a cumulative report overlap, so there is no rest. */
	if (rows < view->set->count && !view->options->cumulative)
		insert_rest(&table, view, &rest, before, view->set->count - rows);
	if (!view->full_names)
		view_table_fit(&table, term, &fit);
	view_table_print(&table, term, false);
	view_table_release(&table);
	putc('\n', term->stream);
}

static void
print_ages(const struct term *term, const struct view_top *view, const struct group *group)
{
	struct block_histogram lifetimes;

	view_lifetimes_ages_line(term, &view->set->ages[group->ages], "    ");
	if (!shows_lifetimes(view))
		return;
	group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_line(term, &lifetimes, "    ");
}

/* An empty line is at the end. */
static void
print_stacks(const struct term *term, const struct view_top *view)
{
	struct view_source *source = view_source_new(view->profile->start_realtime_ns);
	size_t rows = get_row_count(view);

	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];
		char value[HUMAN_BYTES], percent[HUMAN_BYTES], blocks[HUMAN_BYTES];
		char allocs[HUMAN_BYTES], change[HUMAN_BYTES];
		int64_t number = column_get(view->column, &group->values);

		fprintf(term->stream, "%s%s%s  %s%s%s %%, %s block%s", term_style(term, TERM_BOLD),
			format_value(view->column, number, value), term_style(term, TERM_PLAIN),
			format_change(view, group->values.live_bytes, get_before(view, group),
				      change),
			view->change != NULL ? ", " : "",
			human_percent((double)number,
				      (double)column_get(view->column, &view->set->sum), percent),
			human_count((uint64_t)group->values.live_blocks, blocks),
			plural(group->values.live_blocks));
		if (!view->set->by_blocks)
			fprintf(term->stream, ", %s alloc%s",
				human_count(group->values.total_blocks, allocs),
				plural((int64_t)group->values.total_blocks));
		putc('\n', term->stream);
		if (view->options->ages)
			print_ages(term, view, group);
		view_stack_text(term, view->table, group->stack, source, view->frames,
				view->most_recent_last, view->full_names);
		putc('\n', term->stream);
	}
	if (rows < view->set->count) {
		char more[HUMAN_BYTES];

		fprintf(term->stream, "(%s more stack%s; -n 0 for all)\n",
			human_count(view->set->count - rows, more),
			plural((int64_t)(view->set->count - rows)));
	}
	view_stack_warning(term, source);
	if (rows < view->set->count || view_source_get_newer(source) != NULL)
		putc('\n', term->stream);
	view_source_free(source);
}

/* What is still there at the end, when the report is about another moment. */
static void
print_not_freed(const struct term *term, const struct view_top *view)
{
	const struct profile *profile = view->profile;
	const struct profile_values *end = &profile->moments[profile->moment_count - 1].sum;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES];
	bool is_end = get_moment_number(profile, view->at.moment) == profile->moment_count &&
		      !view->at.peak;

	/* It is about the whole program. */
	if (is_end || end->live_blocks <= 0 || view->options->selection.filters.count > 0)
		return;
	fprintf(term->stream, "%s %s block%s, %s%s\n",
		profile->state == PROFILE_RUNNING ? "live now " : "not freed",
		human_count((uint64_t)end->live_blocks, blocks), plural(end->live_blocks),
		human_size(end->live_bytes, bytes),
		profile->state == PROFILE_RUNNING ? "  (--at now)" : "  (--at exit)");
}

static void
print_groups(const struct term *term, const struct view_top *view)
{
	if (view->set->count != 0 && view->options->by == GROUP_BY_STACK) {
		print_stacks(term, view);
	} else if (view->set->count != 0) {
		print_table(term, view);
	} else if (view->options->selection.filters.count != 0) {
		view_filters_nothing(term->stream, &view->options->selection.filters, view->table);
		putc('\n', term->stream);
	} else {
		fputs("nothing was allocated\n\n", term->stream);
	}
}

void
view_top_text(const struct term *term, const struct view_top *view)
{
	print_title(term, view);
	print_groups(term, view);
	print_not_freed(term, view);
	view_suppressed_text(term, &view->options->selection.suppressions, view->set);
	view_quality_line(term, "quality   ", view->profile, view->set);
	view_quality_warnings(term, view->profile);
	view_quality_hint(term, "hint      ", view->profile, view->options->by, view->set);
}

/*** JSON ***/

/* What the snapshot of a mark has to be compared with. */
static void
write_mark(struct json_writer *json, const struct profile_mark *mark)
{
	if (mark == NULL) {
		json_writer_null(json, "mark");
		return;
	}
	json_writer_begin_object(json, "mark");
	json_writer_string(json, "label", mark->label);
	json_writer_seconds(json, "time_seconds", mark->time_ns);
	json_writer_signed(json, "live_bytes", mark->live_bytes);
	json_writer_end_object(json);
}

void
view_top_process_json(struct json_writer *json, const char *key, const struct profile *profile,
		      const struct profile_at *at)
{
	static const char *const states[] = {
		[PROFILE_RUNNING] = "running",
		[PROFILE_EXITED] = "exited",
		[PROFILE_ENDED] = "ended",
	};
	const struct profile_mark *mark = find_mark(profile, at);
	struct buffer moment = BUFFER_INIT;

	format_moment(profile, at, &moment);
	json_writer_begin_object(json, key);
	json_writer_unsigned(json, "pid", profile->pid);
	json_writer_string(json, "command", profile->command);
	json_writer_string(json, "executable", profile->executable);
	json_writer_string(json, "state", states[profile->state]);
	json_writer_string(json, "moment", buffer_string(&moment));
	json_writer_seconds(json, "moment_seconds",
			    at->peak ? at->moment->peak_time_ns : at->moment->time_ns);
	write_mark(json, mark);
	json_writer_end_object(json);
	buffer_release(&moment);
}

void
view_top_values_json(struct json_writer *json, const struct profile_values *values)
{
	for (size_t i = 0; i < column_count; i++)
		json_writer_signed(json, columns[i].name, column_get(&columns[i], values));
}

/* What is known of a group, or of all: of single blocks only what is live. */
static void
write_values(struct json_writer *json, const struct view_top *view, const struct group *group)
{
	const struct profile_values *values = group ? &group->values : &view->set->sum;
	struct block_histogram lifetimes = view->set->all_lifetimes;

	for (size_t i = 0; i < column_count; i++)
		if (!view->set->by_blocks || column_is_of_blocks(&columns[i]))
			json_writer_signed(json, columns[i].name, column_get(&columns[i], values));
	if (view->options->ages)
		view_lifetimes_ages_json(json, group ? &view->set->ages[group->ages]
						     : &view->set->all_ages);
	if (!shows_lifetimes(view))
		return;
	if (group)
		group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_json(json, &lifetimes);
}

void
view_top_key_json(struct json_writer *json, const struct place *place)
{
	if (place->kind == PLACE_SIZE) {
		json_writer_unsigned(json, "size_from", place->offset);
		if (2 * place->offset < place->offset)
			json_writer_null(json, "size_below");
		else
			json_writer_unsigned(json, "size_below",
					     place->offset != 0 ? 2 * place->offset : 1);
	} else if (place->kind == PLACE_GENERATION) {
		json_writer_unsigned(json, "generation", place->offset);
	} else if (place->kind == PLACE_THREAD) {
		json_writer_unsigned(json, "thread", place->offset);
	}
}

void
view_top_json(FILE *stream, const struct view_top *view)
{
	struct json_writer json;
	size_t rows = get_row_count(view);

	json_writer_init(&json, stream);
	json_writer_begin_object(&json, NULL);
	json_writer_string(&json, "format", "heaptally-top");
	json_writer_unsigned(&json, "version", JSON_VERSION);
	view_top_process_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "by", group_by_names[view->options->by]);
	json_writer_string(&json, "sort", view->column->name);
	json_writer_bool(&json, "cumulative", view->options->cumulative);
	json_writer_begin_object(&json, "totals");
	write_values(&json, view, NULL);
	json_writer_unsigned(&json, "groups", view->set->count);
	json_writer_end_object(&json);
	view_suppressed_json(&json, &view->options->selection.suppressions, view->set);
	view_quality_json(&json, view->profile, view->set);
	json_writer_begin_array(&json, "groups");
	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];

		json_writer_begin_object(&json, NULL);
		write_values(&json, view, group);
		if (view->change != NULL && view->change->seconds > 0)
			json_writer_signed(
				&json, "live_bytes_per_second",
				get_rate(view, group->values.live_bytes, get_before(view, group)));
		view_top_key_json(&json, view_place_get(view->table, group->stack));
		view_place_json(&json, view->table, group->stack, view->options->by);
		json_writer_end_object(&json);
	}
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}

/*** CSV and tracemalloc ***/

/* Of single blocks only what is live is known. */
static void
write_csv_value(FILE *stream, const struct view_top *view, const struct column *column,
		const struct profile_values *values)
{
	if (!view->set->by_blocks || column_is_of_blocks(column))
		fprintf(stream, "%" PRId64, column_get(column, values));
	putc(',', stream);
}

static void
write_csv_ages(FILE *stream, const struct view_top *view, const struct group *group)
{
	struct block_histogram lifetimes;

	group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_csv(stream, &view->set->ages[group->ages],
			   shows_lifetimes(view) ? &lifetimes : NULL);
}

void
view_top_csv(FILE *stream, const struct view_top *view)
{
	size_t rows = get_row_count(view);

	for (size_t i = 0; i < column_count; i++)
		fprintf(stream, "%s,", columns[i].name);
	fputs(view->options->ages ? VIEW_LIFETIMES_CSV_HEADER "," : "", stream);
	view_csv_place_titles(stream, view->options->by);
	putc('\n', stream);
	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];

		for (size_t k = 0; k < column_count; k++)
			write_csv_value(stream, view, &columns[k], &group->values);
		if (view->options->ages)
			write_csv_ages(stream, view, group);
		view_csv_place(stream, view_place_get(view->table, group->stack),
			       view->options->by);
		putc('\n', stream);
	}
}

/* tracemalloc labels a traceback with its oldest frame. */
static const struct place *
get_label(const struct view_top *view, uint32_t stack)
{
	while (view->options->by == GROUP_BY_STACK &&
	       place_table_get_outer(view->table, stack) != 0)
		stack = place_table_get_outer(view->table, stack);
	return view_place_get(view->table, stack);
}

void
view_top_tracemalloc(FILE *stream, const struct view_top *view)
{
	size_t rows = get_row_count(view);

	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];
		int64_t bytes = group->values.live_bytes, blocks = group->values.live_blocks;
		struct buffer label = BUFFER_INIT;
		char size[HUMAN_BYTES];

		/* It knows only of blocks that are there. */
		if (blocks == 0 && bytes == 0)
			continue;
		view_place_tracemalloc(get_label(view, group->stack), view->options->by, &label);
		fprintf(stream, "%s: size=%s, count=%" PRId64, buffer_string(&label),
			human_tracemalloc_size((double)bytes, false, size), blocks);
		if (blocks != 0)
			fprintf(stream, ", average=%s",
				human_tracemalloc_size((double)bytes / (double)blocks, false,
						       size));
		putc('\n', stream);
		buffer_release(&label);
	}
}
