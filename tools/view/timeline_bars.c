/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/timeline_bars.h"

#include <stdio.h>
#include <string.h>

#include "util/human.h"
#include "util/term.h"
#include "view/time_axis.h"
#include "view/timeline.h"

#define ROWS          6
#define COLUMNS       60
#define COLUMNS_MOST  160
#define LABEL_COLUMNS 6
#define MIB           1048576.0

struct view_timeline_scale
view_timeline_get_scale(const struct view_timeline *view)
{
	static const struct view_timeline_scale scales[] = {
		{"B", 1}, {"KiB", 1024}, {"MiB", MIB}, {"GiB", 1024 * MIB}, {"TiB", MIB * MIB}};
	double largest = (double)view_timeline_get_peak(view).live_bytes;
	size_t i = 0;

	while (i + 1 < sizeof(scales) / sizeof(*scales) && largest >= scales[i + 1].divisor)
		i++;
	return scales[i];
}

char *
view_timeline_format_scaled(const struct view_timeline_scale *scale, double bytes, char *text)
{
	double value = bytes / scale->divisor;

	snprintf(text, HUMAN_BYTES, "%.*f", scale->divisor > 1 && value < 99.95 ? 1 : 0, value);
	return text;
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
print_bars(const struct term *term, const struct view_timeline *view,
	   const struct view_timeline_scale *scale, unsigned width)
{
	int64_t values[COLUMNS_MOST], highest = view_timeline_get_peak(view).live_bytes;
	unsigned unknown = get_unknown_columns(view, width);
	char label[HUMAN_BYTES];

	curve_fill(view->curve, view->from_ns, view->to_ns, values, width);
	for (unsigned row = ROWS; row-- > 0;) {
		unsigned end = width;

		while (end > 0 && get_eighths(values[end - 1], highest, row) == 0)
			end--;
		view_timeline_format_scaled(scale, (double)highest * (row + 1) / ROWS, label);
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
	struct view_time_axis axis;
	double span = (double)(view->to_ns - view->from_ns);
	unsigned used = 0;
	bool first = true;

	view_time_axis_init(&axis, view->from_ns, view->to_ns, width / 10);
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

static unsigned
get_width(const struct term *term)
{
	unsigned width = COLUMNS;

	if (term->width > COLUMNS + LABEL_COLUMNS)
		width = term->width - LABEL_COLUMNS - 4;
	else if (term->width > 3 * LABEL_COLUMNS)
		width = term->width - LABEL_COLUMNS - 2;
	return width > COLUMNS_MOST ? COLUMNS_MOST : width;
}

bool
view_timeline_bars_text(const struct term *term, const struct view_timeline *view,
			const struct view_timeline_scale *scale)
{
	unsigned width = get_width(term);

	print_bars(term, view, scale, width);
	print_axis(term, view, width);
	return get_unknown_columns(view, width) > 0;
}
