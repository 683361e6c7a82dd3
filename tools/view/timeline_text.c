/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/timeline_text.c - the size of the heap over time, as text
 */
#include "config.h"

#include "view/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/changes.h"
#include "model/growth.h"
#include "model/leak.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/growth.h"
#include "view/marks.h"
#include "view/parts.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/quality.h"
#include "view/timeline_bars.h"

#define SNAPSHOTS_MOST 8
#define TITLE_COLUMNS  11 /* of "who grew", and a blank */
#define CHANGE_COLUMNS 43 /* before the place */
#define PLACE_LEAST    12
#define SPAN_BYTES     (2 * HUMAN_BYTES + 4)

/* Where the peak that is drawn is not the one of other reports, or not the largest. */
static void
print_peak_note(const struct term *term, const struct view_timeline *view)
{
	const struct profile *profile = view->profile;
	const struct profile_mark *unseen = view_timeline_get_unseen_peak(view);
	struct curve_point peak = view_timeline_get_peak(view);
	char bytes[HUMAN_BYTES], time[HUMAN_BYTES];

	if (unseen != NULL) {
		fprintf(term->stream, "; %s before %s, not drawn",
			human_size(unseen->peak_bytes, bytes),
			human_duration(unseen->time_ns, time));
		return;
	}
	if (profile->moments[profile->moment_count - 1].sum.peak_bytes >= peak.live_bytes)
		return;
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (!profile_mark_ends_peak(mark) || mark->time_ns < peak.time_ns)
			continue;
		fprintf(term->stream, ", before %s at %s",
			mark->kind == PROFILE_MARK_RESET_PEAK ? "it was reset" : "a clear",
			human_duration(mark->time_ns, time));
		return;
	}
}

static void
print_title(const struct term *term, const struct view_timeline *view,
	    const struct view_timeline_scale *scale)
{
	struct curve_point peak = view_timeline_get_peak(view);
	char *command = term_escape(view->profile->command);
	char text[HUMAN_BYTES], time[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s   live heap, %s   ", term_style(term, TERM_BOLD),
		command, view->profile->pid, term_style(term, TERM_PLAIN), scale->unit);
	if (peak.live_bytes > 0)
		fprintf(term->stream, "peak %s at %s",
			view_timeline_format_scaled(scale, (double)peak.live_bytes, text),
			human_duration(peak.time_ns, time));
	else
		fputs("nothing was live", term->stream);
	print_peak_note(term, view);
	fputs("\n", term->stream);
	free(command);
}

static const char *
get_end_name(const struct profile *profile)
{
	static const char *const ends[] = {
		[PROFILE_RUNNING] = "now",
		[PROFILE_EXITED] = "exit",
		[PROFILE_ENDED] = "end",
	};

	return ends[profile->state];
}

static void
print_moment(const struct term *term, const struct profile *profile, uint32_t index, bool first)
{
	const struct profile_moment *moment = &profile->moments[index];
	char time[HUMAN_BYTES], bytes[HUMAN_BYTES];
	char *label = term_escape(moment->label);

	fprintf(term->stream, "%-10s snap:%-4" PRIu32 " %9s %11s", first ? "snapshots" : "",
		index + 1, human_duration(moment->time_ns, time),
		human_size(moment->sum.live_bytes, bytes));
	if (*label)
		fprintf(term->stream, "  %s", label);
	if (index + 1 == profile->moment_count)
		fprintf(term->stream, "  %s", get_end_name(profile));
	putc('\n', term->stream);
	free(label);
}

/* Many snapshots are thinned out: the last one of each share is printed. */
static void
print_moments(const struct term *term, const struct view_timeline *view)
{
	const struct profile *profile = view->profile;
	uint32_t count = 0, seen = 0, shown = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++)
		count += view_timeline_is_inside(view, profile->moments[i].time_ns);
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		if (!view_timeline_is_inside(view, profile->moments[i].time_ns))
			continue;
		seen++;
		if (count > SNAPSHOTS_MOST && (uint64_t)seen * SNAPSHOTS_MOST / count <= shown)
			continue;
		print_moment(term, profile, i, shown == 0);
		shown++;
	}
	if (count > shown)
		fprintf(term->stream, "%-10s (%" PRIu32 " more)\n", "", count - shown);
}

/* Two times that read the same say nothing: then to the millisecond. */
static void
format_span(uint64_t from_ns, uint64_t to_ns, char *span)
{
	char from[HUMAN_BYTES] = "start", to[HUMAN_BYTES];

	if (from_ns > 0)
		human_duration(from_ns, from);
	if (strcmp(from, human_duration(to_ns, to)) != 0)
		snprintf(span, SPAN_BYTES, "%s - %s", from, to);
	else if (from_ns / 1000000 != to_ns / 1000000)
		snprintf(span, SPAN_BYTES, "%.3f - %.3f s", (double)from_ns / 1e9,
			 (double)to_ns / 1e9);
	else
		snprintf(span, SPAN_BYTES, "%s + %s", from, human_duration(to_ns - from_ns, to));
}

/* The place within the columns that those before it leave. */
static void
print_place(const struct term *term, const struct place_table *table, uint32_t stack,
	    uint32_t caller)
{
	unsigned room = term->width > CHANGE_COLUMNS + PLACE_LEAST ? term->width - CHANGE_COLUMNS
								   : PLACE_LEAST;
	struct view_place place;

	view_place_init(&place, table, stack, caller, GROUP_BY_LINE, false);
	if (term->width > 0)
		view_place_fit(&place, room);
	if (term->width > 0 && term_columns(place.name) + 2 + term_columns(place.position) > room) {
		/* The position is going to have a line of its own. */
		view_place_release(&place);
		view_place_init(&place, table, stack, caller, GROUP_BY_LINE, false);
		view_place_cut_name(place.name, room);
		view_place_cut_position(place.position, room + CHANGE_COLUMNS - TITLE_COLUMNS);
	}
	fprintf(term->stream, "  %s%s%s\n", place.name, *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

static void
print_change(const struct term *term, const char *title, const struct changes_part *part,
	     const struct diff_row *row)
{
	char bytes[HUMAN_BYTES], span[SPAN_BYTES];

	format_span(part->from_ns, part->to_ns, span);
	fprintf(term->stream, "%-10s %-18s %11s", title, span,
		human_size_change(profile_get_change(row->old.live_bytes, row->new.live_bytes),
				  bytes));
	print_place(term, part->table, row->stack, row->caller);
}

static void
print_changes(const struct term *term, const char *title, const struct changes_part *part)
{
	for (size_t i = 0; i < part->count; i++)
		print_change(term, i == 0 ? title : "", part, &part->rows[i]);
}

/* Who goes on growing, where enough moments are known to tell. */
static void
print_growing(const struct term *term, const struct growth *growth)
{
	for (size_t i = 0; i < growth->growing_count && i < VIEW_TIMELINE_CHANGES; i++) {
		const struct growth_row *row = &growth->rows[i];
		char verdict[VIEW_GROWTH_BYTES], rate[HUMAN_BYTES];

		fprintf(term->stream, "%-10s %-17s %12s", i == 0 ? "growing" : "",
			view_growth_format_verdict(&row->verdict, verdict),
			view_growth_format_rate(&row->verdict, rate));
		print_place(term, growth->table, row->stack, row->caller);
	}
}

static void
print_resident(const struct term *term, const struct view_timeline *view)
{
	const struct curve_point *most = view_timeline_find_resident_peak(view);
	char bytes[HUMAN_BYTES], time[HUMAN_BYTES];

	if (most != NULL)
		fprintf(term->stream, "%-10s %s at most, at %s, as sampled\n", "resident",
			human_size((int64_t)most->rss_bytes, bytes),
			human_duration(most->time_ns, time));
}

static void
print_lost(const struct term *term, const struct view_timeline *view)
{
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES], time[HUMAN_BYTES];
	struct leak_values sum;

	if (view_timeline_find_lost(view, &sum) && leak_values_get_lost_blocks(&sum) != 0)
		fprintf(term->stream, "%-10s %s in %s block%s, as of %s  (heaptally leaks)\n",
			"lost", human_size((int64_t)leak_values_get_lost_bytes(&sum), bytes),
			human_count(leak_values_get_lost_blocks(&sum), blocks),
			text_plural(leak_values_get_lost_blocks(&sum)),
			human_duration(view->profile->leaks.quality.taken_ns, time));
}

static void
print_hint(const struct term *term, const struct view_timeline *view, bool has_unknown)
{
	if (view->profile->sample_count == 0)
		term_wrap(term, "hint       ",
			  "only marks, snapshots and the peak are known, ? is not: the tally of "
			  "`heaptally run` has samples, of what lasts some milliseconds");
	else if (has_unknown)
		term_wrap(term, "hint       ", "? is before the first sample, and not known");
}

void
view_timeline_text(const struct term *term, const struct view_timeline *view)
{
	struct view_timeline_scale scale = view_timeline_get_scale(view);
	struct changes changes;
	struct growth growth;
	bool has_unknown;

	print_title(term, view, &scale);
	has_unknown = view_timeline_bars_text(term, view, &scale);
	putc('\n', term->stream);
	print_moments(term, view);
	print_resident(term, view);
	print_lost(term, view);
	view_parts_text(term, view->profile, view->from_ns, view->to_ns);
	view_marks_text(term->stream, view->profile, "marks", view->from_ns, view->to_ns);
	changes_init(&changes, view->profile, NULL, view->from_ns, view->to_ns,
		     VIEW_TIMELINE_CHANGES);
	print_changes(term, "who grew", &changes.grew);
	print_changes(term, "who fell", &changes.fell);
	print_changes(term, "grew since", &changes.late);
	changes_release(&changes);
	view_timeline_init_growth(view, &growth);
	print_growing(term, &growth);
	growth_release(&growth);
	print_hint(term, view, has_unknown);
	view_quality_warnings(term, "", view->profile);
}
