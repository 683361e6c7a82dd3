/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * changes.c - two moments at which every site is known, and their difference
 *
 * Samples know only the size, moments know every site. So who grew is read off two moments: the
 * last one not after the start of the span (before the first one nothing is live) and the largest
 * in the span; who fell, and who grew although the whole fell, off the largest and the last. The
 * peak is a moment for this.
 */
#include "config.h"

#include "model/changes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A point of time at which every site is known. */
struct known {
	struct profile_at at;
	uint64_t time_ns;
	int64_t live_bytes;
};

struct span {
	uint64_t from_ns, to_ns;
	struct known start, top, end;
	struct profile_moment nothing; /* before the first allocation */
};

static void
consider(struct span *span, const struct known *known)
{
	if (known->time_ns > span->to_ns)
		return;
	if (known->time_ns <= span->from_ns && known->time_ns >= span->start.time_ns)
		span->start = *known;
	if (known->time_ns >= span->end.time_ns)
		span->end = *known;
	if (known->time_ns >= span->from_ns && known->live_bytes > span->top.live_bytes)
		span->top = *known;
}

static void
find_moments(struct span *span, const struct profile *profile)
{
	span->start.at.moment = &span->nothing;
	span->end = span->start;
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		consider(span, &(struct known){{.moment = moment},
					       moment->time_ns,
					       moment->sum.live_bytes});
		if (moment->peak_time_ns < moment->time_ns)
			consider(span, &(struct known){{.moment = moment, .peak = true},
						       moment->peak_time_ns,
						       moment->sum.peak_bytes});
	}
	if (!span->top.at.moment || span->top.live_bytes < span->start.live_bytes)
		span->top = span->start;
	/* The peak may be the last thing that is known. */
	if (span->end.time_ns < span->top.time_ns)
		span->end = span->top;
}

/* The largest changes of one sign; the rows of the difference are kept in its own array. */
static void
compare(struct changes_part *part, const struct profile *profile,
	const struct group_options *by_line, const struct known *from, const struct known *to,
	bool growth, size_t most)
{
	const struct place_options places = {.across_builds = true};
	struct diff_side old = {.profile = profile, .at = from->at};
	struct diff_side new = {.profile = profile, .at = to->at};
	struct diff diff;

	*part = (struct changes_part){.from_ns = from->time_ns, .to_ns = to->time_ns};
	if (from->time_ns >= to->time_ns)
		return;
	part->table = place_table_new(&places);
	diff_profiles(&old, &new, by_line, false, part->table, &diff);
	diff_rank(&diff, GROUP_BY_LINE, column_find("live_bytes"), part->table);
	for (size_t i = 0; i < diff.count && part->count < most; i++) {
		const struct diff_row *row = &diff.rows[i];

		if (growth ? row->new.live_bytes > row->old.live_bytes
			   : row->new.live_bytes < row->old.live_bytes)
			diff.rows[part->count++] = *row;
	}
	part->rows = diff.rows;
	diff.rows = NULL;
	diff_release(&diff);
}

void
changes_init(struct changes *changes, const struct profile *profile,
	     const struct selection *selection, uint64_t from_ns, uint64_t to_ns, size_t most)
{
	struct group_options by_line = {.by = GROUP_BY_LINE};
	struct span span = {.from_ns = from_ns, .to_ns = to_ns};

	if (selection != NULL)
		by_line.selection = *selection;
	find_moments(&span, profile);
	compare(&changes->grew, profile, &by_line, &span.start, &span.top, true, most);
	compare(&changes->fell, profile, &by_line, &span.top, &span.end, false, most);
	compare(&changes->late, profile, &by_line, &span.top, &span.end, true, most);
}

static void
release(struct changes_part *part)
{
	free(part->rows);
	place_table_free(part->table);
}

void
changes_release(struct changes *changes)
{
	release(&changes->grew);
	release(&changes->fell);
	release(&changes->late);
	memset(changes, 0, sizeof(*changes));
}
