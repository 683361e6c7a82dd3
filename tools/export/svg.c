/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/svg.c - the size of the heap over time, as a picture for browsers
 *
 * Coordinates are written without the decimal point of a locale, with two decimals.
 */
#include "config.h"

#include "export/svg.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/svg_sites.h"
#include "util/human.h"
#include "util/term.h"
#include "view/marks.h"
#include "view/parts.h"
#include "view/place_fit.h"
#include "view/time_axis.h"
#include "view/timeline.h"

#define WIDTH        960
#define HEIGHT       420
#define LEFT         90
#define RIGHT        20
#define TOP          50
#define BOTTOM       50
#define LINES_MOST   5  /* of the grid, upwards */
#define SITE_HEIGHT  18 /* a line below the picture */
#define LETTER_WIDTH 7
#define LETTERS_MIN  4 /* a span that is narrower gets no label */
#define EVENT_ROWS   4

struct frame {
	FILE *stream;
	const struct view_timeline *view;
	double highest;
};

static double
get_x(const struct frame *frame, double time_ns)
{
	double span = (double)(frame->view->to_ns - frame->view->from_ns);

	return LEFT + (time_ns - (double)frame->view->from_ns) / span * (WIDTH - LEFT - RIGHT);
}

static double
get_y(const struct frame *frame, double bytes)
{
	double share = bytes < 0 ? 0 : bytes / frame->highest;

	return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

/* Text of the traced program: what XML has no character for becomes a question mark. */
static void
write_text(FILE *stream, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '<')
			fputs("&lt;", stream);
		else if (byte == '>')
			fputs("&gt;", stream);
		else if (byte == '&')
			fputs("&amp;", stream);
		else
			putc(byte < ' ' || byte > '~' ? '?' : byte, stream);
	}
}

static void
write_label(FILE *stream, double x, double y, const char *anchor, const char *text)
{
	fprintf(stream, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">", x, y, anchor);
	write_text(stream, text);
	fputs("</text>\n", stream);
}

static void
write_line(FILE *stream, const char *class, double x, double y, double to_x, double to_y)
{
	fprintf(stream, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n",
		class, x, y, to_x, to_y);
}

/* Lines at 1, 2 or 5 times a power of ten of the largest unit that is not above the highest. */
static void
write_sizes(const struct frame *frame)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	static const double factors[] = {2, 2.5, 2};
	double unit = 1, step = 1;
	size_t index = 0;
	char label[HUMAN_BYTES];

	while (index + 1 < sizeof(units) / sizeof(*units) && frame->highest >= unit * 1024) {
		unit *= 1024;
		index++;
	}
	step = index > 0 ? 0.1 : 1;
	for (size_t i = 0; frame->highest / unit / step > LINES_MOST; i++)
		step *= factors[i % 3];
	for (unsigned i = 0; i * step * unit <= frame->highest; i++) {
		double y = get_y(frame, i * step * unit);

		write_line(frame->stream, "grid", LEFT, y, WIDTH - RIGHT, y);
		snprintf(label, sizeof(label), "%.6g %s", i * step, i > 0 ? units[index] : "B");
		write_label(frame->stream, LEFT - 6, y + 4, "end", label);
	}
}

static void
write_grid(const struct frame *frame)
{
	struct view_time_axis axis;
	char label[HUMAN_BYTES];

	write_sizes(frame);
	view_time_axis_init(&axis, frame->view->from_ns, frame->view->to_ns, 8);
	for (unsigned i = 0; i < axis.count; i++) {
		double at = axis.first_ns + i * axis.step_ns;
		double x = get_x(frame, at);

		write_line(frame->stream, "grid", x, TOP, x, HEIGHT - BOTTOM);
		snprintf(label, sizeof(label), "%.6g %s", at / axis.unit_ns, axis.unit);
		write_label(frame->stream, x, HEIGHT - BOTTOM + 18, "middle", label);
	}
}

/*
 * Steps: between two points the size is not known, so no slope is drawn; nor anything before the
 * first point.
 */
static void
write_curve(const struct frame *frame, bool rss)
{
	const struct view_timeline *view = frame->view;
	double y = get_y(frame, rss ? 0 : (double)curve_get(view->curve, view->from_ns));
	bool started = !rss && view->curve->known_ns <= view->from_ns;
	double left = LEFT;

	fprintf(frame->stream, "<path class=\"%s\" d=\"", rss ? "rss" : "live");
	if (started)
		fprintf(frame->stream, "M%d %.2f", LEFT, y);
	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];
		double x = get_x(frame, (double)point->time_ns);

		if (point->time_ns < view->from_ns || point->time_ns > view->to_ns ||
		    (rss && !point->rss_bytes))
			continue;
		y = get_y(frame, rss ? (double)point->rss_bytes : (double)point->live_bytes);
		fprintf(frame->stream, started ? "H%.2fV%.2f" : "M%.2f %.2f", x, y);
		left = started ? left : x;
		started = true;
	}
	if (started && !rss)
		fprintf(frame->stream, "H%dV%dH%.2fZ", WIDTH - RIGHT, HEIGHT - BOTTOM, left);
	else if (started)
		fprintf(frame->stream, "H%d", WIDTH - RIGHT);
	fputs("\"/>\n", frame->stream);
}

static bool
has_parts(const struct view_timeline *view)
{
	for (uint32_t i = 0; i < view->profile->resident_count; i++)
		if (view_timeline_is_inside(view, view->profile->residents[i].time_ns))
			return true;
	return false;
}

/* One group upon those below it: to the right along its upper edge, back along its lower one. */
static void
write_area(const struct frame *frame, unsigned group, const char *color)
{
	const struct profile *profile = frame->view->profile;
	uint64_t groups[VIEW_PARTS_GROUPS];
	bool started = false;
	double x = LEFT;

	fprintf(frame->stream, "<path class=\"part\" fill=\"%s\" d=\"", color);
	for (unsigned edge = 0; edge < 2; edge++) {
		for (uint32_t k = 0; k < profile->resident_count; k++) {
			uint32_t i = edge == 0 ? k : profile->resident_count - 1 - k;
			const struct profile_resident *resident = &profile->residents[i];
			uint64_t sum = 0;

			if (!view_timeline_is_inside(frame->view, resident->time_ns))
				continue;
			view_parts_sum(resident->parts, groups);
			for (unsigned below = 0; below < group + (edge == 0); below++)
				sum += groups[below];
			x = get_x(frame, (double)resident->time_ns);
			fprintf(frame->stream, "%c%.2f %.2f", started ? 'L' : 'M', x,
				get_y(frame, (double)sum));
			started = true;
		}
	}
	fputs("Z\"/>\n", frame->stream);
}

static bool
has_group(const struct profile *profile, unsigned group)
{
	uint64_t groups[VIEW_PARTS_GROUPS];

	for (uint32_t i = 0; i < profile->resident_count; i++) {
		view_parts_sum(profile->residents[i].parts, groups);
		if (groups[group] != 0)
			return true;
	}
	return false;
}

/* Resident memory by its parts, with what the colours mean. */
static void
write_parts(const struct frame *frame)
{
	static const char *const colors[VIEW_PARTS_GROUPS] = {
		[VIEW_PARTS_LIVE] = "#4a7fb5",   [VIEW_PARTS_OVERHEAD] = "#86b0d8",
		[VIEW_PARTS_PINNED] = "#d98d3a", [VIEW_PARTS_KEPT] = "#f0c987",
		[VIEW_PARTS_FILES] = "#9fbf8f",  [VIEW_PARTS_OTHER] = "#b79ac8",
		[VIEW_PARTS_MAPPED] = "#d98ab0", [VIEW_PARTS_TRACER] = "#c8c8c8",
	};

	double y = TOP + 14;

	for (unsigned group = 0; group < VIEW_PARTS_GROUPS; group++) {
		/* It has to be asked for. */
		if (group == VIEW_PARTS_MAPPED && !has_group(frame->view->profile, group))
			continue;
		write_area(frame, group, colors[group]);
		fprintf(frame->stream,
			"<rect x=\"%d\" y=\"%.2f\" width=\"10\" height=\"10\" fill=\"%s\"/>\n",
			LEFT + 8, y - 9, colors[group]);
		write_label(frame->stream, LEFT + 24, y, "start", view_parts_name(group));
		y += 16;
	}
}

/* A time within the window, as near as can be. */
static double
get_x_inside(const struct frame *frame, uint64_t time_ns)
{
	const struct view_timeline *view = frame->view;

	time_ns = time_ns < view->from_ns ? view->from_ns : time_ns;
	return get_x(frame, (double)(time_ns > view->to_ns ? view->to_ns : time_ns));
}

/* From one mark to the next, as mprof draws functions: a line at its start, a bar above. */
static void
write_span(const struct frame *frame, const struct profile_mark *mark,
	   const struct profile_mark *next)
{
	double x = get_x(frame, (double)mark->time_ns);
	double end = next ? get_x_inside(frame, next->time_ns) : WIDTH - RIGHT;
	char *label = view_marks_describe(mark);

	write_line(frame->stream, "mark", x, TOP - 8, x, HEIGHT - BOTTOM);
	write_line(frame->stream, "span", x, TOP - 8, end, TOP - 8);
	if (end - x >= LETTERS_MIN * LETTER_WIDTH) {
		view_place_cut(label, (unsigned)((end - x) / LETTER_WIDTH));
		write_label(frame->stream, x + 3, TOP - 12, "start", label);
	}
	free(label);
}

/* ends: where the labels of each row end so far. What fits in no row has a line without label. */
static void
write_event(const struct frame *frame, const struct profile_mark *mark, double *ends)
{
	double x = get_x(frame, (double)mark->time_ns);
	char *label = view_marks_describe(mark);
	size_t row = 0;

	write_line(frame->stream, "mark", x, TOP, x, HEIGHT - BOTTOM);
	while (row < EVENT_ROWS && x < ends[row])
		row++;
	if (row < EVENT_ROWS) {
		write_label(frame->stream, x + 3, TOP + 12 + (double)row * 14, "start", label);
		ends[row] = x + (double)strlen(label) * LETTER_WIDTH + 6;
	}
	free(label);
}

static void
write_marks(const struct frame *frame)
{
	const struct profile *profile = frame->view->profile;
	double ends[EVENT_ROWS] = {0};

	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (mark->time_ns < frame->view->from_ns || mark->time_ns > frame->view->to_ns)
			continue;
		if (mark->kind == PROFILE_MARK_LABEL)
			write_span(frame, mark, view_timeline_get_next_mark(profile, i));
		else
			write_event(frame, mark, ends);
	}
}

static void
write_peak(const struct frame *frame)
{
	struct curve_point peak = view_timeline_get_peak(frame->view);
	double x = get_x(frame, (double)peak.time_ns), y = get_y(frame, (double)peak.live_bytes);
	char bytes[HUMAN_BYTES], time[HUMAN_BYTES], label[3 * HUMAN_BYTES];

	snprintf(label, sizeof(label), "peak %s at %s", human_size(peak.live_bytes, bytes),
		 human_duration(peak.time_ns, time));
	fprintf(frame->stream, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3\"/>\n", x, y);
	write_label(frame->stream, x, y - 8, x > WIDTH / 2 ? "end" : "start", label);
}

/* Below the picture: who held most at its largest moment. */
static void
write_sites(const struct frame *frame, const struct svg_sites *sites)
{
	char size[HUMAN_BYTES], time[HUMAN_BYTES], label[2 * HUMAN_BYTES];

	for (size_t i = 0; i < sites->count; i++) {
		double y = HEIGHT + (double)i * SITE_HEIGHT;

		if (i == 0) {
			snprintf(label, sizeof(label), "at %s",
				 human_duration(sites->time_ns, time));
			write_label(frame->stream, LEFT - 6, y, "end", label);
		}
		write_label(frame->stream, LEFT + 80, y, "end",
			    human_size(sites->sites[i].bytes, size));
		write_label(frame->stream, LEFT + 92, y, "start", sites->sites[i].place);
	}
}

static double
get_highest(const struct view_timeline *view, bool *ret_has_rss)
{
	double highest = (double)view_timeline_get_peak(view).live_bytes;

	*ret_has_rss = false;
	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (point->time_ns < view->from_ns || point->time_ns > view->to_ns)
			continue;
		*ret_has_rss |= point->rss_bytes != 0;
		if ((double)point->rss_bytes > highest)
			highest = (double)point->rss_bytes;
	}
	return highest > 0 ? highest : 1;
}

void
export_svg(const struct term *term, const struct view_timeline *view)
{
	FILE *stream = term->stream;
	const struct profile_mark *unseen = view_timeline_get_unseen_peak(view);
	struct frame frame = {.stream = stream, .view = view};
	char bytes[HUMAN_BYTES], time[HUMAN_BYTES];
	struct svg_sites sites;
	int height;
	bool has_rss;

	svg_sites_init(&sites, view);
	height = HEIGHT + (int)sites.count * SITE_HEIGHT;
	frame.highest = get_highest(view, &has_rss);
	fprintf(stream,
		EXPORT_SVG_MAGIC
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\">\n"
		"<style>text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}"
		".mark{stroke:#a50;stroke-dasharray:4 "
		"3}.span{stroke:#a50;stroke-width:3}.live{fill:#4a7fb5;fill-opacity:.55;"
		"stroke:#2b5c8a}.rss{fill:none;stroke:#b55}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"24\">",
		WIDTH, height, WIDTH, height, LEFT);
	write_text(stream, view->profile->command);
	fprintf(stream, " %" PRIu32 ": live heap%s", view->profile->pid,
		has_rss ? ", and resident memory as a line" : "");
	if (unseen != NULL)
		fprintf(stream, "; peak %s before %s, not drawn",
			human_size(unseen->peak_bytes, bytes),
			human_duration(unseen->time_ns, time));
	fputs("</text>\n", stream);
	if (has_parts(view)) {
		fputs("<style>.part{fill-opacity:.8}.live{fill:none;stroke-width:2}</style>\n",
		      stream);
		write_parts(&frame);
	}
	write_grid(&frame);
	write_curve(&frame, false);
	if (has_rss)
		write_curve(&frame, true);
	write_marks(&frame);
	write_peak(&frame);
	write_sites(&frame, &sites);
	svg_sites_release(&sites);
	fputs("</svg>\n", stream);
}
