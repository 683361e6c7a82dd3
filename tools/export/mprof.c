/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/mprof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "model/curve.h"
#include "util/term.h"
#include "view/timeline.h"

#define MIB 1048576.0

/* One line of UTF-8, and as a name one word: fields are parted by single blanks. */
static void
write_word(FILE *stream, const char *text, char blank)
{
	char *safe = term_escape(text);

	for (char *at = strchr(safe, ' '); at; at = strchr(at + 1, ' '))
		*at = blank;
	fputs(safe, stream);
	free(safe);
}

/* In the form that mprof itself writes: MiB, and the seconds of the clock. */
static void
write_mprof_point(FILE *stream, const struct view_timeline *view, int64_t live, uint64_t time_ns)
{
	double start = (double)view->profile->start_realtime_ns / 1e9;

	fprintf(stream, "%.6f %.6f", (double)live / MIB, start + (double)time_ns / 1e9);
}

/* A mark lasts until the next one, or the end. The last number is a level: flames need it. */
static void
write_mprof_marks(FILE *stream, const struct view_timeline *view)
{
	const struct profile *profile = view->profile;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];

	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];
		const struct profile_mark *next = view_timeline_get_next_mark(profile, i);

		if (mark->kind != PROFILE_MARK_LABEL ||
		    !view_timeline_is_inside(view, mark->time_ns))
			continue;
		fputs("FUNC ", stream);
		write_word(stream, mark->label, '_');
		putc(' ', stream);
		write_mprof_point(stream, view, mark->live_bytes, mark->time_ns);
		putc(' ', stream);
		write_mprof_point(stream, view, next ? next->live_bytes : last->sum.live_bytes,
				  next ? next->time_ns : last->time_ns);
		fputs(" 0\n", stream);
	}
}

void
export_mprof(const struct term *term, const struct view_timeline *view)
{
	FILE *stream = term->stream;

	fputs("CMDLINE ", stream);
	write_word(stream, view->profile->executable, ' ');
	putc('\n', stream);
	write_mprof_marks(stream, view);
	for (size_t i = 0; i < view->curve->count; i++) {
		const struct curve_point *point = &view->curve->points[i];

		if (!view_timeline_is_inside(view, point->time_ns))
			continue;
		fputs("MEM ", stream);
		write_mprof_point(stream, view, point->live_bytes, point->time_ns);
		putc('\n', stream);
	}
}

void
export_mprof_profile(const struct term *term, const struct export_input *input)
{
	const struct profile *profile = input->profile;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	uint64_t end_ns =
		profile->duration_ns > last->time_ns ? profile->duration_ns : last->time_ns;
	struct view_timeline view = {.profile = profile};
	struct curve curve;

	/* The peak is in the middle of the curve; any other moment ends it. */
	if (!input->at.peak && input->at.moment != last)
		end_ns = input->at.moment->time_ns;
	view.to_ns = end_ns > 0 ? end_ns : 1;
	curve_init(&curve, profile);
	view.curve = &curve;
	export_mprof(term, &view);
	curve_release(&curve);
}
