/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_markdown.c - one page about a whole run, as Markdown
 *
 * Names are code spans in tables, or stand in fenced text, on lines that begin with something else:
 * nothing in them is taken for markup.
 */
#include "config.h"

#include "view/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "model/changes.h"
#include "model/column.h"
#include "model/place.h"
#include "model/rank.h"
#include "util/buffer.h"
#include "util/human.h"
#include "util/markdown.h"
#include "util/term.h"
#include "util/text.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/quality.h"
#include "view/stack.h"

#define STACKS  3
#define FRAMES  12
#define CHANGES 5
#define MOMENTS 20

/* Groups of the run by one key at one moment, and where they are. */
struct part {
	struct group_options options;
	struct place_table *table;
	struct group_set set;
};

static void
part_init(struct part *part, const struct view_page *view, const struct profile_at *at,
	  enum group_by by, const char *column)
{
	const struct place_options places = {0};

	part->options = *view->options;
	part->options.by = by;
	part->table = place_table_new(&places);
	group_profile(view->profile, at, &part->options, part->table, NULL, &part->set);
	rank_groups(&part->set, by, column_find(column), part->table);
}

static void
part_release(struct part *part)
{
	group_set_release(&part->set);
	place_table_free(part->table);
}

static void
insert_escaped(struct buffer *out, const char *text)
{
	char *safe = term_escape(text);

	markdown_insert_code(out, safe);
	free(safe);
}

static void
insert_place(struct buffer *out, const struct place_table *table, uint32_t stack, uint32_t caller)
{
	struct view_place place;

	view_place_init(&place, table, stack, caller, GROUP_BY_LINE, false);
	markdown_insert_code(out, place.name);
	buffer_insert_string(out, *place.name && *place.position ? " " : "");
	markdown_insert_code(out, place.position);
	view_place_release(&place);
}

static void
flush(FILE *stream, struct buffer *text)
{
	fputs(buffer_string(text), stream);
	buffer_release(text);
}

/*** the process ***/

static void
insert_end(struct buffer *out, const struct profile *profile)
{
	bool known = profile->has_wait_status;

	buffer_insert_string(out, profile_state_name(profile->state));
	if (known && WIFEXITED(profile->wait_status))
		buffer_insert_format(out, ", status %d", WEXITSTATUS(profile->wait_status));
	else if (known && WIFSIGNALED(profile->wait_status))
		buffer_insert_format(out, ", signal %d", WTERMSIG(profile->wait_status));
}

static void
write_process(FILE *stream, const struct view_page *view)
{
	const struct profile *profile = view->profile;
	struct buffer text = BUFFER_INIT;
	char time[HUMAN_BYTES];

	buffer_insert_string(&text, "# heaptally report\n\n| process | |\n|---|---|\n| command | ");
	insert_escaped(&text, profile->command);
	buffer_insert_string(&text, " |\n| executable | ");
	insert_escaped(&text, profile->executable);
	buffer_insert_format(&text, " |\n| pid | %" PRIu32 " |\n| state | ", profile->pid);
	insert_end(&text, profile);
	buffer_insert_format(&text, " |\n| duration | %s |\n| threads | %" PRIu32 " |\n",
			     human_duration(profile->duration_ns, time), profile->threads);
	if (view->process_count > 1)
		buffer_insert_format(&text, "| processes | %zu, this is one of them |\n",
				     view->process_count);
	flush(stream, &text);
}

static void
write_total(FILE *stream, const char *name, int64_t bytes, uint64_t blocks)
{
	char size[HUMAN_BYTES], count[HUMAN_BYTES];

	fprintf(stream, "| %s | %s | %" PRId64 " | %s |\n", name, human_size(bytes, size), bytes,
		human_count(blocks, count));
}

static void
write_totals(FILE *stream, const struct view_page *view)
{
	const struct profile *profile = view->profile;
	const struct profile_values *sum = &profile->moments[profile->moment_count - 1].sum;
	uint64_t resident = profile_get_resident_peak(profile);
	struct leak_values lost = {0};
	char blocks[HUMAN_BYTES], size[HUMAN_BYTES];

	fputs("\n## Totals\n\n| what | size | bytes | blocks |\n|---|--:|--:|--:|\n", stream);
	write_total(stream, "peak", sum->peak_bytes, (uint64_t)sum->peak_blocks);
	write_total(stream, profile->state == PROFILE_RUNNING ? "live now" : "not freed",
		    sum->live_bytes, (uint64_t)sum->live_blocks);
	write_total(stream, "allocated", (int64_t)sum->total_bytes, sum->total_blocks);
	write_total(stream, "freed", (int64_t)sum->freed_bytes, sum->freed_blocks);
	fprintf(stream, "| temporary | | | %s |\n", human_count(sum->temporary_blocks, blocks));
	if (leak_set_has_answer(&profile->leaks)) {
		for (uint32_t i = 0; i < profile->leaks.site_count; i++)
			leak_values_add(&lost, &profile->leaks.sites[i]);
		write_total(stream, "lost", (int64_t)leak_values_get_lost_bytes(&lost),
			    leak_values_get_lost_blocks(&lost));
	}
	if (resident != 0)
		fprintf(stream, "| resident at most | %s | %" PRIu64 " | |\n",
			human_size((int64_t)resident, size), resident);
}

/*** groups ***/

/* The bytes that go with a column: those that are live, or all that ever were. */
static int64_t
get_bytes(const struct profile_values *values, bool in_total)
{
	return in_total ? (int64_t)values->total_bytes : values->live_bytes;
}

static uint64_t
get_blocks(const struct profile_values *values, bool in_total)
{
	return in_total ? values->total_blocks : (uint64_t)values->live_blocks;
}

static void
write_row(FILE *stream, const struct part *part, const struct group *group,
	  const struct column *column, bool in_total)
{
	char size[HUMAN_BYTES], share[HUMAN_BYTES], blocks[HUMAN_BYTES];
	struct buffer where = BUFFER_INIT;

	fprintf(stream, "| %s | %s | %s | ", human_size(get_bytes(&group->values, in_total), size),
		human_percent((double)column_get(column, &group->values),
			      (double)column_get(column, &part->set.sum), share),
		human_count(get_blocks(&group->values, in_total), blocks));
	insert_place(&where, part->table, group->stack, group->caller);
	buffer_insert_string(&where, " |\n");
	flush(stream, &where);
}

static void
write_rows(FILE *stream, const struct view_page *view, const struct part *part,
	   const struct column *column, bool in_total)
{
	const struct group_set *set = &part->set;
	size_t shown = 0, count = 0;

	while (count < set->count && column_get(column, &set->groups[count].values) > 0)
		count++;
	if (count == 0) {
		fputs("None.\n", stream);
		return;
	}
	fprintf(stream, "| size | %% | %s | where |\n|--:|--:|--:|---|\n",
		in_total ? "allocations" : "blocks");
	for (; shown < count && (view->rows == 0 || shown < view->rows); shown++)
		write_row(stream, part, &set->groups[shown], column, in_total);
	if (shown < count)
		fprintf(stream, "\n%zu more.\n", count - shown);
}

/* in_total: what was allocated up to the moment, the most frequent first; else what is live at it.
 */
static void
write_groups(FILE *stream, const struct view_page *view, const struct profile_at *at,
	     const char *title, bool in_total)
{
	const char *column = in_total ? "total_blocks" : "live_bytes";
	char *moment = view_moment_describe(view->profile, at);
	char bytes[HUMAN_BYTES], count[HUMAN_BYTES];
	struct buffer text = BUFFER_INIT;
	struct part part;
	uint64_t blocks;

	part_init(&part, view, at, GROUP_BY_LINE, column);
	blocks = get_blocks(&part.set.sum, in_total);
	buffer_insert_format(&text, "\n## %s\n\n", title);
	buffer_insert_format(&text, "%s in %s block%s, %s",
			     human_size(get_bytes(&part.set.sum, in_total), bytes),
			     human_count(blocks, count), text_plural(blocks),
			     in_total ? "counted " : "");
	markdown_insert_text(&text, moment);
	buffer_insert_string(&text, view->options->selection.filters.count != 0 ? ", filtered.\n\n"
										: ".\n\n");
	flush(stream, &text);
	write_rows(stream, view, &part, column_find(column), in_total);
	part_release(&part);
	free(moment);
}

static void
write_stacks(const struct term *term, const struct view_page *view)
{
	struct part part;

	part_init(&part, view, &view->at, GROUP_BY_STACK, "live_bytes");
	fputs("\n## Largest stacks\n\n", term->stream);
	if (part.set.sum.live_bytes <= 0)
		fputs("None.\n", term->stream);
	for (size_t i = 0; i < part.set.count && i < STACKS; i++) {
		const struct group *group = &part.set.groups[i];
		char size[HUMAN_BYTES], blocks[HUMAN_BYTES];

		if (group->values.live_bytes <= 0)
			break;
		fprintf(term->stream, "%s%s in %s block%s:\n\n```\n", i > 0 ? "\n" : "",
			human_size(group->values.live_bytes, size),
			human_count((uint64_t)group->values.live_blocks, blocks),
			text_plural((uint64_t)group->values.live_blocks));
		view_stack_text(term, part.table, group->stack, NULL,
				&(struct view_stack_options){.frames = FRAMES});
		fputs("```\n", term->stream);
	}
	part_release(&part);
}

/*** time ***/

static void
write_changes(FILE *stream, const struct changes_part *part, const char *what)
{
	char from[HUMAN_BYTES], to[HUMAN_BYTES];

	if (part->table == NULL || part->count == 0)
		return;
	fprintf(stream, "\n%s from %s to %s:\n\n| change | blocks | where |\n|--:|--:|---|\n", what,
		human_duration(part->from_ns, from), human_duration(part->to_ns, to));
	for (size_t i = 0; i < part->count; i++) {
		const struct diff_row *row = &part->rows[i];
		char size[HUMAN_BYTES], blocks[HUMAN_BYTES];
		struct buffer where = BUFFER_INIT;

		insert_place(&where, part->table, row->stack, row->caller);
		fprintf(stream, "| %s | %s | ",
			human_size_change(
				profile_get_change(row->old.live_bytes, row->new.live_bytes), size),
			human_count_change(
				profile_get_change(row->old.live_blocks, row->new.live_blocks),
				blocks));
		buffer_insert_string(&where, " |\n");
		flush(stream, &where);
	}
}

static void
write_growth(FILE *stream, const struct view_page *view)
{
	const struct profile *profile = view->profile;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	struct group_options by_line = *view->options;
	struct changes changes;

	by_line.by = GROUP_BY_LINE;
	fputs("\n## Growth\n", stream);
	/* They are known at the last moment only. */
	if (group_needs_blocks(&by_line, profile)) {
		fputs("\nNot known of single blocks, which the filters are about.\n", stream);
		return;
	}
	changes_init(&changes, profile, &by_line.selection, 0,
		     last->time_ns > 0 ? last->time_ns : 1, CHANGES);
	if (changes.grew.count == 0 && changes.fell.count == 0 && changes.late.count == 0)
		fputs("\nNone.\n", stream);
	write_changes(stream, &changes.grew, "Grew");
	write_changes(stream, &changes.fell, "Shrank");
	write_changes(stream, &changes.late, "Grew all the same");
	changes_release(&changes);
}

static void
write_moments(FILE *stream, const struct profile *profile)
{
	uint32_t first = profile->moment_count > MOMENTS ? profile->moment_count - MOMENTS : 0;

	fputs("\n## Snapshots\n\n", stream);
	if (first > 0)
		fprintf(stream, "%" PRIu32 " earlier ones are not shown.\n\n", first);
	fputs("| moment | time | live | blocks | mark |\n|---|--:|--:|--:|---|\n", stream);
	for (uint32_t i = first; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];
		char time[HUMAN_BYTES], size[HUMAN_BYTES], blocks[HUMAN_BYTES];
		struct buffer label = BUFFER_INIT;

		insert_escaped(&label, moment->label);
		fprintf(stream, "| snap:%" PRIu32 " | %s | %s | %s | %s |\n", i + 1,
			human_duration(moment->time_ns, time),
			human_size(moment->sum.live_bytes, size),
			human_count((uint64_t)moment->sum.live_blocks, blocks),
			buffer_string(&label));
		buffer_release(&label);
	}
}

/*** the rest ***/

static void
write_quality(const struct term *term, const struct view_page *view)
{
	struct part part;

	part_init(&part, view, &view->at, GROUP_BY_LINE, "live_bytes");
	fputs("\n## Quality\n\n```\n", term->stream);
	view_quality_line(term, "quality   ", view->profile, &part.set);
	view_quality_warnings(term, "", view->profile);
	view_quality_hint(term, "hint      ", view->profile, &part.options, part.table, &part.set);
	fputs("```\n", term->stream);
	part_release(&part);
}

static void
write_commands(FILE *stream, const struct view_page *view)
{
	static const struct {
		const char *command, *what;
	} lines[] = {
		{"heaptally top", "all lines"},
		{"heaptally top --by stack", "whole stacks"},
		{"heaptally top --by function --cumulative", "functions with all that they call"},
		{"heaptally top --at peak", "all lines at the peak"},
		{"heaptally top --at exit", "what is live at the last moment"},
		{"heaptally top --sort allocs", "who allocates most often"},
		{"heaptally timeline", "the curve, and what made it grow"},
		{"heaptally info --format json", "every total, for programs"},
		{"heaptally export --format folded", "stacks for a flame graph"},
	};
	struct buffer word = BUFFER_INIT;

	markdown_insert_word(&word, view->operand);
	if (view->process_count > 1)
		buffer_insert_format(&word, " --process %" PRIu32, view->profile->pid);
	fputs("\n## Drill down\n\n```sh\n", stream);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		fprintf(stream, "%s %s  # %s\n", lines[i].command, buffer_string(&word),
			lines[i].what);
	fputs("```\n", stream);
	buffer_release(&word);
}

void
view_page_markdown(const struct term *term, const struct view_page *view)
{
	const struct profile *profile = view->profile;
	const struct profile_at end = {.moment = &profile->moments[profile->moment_count - 1]};

	write_process(term->stream, view);
	write_totals(term->stream, view);
	write_groups(term->stream, view, &view->at, "Largest lines", false);
	write_stacks(term, view);
	write_groups(term->stream, view, &end, "Live at the last moment", false);
	write_groups(term->stream, view, &end, "Most allocations", true);
	write_growth(term->stream, view);
	write_moments(term->stream, profile);
	write_quality(term, view);
	write_commands(term->stream, view);
}
