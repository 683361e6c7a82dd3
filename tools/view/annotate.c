/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/annotate.c - a source file with what each of its lines allocated
 *
 * The lines of the source and the lines with numbers are both in ascending order, and are walked
 * side by side. Numbers without a source line (the file is missing, or shorter than it was) keep
 * their row, so the rows always add up.
 */
#include "config.h"

#include "view/annotate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/json.h"
#include "view/lifetimes.h"
#include "view/moment.h"
#include "view/quality.h"
#include "view/table.h"

#define CODE_LEAST  32  /* columns of it */
#define HOT_SHARE   0.1 /* of the file's bytes: printed in bold */
#define TAB_COLUMNS 8

/*** the lines ***/

/* Where a walk over the source is; everything is known of `line`. */
struct walk {
	const struct view_annotate *view;
	uint64_t line;
	const char *next, *end;            /* of the source */
	char *code;                        /* of this line, safe for terminals, or NULL */
	const struct annotate_line *entry; /* of this line, or NULL */
	size_t next_entry;
};

/* Tabs as blanks and no blanks at the end: a table has its own columns. */
static char *
format_code(const char *text, size_t length)
{
	struct buffer code = BUFFER_INIT;
	char *safe;

	while (length > 0 && strchr(" \t\r\f\v", text[length - 1]))
		length--;
	for (size_t i = 0; i < length; i++) {
		size_t blanks = TAB_COLUMNS - code.length % TAB_COLUMNS;

		if (text[i] == '\t')
			buffer_insert(&code, "        ", blanks);
		else if (text[i] != '\0' && text[i] != '\f')
			buffer_insert_byte(&code, (uint8_t)text[i]);
	}
	safe = term_escape(buffer_string(&code));
	buffer_release(&code);
	return safe;
}

static void
init_walk(struct walk *walk, const struct view_annotate *view)
{
	*walk = (struct walk){.view = view, .next = view->text};
	walk->end = view->text ? view->text + view->length : NULL;
}

static bool
is_near(const struct walk *walk)
{
	const struct annotation *annotation = walk->view->annotation;
	uint64_t context = (uint64_t)walk->view->context;
	size_t next = walk->next_entry;

	if (walk->view->context < 0 || walk->entry)
		return true;
	if (next > 0 && annotation->lines[next - 1].line > 0 &&
	    walk->line - annotation->lines[next - 1].line <= context)
		return true;
	return next < annotation->count && annotation->lines[next].line - walk->line <= context;
}

/* Go to the next line with a source or with numbers; false at the end of both. */
static bool
advance(struct walk *walk)
{
	const struct annotation *annotation = walk->view->annotation;
	const struct annotate_line *entry =
		walk->next_entry < annotation->count ? &annotation->lines[walk->next_entry] : NULL;
	bool has_source = walk->next && walk->next < walk->end;

	free(walk->code);
	walk->code = NULL;
	walk->entry = NULL;
	if (!has_source && !entry)
		return false;
	/* What has no line at all comes before the first one. */
	walk->line = entry && (!has_source || entry->line == 0) ? entry->line : walk->line + 1;
	if (has_source && walk->line > 0) {
		const char *stop = memchr(walk->next, '\n', (size_t)(walk->end - walk->next));

		stop = stop ? stop : walk->end;
		walk->code = format_code(walk->next, (size_t)(stop - walk->next));
		walk->next = stop + 1;
	}
	if (entry && entry->line == walk->line) {
		walk->entry = entry;
		walk->next_entry++;
	}
	return true;
}

/*** text ***/

enum text_column {
	TEXT_LIVE,
	TEXT_PEAK,
	TEXT_TOTAL,
	TEXT_BLOCKS,
	TEXT_ALLOCS,
	TEXT_TEMPORARY,
	TEXT_LIFETIME,
	TEXT_LOST,
	TEXT_LINE,
	TEXT_CODE,
	TEXT_COLUMNS,
};

static const bool text_is_text[TEXT_COLUMNS] = {[TEXT_CODE] = true};

static void
insert_titles(struct view_table *table, const struct view_annotate *view)
{
	const char *const titles[TEXT_COLUMNS] = {
		[TEXT_LIVE] = "live",
		[TEXT_PEAK] = view->at.peak ? "" : "peak",
		[TEXT_TOTAL] = "total",
		[TEXT_BLOCKS] = "blocks",
		[TEXT_ALLOCS] = "allocs",
		[TEXT_LINE] = "line",
		[TEXT_CODE] = "",
		[TEXT_TEMPORARY] = "temporary",
		[TEXT_LIFETIME] = view->set->has_lifetimes ? "lifetime" : "",
		[TEXT_LOST] = view->set->has_lost ? "lost" : "",
	};

	for (size_t i = 0; i < TEXT_COLUMNS; i++)
		view_table_insert(table, titles[i], TERM_DIM);
}

static void
insert_values(struct view_table *table, const struct view_annotate *view,
	      const struct annotate_line *line)
{
	const struct profile_values *values = &line->values;
	uint64_t mean_ns = block_histogram_mean_ns(&line->lifetimes);
	int64_t whole = view->annotation->sum.live_bytes;
	bool hot = whole > 0 && (double)values->live_bytes >= HOT_SHARE * (double)whole;
	char text[HUMAN_BYTES];

	view_table_insert(table, human_size(values->live_bytes, text),
			  hot ? TERM_BOLD : TERM_PLAIN);
	/* At the peak, what is live is that. */
	view_table_insert(table, view->at.peak ? "" : human_size(values->peak_bytes, text),
			  TERM_PLAIN);
	view_table_insert(table, human_size((int64_t)values->total_bytes, text), TERM_PLAIN);
	view_table_insert(table, human_count((uint64_t)values->live_blocks, text), TERM_PLAIN);
	view_table_insert(table, human_count(values->total_blocks, text), TERM_PLAIN);
	view_table_insert(table, human_count(values->temporary_blocks, text), TERM_PLAIN);
	if (view->set->has_lifetimes && line->lifetimes.blocks != 0)
		view_table_insert(table, human_duration(mean_ns, text), TERM_PLAIN);
	else
		view_table_insert(table, view->set->has_lifetimes ? "-" : "", TERM_PLAIN);
	view_table_insert(table, view->set->has_lost ? human_size(values->lost_bytes, text) : "",
			  TERM_PLAIN);
}

static void
insert_blanks(struct view_table *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		view_table_insert(table, "", TERM_PLAIN);
}

static void
insert_line(struct view_table *table, const struct walk *walk)
{
	const char *code = walk->code;
	char number[24] = "-";

	if (!code && walk->line == 0)
		code = "(in this file, but the line is not known)";
	else if (!code)
		code = walk->view->text ? "(the file has no such line any more)" : "";
	if (walk->line > 0)
		snprintf(number, sizeof(number), "%" PRIu64, walk->line);
	if (walk->entry)
		insert_values(table, walk->view, walk->entry);
	else
		insert_blanks(table, TEXT_LINE);
	view_table_insert(table, number, TERM_DIM);
	view_table_insert(table, code, TERM_PLAIN);
}

static void
insert_gap(struct view_table *table)
{
	insert_blanks(table, TEXT_LINE);
	view_table_insert(table, "...", TERM_DIM);
	insert_blanks(table, TEXT_COLUMNS - TEXT_CODE);
}

static void
insert_lines(struct view_table *table, const struct view_annotate *view)
{
	bool skipped = false;
	struct walk walk;

	init_walk(&walk, view);
	while (advance(&walk)) {
		if (!is_near(&walk)) {
			skipped = true;
			continue;
		}
		if (skipped)
			insert_gap(table);
		skipped = false;
		insert_line(table, &walk);
	}
	if (skipped)
		insert_gap(table);
}

static char *
make_title(const struct term *term, const struct view_annotate *view, const char *file)
{
	const struct profile_values *sum = &view->annotation->sum;
	char *process = view_moment_name_process(view->profile);
	char *moment = view_moment_describe(view->profile, &view->at);
	char text[HUMAN_BYTES], share[HUMAN_BYTES];
	struct buffer title = BUFFER_INIT;
	char *result;

	buffer_insert_format(&title, "%s%s%s, %s %s", term_style(term, TERM_BOLD), file,
			     term_style(term, TERM_PLAIN), process, moment);
	/* Inclusive lines hold the same block many times: a sum would be no number of anything. */
	if (view->cumulative) {
		buffer_insert_string(&title, ", with what the lines call");
	} else {
		buffer_insert_format(&title, ": %s live", human_size(sum->live_bytes, text));
		if (view->set->sum.live_bytes > 0)
			buffer_insert_format(&title, " (%s %% of the program)",
					     human_percent((double)sum->live_bytes,
							   (double)view->set->sum.live_bytes,
							   share));
		buffer_insert_format(&title, ", %s allocated in all",
				     human_size((int64_t)sum->total_bytes, text));
	}
	result = xstrdup(buffer_string(&title));
	buffer_release(&title);
	free(process);
	free(moment);
	return result;
}

static void
print_title(const struct term *term, const struct view_annotate *view)
{
	char *file = term_escape(view->path ? view->path : view->annotation->file);
	char *known = term_escape(view->annotation->file);
	char *title = make_title(term, view, file);

	term_wrap(term, "", title);
	if (!view->annotation->same && strcmp(file, known) != 0)
		fprintf(term->stream, "the program was built from %s\n", known);
	if (view->warning)
		fprintf(term->stream, "%swarning%s   %s\n", term_style(term, TERM_BAD),
			term_style(term, TERM_PLAIN), view->warning);
	putc('\n', term->stream);
	free(title);
	free(file);
	free(known);
}

void
view_annotate_text(const struct term *term, const struct view_annotate *view)
{
	static const size_t spare[] = {TEXT_TEMPORARY, TEXT_ALLOCS, TEXT_LIFETIME};
	static const struct view_table_fit fit = {
		.name = TEXT_COLUMNS,
		.position = TEXT_CODE,
		.least = CODE_LEAST,
		.spare = spare,
		.spare_count = sizeof(spare) / sizeof(*spare),
	};
	struct view_table table;

	print_title(term, view);
	view_table_init(&table, TEXT_COLUMNS, text_is_text);
	insert_titles(&table, view);
	insert_lines(&table, view);
	view_table_fit(&table, term, &fit);
	view_table_print(&table, term, true);
	view_table_release(&table);
	putc('\n', term->stream);
	view_quality_line(term, "quality   ", view->profile, view->set);
	view_quality_warnings(term, "", view->profile);
}

/*** JSON ***/

void
view_annotate_json(const struct term *term, const struct view_annotate *view)
{
	struct json_writer json;
	struct walk walk;

	view_json_begin(&json, term->stream, "annotate");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "file", view->annotation->file);
	json_writer_string(&json, "source", view->path);
	json_writer_string(&json, "warning", view->warning);
	json_writer_bool(&json, "cumulative", view->cumulative);
	if (!view->cumulative) {
		json_writer_begin_object(&json, "totals");
		view_json_values(&json, &view->annotation->sum, view->set->has_lost);
		json_writer_end_object(&json);
	}
	view_quality_json(&json, "quality", view->profile, view->set);
	json_writer_begin_array(&json, "lines");
	init_walk(&walk, view);
	while (advance(&walk)) {
		if (!walk.entry)
			continue;
		json_writer_begin_object(&json, NULL);
		json_writer_unsigned(&json, "line", walk.line);
		json_writer_string(&json, "code", walk.code);
		view_json_values(&json, &walk.entry->values, view->set->has_lost);
		if (view->set->has_lifetimes)
			view_lifetimes_json(&json, &walk.entry->lifetimes);
		json_writer_end_object(&json);
	}
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
