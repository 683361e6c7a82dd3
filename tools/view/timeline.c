/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/changes.h"
#include "model/growth.h"
#include "model/leak_report.h"
#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/growth.h"
#include "view/json.h"
#include "view/marks.h"
#include "view/moment.h"
#include "view/parts.h"
#include "view/place.h"
#include "view/quality.h"
#include "view/waterfall.h"

#define ROWS           6
#define COLUMNS        60
#define COLUMNS_MOST   160
#define LABEL_COLUMNS  6
#define SNAPSHOTS_MOST 8
#define CHANGES_MOST   3
#define TITLE_COLUMNS  11 /* of "who grew", and a blank */
#define CHANGE_COLUMNS 43 /* before the place */
#define PLACE_LEAST    12
#define SPAN_BYTES     (2 * HUMAN_BYTES + 4)
#define MIB            1048576.0
#define NEAR_SHIFT     8 /* what is less than 1/256 below a peak is as good as that */

struct curve_point
view_timeline_get_peak(const struct view_timeline *view)
{
	struct curve_point peak = {
		view->from_ns,
		curve_get(view->curve, view->from_ns),
		0,
	};

	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (point->time_ns >= view->from_ns && point->time_ns <= view->to_ns &&
		    point->live_bytes > peak.live_bytes)
			peak = *point;
	}
	return peak;
}

bool
view_timeline_is_inside(const struct view_timeline *view, uint64_t time_ns)
{
	return time_ns >= view->from_ns && time_ns <= view->to_ns;
}

const struct profile_mark *
view_timeline_get_unseen_peak(const struct view_timeline *view)
{
	int64_t drawn = view_timeline_get_peak(view).live_bytes;
	const struct profile_mark *largest = NULL;
	uint64_t since_ns = 0;

	for (uint32_t i = 0; i < view->profile->mark_count; i++) {
		const struct profile_mark *mark = &view->profile->marks[i];

		if (!profile_mark_ends_peak(mark))
			continue;
		if (since_ns >= view->from_ns && mark->time_ns <= view->to_ns &&
		    mark->peak_bytes - (mark->peak_bytes >> NEAR_SHIFT) > drawn &&
		    (largest == NULL || mark->peak_bytes > largest->peak_bytes))
			largest = mark;
		since_ns = mark->time_ns;
	}
	return largest;
}

const struct profile_mark *
view_timeline_get_next_mark(const struct profile *profile, uint32_t index)
{
	for (uint32_t i = index + 1; i < profile->mark_count; i++)
		if (profile->marks[i].kind == PROFILE_MARK_LABEL)
			return &profile->marks[i];
	return NULL;
}

void
view_timeline_axis_init(struct view_timeline_axis *axis, uint64_t from_ns, uint64_t to_ns,
			unsigned ticks)
{
	static const struct {
		const char *unit;
		double unit_ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
	double span = (double)(to_ns - from_ns), step = 1;
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(*units) &&
	       (double)to_ns >= (i < 3 ? 1 : 5) * units[i + 1].unit_ns)
		i++;
	axis->unit = units[i].unit;
	axis->unit_ns = units[i].unit_ns;
	while (step * axis->unit_ns * ticks > span)
		step /= 10;
	while (step * axis->unit_ns * ticks < span)
		step *= 10;
	if (step / 5 * axis->unit_ns * ticks >= span)
		step /= 5;
	else if (step / 2 * axis->unit_ns * ticks >= span)
		step /= 2;
	axis->step_ns = step * axis->unit_ns;
	axis->first_ns = (double)(uint64_t)((double)from_ns / axis->step_ns) * axis->step_ns;
	if (axis->first_ns < (double)from_ns)
		axis->first_ns += axis->step_ns;
	axis->count = 0;
	/* A span of a few ns after years is below the precision of a double: no ticks. */
	while (axis->first_ns >= (double)from_ns && axis->count <= ticks &&
	       axis->first_ns + axis->count * axis->step_ns <= (double)to_ns)
		axis->count++;
}

/*** text ***/

/* Numbers of one unit: that of the largest. */
struct scale {
	const char *unit;
	double divisor;
};

static struct scale
get_scale(int64_t largest)
{
	static const struct scale scales[] = {
		{"B", 1}, {"KiB", 1024}, {"MiB", MIB}, {"GiB", 1024 * MIB}, {"TiB", MIB * MIB}};
	size_t i = 0;

	while (i + 1 < sizeof(scales) / sizeof(*scales) && (double)largest >= scales[i + 1].divisor)
		i++;
	return scales[i];
}

static char *
format_scaled(const struct scale *scale, double bytes, char *text)
{
	double value = bytes / scale->divisor;

	snprintf(text, HUMAN_BYTES, "%.*f", scale->divisor > 1 && value < 99.95 ? 1 : 0, value);
	return text;
}

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
print_title(const struct term *term, const struct view_timeline *view, const struct scale *scale)
{
	struct curve_point peak = view_timeline_get_peak(view);
	char *command = term_escape(view->profile->command);
	char text[HUMAN_BYTES], time[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s   live heap, %s   ", term_style(term, TERM_BOLD),
		command, view->profile->pid, term_style(term, TERM_PLAIN), scale->unit);
	if (peak.live_bytes > 0)
		fprintf(term->stream, "peak %s at %s",
			format_scaled(scale, (double)peak.live_bytes, text),
			human_duration(peak.time_ns, time));
	else
		fputs("nothing was live", term->stream);
	print_peak_note(term, view);
	fputs("\n", term->stream);
	free(command);
}

static unsigned
get_eighths(int64_t value, int64_t highest, unsigned row)
{
	double height = highest > 0 ? 8.0 * ROWS * (double)value / (double)highest : 0;

	/* What is not zero shows at least the lowest bar. */
	height = value > 0 && height < 1 ? 1 : height + 0.5;
	height -= 8.0 * row;
	return height <= 0 ? 0 : height >= 8 ? 8 : (unsigned)height;
}

/* How many columns end before anything is known. */
static unsigned
get_unknown_columns(const struct view_timeline *view, unsigned width)
{
	uint64_t known_ns = view->curve->known_ns;

	if (known_ns <= view->from_ns)
		return 0;
	if (known_ns > view->to_ns)
		return width;
	/* What is known at the end is in the last column. */
	if (known_ns == view->to_ns)
		return width - 1;
	return (unsigned)((double)(known_ns - view->from_ns) /
			  (double)(view->to_ns - view->from_ns) * width);
}

static void
print_bars(const struct term *term, const struct view_timeline *view, const struct scale *scale,
	   unsigned width)
{
	int64_t values[COLUMNS_MOST], highest = view_timeline_get_peak(view).live_bytes;
	unsigned unknown = get_unknown_columns(view, width);
	char label[HUMAN_BYTES];

	curve_fill(view->curve, view->from_ns, view->to_ns, values, width);
	for (unsigned row = ROWS; row-- > 0;) {
		unsigned end = width;

		while (end > 0 && get_eighths(values[end - 1], highest, row) == 0)
			end--;
		format_scaled(scale, (double)highest * (row + 1) / ROWS, label);
		fprintf(term->stream, "%*s |", LABEL_COLUMNS, row % 2 ? label : "");
		for (unsigned i = 0; i < end || (row == 0 && i < unknown); i++)
			fputs(i < unknown ? row == 0 ? "?" : " "
					  : term_bar(term, get_eighths(values[i], highest, row)),
			      term->stream);
		putc('\n', term->stream);
	}
}

static void
print_axis(const struct term *term, const struct view_timeline *view, unsigned width)
{
	struct view_timeline_axis axis;
	double span = (double)(view->to_ns - view->from_ns);
	unsigned used = 0;
	bool first = true;

	view_timeline_axis_init(&axis, view->from_ns, view->to_ns, width / 10);
	fprintf(term->stream, "%*s +", LABEL_COLUMNS, "0");
	for (unsigned i = 0; i < width; i++)
		putc('-', term->stream);
	fprintf(term->stream, "\n%*s", LABEL_COLUMNS + 2, "");
	for (unsigned i = 0; i < axis.count; i++) {
		double at = axis.first_ns + i * axis.step_ns;
		unsigned column = (unsigned)((at - (double)view->from_ns) / span * width);
		char label[HUMAN_BYTES];

		if (column < used || column >= width)
			continue;
		snprintf(label, sizeof(label), "%.6g%s%s", at / axis.unit_ns, first ? " " : "",
			 first ? axis.unit : "");
		fprintf(term->stream, "%*s%s", (int)(column - used), "", label);
		used = column + (unsigned)strlen(label);
		first = false;
	}
	putc('\n', term->stream);
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
	for (size_t i = 0; i < growth->growing_count && i < CHANGES_MOST; i++) {
		const struct growth_row *row = &growth->rows[i];
		char verdict[VIEW_GROWTH_BYTES], rate[HUMAN_BYTES];

		fprintf(term->stream, "%-10s %-17s %12s", i == 0 ? "growing" : "",
			view_growth_format_verdict(&row->verdict, verdict),
			view_growth_format_rate(&row->verdict, rate));
		print_place(term, growth->table, row->stack, row->caller);
	}
}

static void
init_growth(struct growth *growth, const struct view_timeline *view)
{
	static const struct group_options by_line = {.by = GROUP_BY_LINE};
	const struct growth_options options = {
		.group = &by_line,
		.from_ns = view->from_ns,
		.to_ns = view->to_ns,
	};

	growth_init(growth, view->profile, &options);
}

/* The most that the kernel had given to the process: also what is not of malloc, or not given back.
 * NULL when it was not sampled. */
static const struct curve_point *
find_resident_peak(const struct view_timeline *view)
{
	const struct curve_point *most = NULL;

	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (point->rss_bytes > 0 && view_timeline_is_inside(view, point->time_ns) &&
		    (most == NULL || point->rss_bytes > most->rss_bytes))
			most = point;
	}
	return most;
}

static void
print_resident(const struct term *term, const struct view_timeline *view)
{
	const struct curve_point *most = find_resident_peak(view);
	char bytes[HUMAN_BYTES], time[HUMAN_BYTES];

	if (most != NULL)
		fprintf(term->stream, "%-10s %s at most, at %s, as sampled\n", "resident",
			human_size((int64_t)most->rss_bytes, bytes),
			human_duration(most->time_ns, time));
}

/* What the last look has found lost, in the window or not: false when nobody has looked. */
static bool
find_lost(const struct view_timeline *view, struct leak_values *ret_sum)
{
	if (!leak_set_has_answer(&view->profile->leaks))
		return false;
	leak_report_sum(view->profile, ret_sum);
	return true;
}

static void
print_lost(const struct term *term, const struct view_timeline *view)
{
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES], time[HUMAN_BYTES];
	struct leak_values sum;

	if (find_lost(view, &sum) && leak_values_get_lost_blocks(&sum) != 0)
		fprintf(term->stream, "%-10s %s in %s block%s, as of %s  (heaptally leaks)\n",
			"lost", human_size((int64_t)leak_values_get_lost_bytes(&sum), bytes),
			human_count(leak_values_get_lost_blocks(&sum), blocks),
			text_plural(leak_values_get_lost_blocks(&sum)),
			human_duration(view->profile->leaks.quality.taken_ns, time));
}

static void
print_hint(const struct term *term, const struct view_timeline *view, unsigned width)
{
	if (view->profile->sample_count == 0)
		term_wrap(term, "hint       ",
			  "only marks, snapshots and the peak are known, ? is not: the tally of "
			  "`heaptally run` has samples, of what lasts some milliseconds");
	else if (get_unknown_columns(view, width) > 0)
		term_wrap(term, "hint       ", "? is before the first sample, and not known");
}

void
view_timeline_text(const struct term *term, const struct view_timeline *view)
{
	struct scale scale = get_scale(view_timeline_get_peak(view).live_bytes);
	unsigned width = COLUMNS;
	struct changes changes;
	struct growth growth;

	if (term->width > COLUMNS + LABEL_COLUMNS)
		width = term->width - LABEL_COLUMNS - 4;
	else if (term->width > 3 * LABEL_COLUMNS)
		width = term->width - LABEL_COLUMNS - 2;
	width = width > COLUMNS_MOST ? COLUMNS_MOST : width;
	print_title(term, view, &scale);
	print_bars(term, view, &scale, width);
	print_axis(term, view, width);
	putc('\n', term->stream);
	print_moments(term, view);
	print_resident(term, view);
	print_lost(term, view);
	view_parts_text(term, view->profile, view->from_ns, view->to_ns);
	view_marks_text(term->stream, view->profile, "marks", view->from_ns, view->to_ns);
	changes_init(&changes, view->profile, NULL, view->from_ns, view->to_ns, CHANGES_MOST);
	print_changes(term, "who grew", &changes.grew);
	print_changes(term, "who fell", &changes.fell);
	print_changes(term, "grew since", &changes.late);
	changes_release(&changes);
	init_growth(&growth, view);
	print_growing(term, &growth);
	growth_release(&growth);
	print_hint(term, view, width);
	view_quality_warnings(term, "", view->profile);
}

/*** JSON ***/

static void
write_change(struct json_writer *json, const struct changes_part *part, const struct diff_row *row)
{
	json_writer_begin_object(json, NULL);
	json_writer_seconds(json, "from_seconds", part->from_ns);
	json_writer_seconds(json, "to_seconds", part->to_ns);
	json_writer_signed(json, "live_bytes_diff",
			   profile_get_change(row->old.live_bytes, row->new.live_bytes));
	json_writer_signed(json, "live_blocks_diff",
			   profile_get_change(row->old.live_blocks, row->new.live_blocks));
	view_place_json(json, part->table, row->stack, GROUP_BY_LINE);
	json_writer_end_object(json);
}

static void
write_changes(struct json_writer *json, const char *key, const struct changes_part *part)
{
	json_writer_begin_array(json, key);
	for (size_t i = 0; i < part->count; i++)
		write_change(json, part, &part->rows[i]);
	json_writer_end_array(json);
}

static void
write_growing(struct json_writer *json, const struct view_timeline *view)
{
	struct growth growth;

	init_growth(&growth, view);
	json_writer_begin_array(json, "growing");
	for (size_t i = 0; i < growth.growing_count && i < CHANGES_MOST; i++) {
		json_writer_begin_object(json, NULL);
		view_growth_verdict_json(json, &growth.rows[i].verdict);
		view_place_json(json, growth.table, growth.rows[i].stack, GROUP_BY_LINE);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	growth_release(&growth);
}

static void
write_points(struct json_writer *json, const struct view_timeline *view)
{
	json_writer_begin_array(json, "points");
	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (!view_timeline_is_inside(view, point->time_ns))
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_seconds(json, "time_seconds", point->time_ns);
		json_writer_signed(json, "live_bytes", point->live_bytes);
		view_json_optional(json, "resident_bytes", point->rss_bytes > 0, point->rss_bytes);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_moments(struct json_writer *json, const struct view_timeline *view)
{
	const struct profile *profile = view->profile;

	json_writer_begin_array(json, "snapshots");
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		if (!view_timeline_is_inside(view, moment->time_ns))
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", i + 1);
		json_writer_string(json, "label", moment->label);
		json_writer_seconds(json, "time_seconds", moment->time_ns);
		json_writer_signed(json, "live_bytes", moment->sum.live_bytes);
		json_writer_signed(json, "live_blocks", moment->sum.live_blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_parts(struct json_writer *json, const struct view_timeline *view)
{
	json_writer_begin_array(json, "resident");
	for (uint32_t i = 0; i < view->profile->resident_count; i++) {
		const struct profile_resident *resident = &view->profile->residents[i];

		if (!view_timeline_is_inside(view, resident->time_ns))
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_seconds(json, "time_seconds", resident->time_ns);
		json_writer_unsigned(json, "resident_bytes", resident->resident_bytes);
		view_waterfall_parts_json(json, resident->parts);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_resident_peak(struct json_writer *json, const struct view_timeline *view)
{
	const struct curve_point *most = find_resident_peak(view);

	if (most == NULL) {
		json_writer_null(json, "resident_peak");
		return;
	}
	json_writer_begin_object(json, "resident_peak");
	json_writer_seconds(json, "time_seconds", most->time_ns);
	json_writer_unsigned(json, "resident_bytes", most->rss_bytes);
	json_writer_end_object(json);
}

static void
write_lost(struct json_writer *json, const struct view_timeline *view)
{
	struct leak_values sum;

	if (!find_lost(view, &sum)) {
		json_writer_null(json, "lost");
		return;
	}
	json_writer_begin_object(json, "lost");
	json_writer_seconds(json, "time_seconds", view->profile->leaks.quality.taken_ns);
	json_writer_unsigned(json, "lost_bytes", leak_values_get_lost_bytes(&sum));
	json_writer_unsigned(json, "lost_blocks", leak_values_get_lost_blocks(&sum));
	json_writer_end_object(json);
}

static void
write_hints(struct json_writer *json, const struct view_timeline *view)
{
	json_writer_begin_array(json, "hints");
	if (view->profile->sample_count == 0)
		json_writer_string(json, NULL,
				   "only marks, snapshots and the peak are known: the tally of "
				   "`heaptally run` has samples, of what lasts some milliseconds");
	else if (view->curve->known_ns > view->from_ns)
		json_writer_string(json, NULL, "what was before the first sample is not known");
	json_writer_end_array(json);
}

void
view_timeline_json(const struct term *term, const struct view_timeline *view)
{
	const struct profile *profile = view->profile;
	struct profile_at at = {.moment = &profile->moments[profile->moment_count - 1]};
	struct curve_point peak = view_timeline_get_peak(view);
	struct changes changes;
	struct json_writer json;

	changes_init(&changes, profile, NULL, view->from_ns, view->to_ns, CHANGES_MOST);
	view_json_begin(&json, term->stream, "timeline");
	view_moment_json(&json, "process", profile, &at);
	json_writer_seconds(&json, "from_seconds", view->from_ns);
	json_writer_seconds(&json, "to_seconds", view->to_ns);
	json_writer_begin_object(&json, "peak");
	json_writer_seconds(&json, "time_seconds", peak.time_ns);
	json_writer_signed(&json, "live_bytes", peak.live_bytes);
	json_writer_end_object(&json);
	write_resident_peak(&json, view);
	write_lost(&json, view);
	write_parts(&json, view);
	view_quality_troubles_json(&json, profile);
	write_hints(&json, view);
	write_points(&json, view);
	write_moments(&json, view);
	view_marks_json(&json, profile, view->from_ns, view->to_ns);
	write_changes(&json, "grew", &changes.grew);
	write_changes(&json, "fell", &changes.fell);
	write_changes(&json, "grew_since", &changes.late);
	write_growing(&json, view);
	changes_release(&changes);
	json_writer_end_object(&json);
}
