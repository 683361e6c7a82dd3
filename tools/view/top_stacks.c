/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_stacks.c - which stacks hold the memory, as text
 */
#include "config.h"

#include "view/top.h"

#include <stdio.h>

#include "model/block.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/lifetimes.h"
#include "view/source_code.h"
#include "view/stack.h"

static void
print_ages(const struct term *term, const struct view_top *view, const struct group *group)
{
	struct block_histogram lifetimes;

	view_lifetimes_ages_line(term, &view->set->ages[group->ages], "    ");
	if (!view_top_shows_lifetimes(view))
		return;
	group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_line(term, &lifetimes, "    ");
}

/* "1.2 MiB  38.1 %, 12 blocks, 40 allocs" */
static void
print_values(const struct term *term, const struct view_top *view, const struct group *group)
{
	const struct profile_values *values = &group->values;
	int64_t value = column_get(view->column, values);
	double whole = (double)column_get(view->column, &view->set->sum);
	char text[HUMAN_BYTES], percent[HUMAN_BYTES], change[HUMAN_BYTES];

	fprintf(term->stream, "%s%s%s  %s%s%s %%, ", term_style(term, TERM_BOLD),
		column_format(view->column, value, text), term_style(term, TERM_PLAIN),
		view_top_format_change(view, values->live_bytes, view_top_get_before(view, group),
				       change),
		view->change != NULL ? ", " : "", human_percent((double)value, whole, percent));
	fprintf(term->stream, "%s block%s", human_count((uint64_t)values->live_blocks, text),
		text_plural((uint64_t)values->live_blocks));
	if (!view->set->by_blocks)
		fprintf(term->stream, ", %s alloc%s", human_count(values->total_blocks, text),
			text_plural(values->total_blocks));
	putc('\n', term->stream);
}

void
view_top_stacks(const struct term *term, const struct view_top *view)
{
	struct view_source_code *source = view_source_code_new(view->profile->start_realtime_ns);
	size_t rows = view_top_get_row_count(view), more = view->set->count - rows;
	char count[HUMAN_BYTES];

	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];

		print_values(term, view, group);
		if (view->options->ages)
			print_ages(term, view, group);
		view_stack_text(
			term, view->table, group->stack, source,
			&(struct view_stack_options){.frames = view->frames,
						     .most_recent_last = view->most_recent_last,
						     .full_names = view->full_names,
						     .whole = view->options->selection.raw_frames});
		putc('\n', term->stream);
	}
	if (more > 0)
		fprintf(term->stream, "(%s more stack%s; -n 0 for all)\n", human_count(more, count),
			text_plural(more));
	view_stack_warning(term, source);
	if (more > 0 || view_source_code_get_newer(source) != NULL)
		putc('\n', term->stream);
	view_source_code_free(source);
}
