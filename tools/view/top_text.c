/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_text.c - which lines hold the memory, as text
 */
#include "config.h"

#include "view/top.h"

#include <stdlib.h>

#include "model/not_freed.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/filters.h"
#include "view/kept.h"
#include "view/mapped.h"
#include "view/moment.h"
#include "view/quality.h"
#include "view/suppressed.h"

#define MAPPED_LINES 5

static void
print_title(const struct term *term, const struct view_top *view)
{
	const struct profile_values *sum = &view->set->sum;
	char *process = view_moment_name_process(view->profile);
	char *callers = view->callers_of != NULL ? term_escape(view->callers_of) : NULL;
	char *moment = view_moment_describe(view->profile, &view->at);
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES], change[HUMAN_BYTES];
	bool has_change = view->change != NULL && view->change->seconds > 0;

	fprintf(term->stream, "%s%s%s, %s: %s in %s block%s%s%s, %s %s%s%s\n\n",
		term_style(term, TERM_BOLD), process, term_style(term, TERM_PLAIN), moment,
		human_size(sum->live_bytes, bytes), human_count((uint64_t)sum->live_blocks, blocks),
		text_plural((uint64_t)sum->live_blocks), has_change ? ", " : "",
		has_change
			? view_top_format_change(view, sum->live_bytes, view->change->sum, change)
			: "",
		callers != NULL ? "callers of" : "by",
		callers != NULL ? callers : view_top_get_by(view),
		view->options->cumulative ? ", cumulative" : "",
		view->options->selection.filters.count ? ", filtered" : "");
	free(callers);
	free(process);
	free(moment);
}

/* What is still there at the end, when the report is about another moment. */
static void
print_not_freed(const struct term *term, const struct view_top *view)
{
	const struct profile *profile = view->profile;
	const struct profile_values *end = &profile->moments[profile->moment_count - 1].sum;
	struct not_freed rest;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES];
	bool is_end =
		view->at.moment == &profile->moments[profile->moment_count - 1] && !view->at.peak;

	/* It is about the whole program. */
	if (is_end || end->live_blocks <= 0 || view->options->selection.filters.count > 0)
		return;
	not_freed_get(profile, &view->options->selection, &rest);
	end = &rest.values;
	if (end->live_blocks > 0)
		fprintf(term->stream, "%s %s block%s, %s%s\n",
			profile->state == PROFILE_RUNNING ? "live now " : "not freed",
			human_count((uint64_t)end->live_blocks, blocks),
			text_plural((uint64_t)end->live_blocks), human_size(end->live_bytes, bytes),
			profile->state == PROFILE_RUNNING ? "  (--at now)" : "  (--at exit)");
	view_kept_line(term, "", &rest.kept);
	not_freed_release(&rest);
}

static void
print_groups(const struct term *term, const struct view_top *view)
{
	if (view->set->count != 0 && view->tree != NULL) {
		view_top_tree(term, view);
	} else if (view->set->count != 0 && view->options->by == GROUP_BY_STACK) {
		view_top_stacks(term, view);
	} else if (view->set->count != 0) {
		view_top_table(term, view);
	} else if (view->options->selection.filters.count != 0) {
		view_filters_nothing(term->stream, &view->options->selection.filters, view->table);
		putc('\n', term->stream);
	} else {
		fputs("nothing was allocated\n\n", term->stream);
	}
}

/* What its row does not say: how much address space that is, and when it was so. */
static void
print_mapped(const struct term *term, const struct view_top *view)
{
	char resident[HUMAN_BYTES], mapped[HUMAN_BYTES], count[HUMAN_BYTES], time[HUMAN_BYTES];

	if (view->mapped == NULL)
		return;
	fprintf(term->stream,
		"mmap      %s resident of %s that the program maps by itself, in %s range%s at "
		"%s\n",
		human_size((int64_t)view->mapped->resident_bytes, resident),
		human_size((int64_t)view->mapped->mapped_bytes, mapped),
		human_count(view->mapped->range_count, count),
		text_plural(view->mapped->range_count),
		human_duration(view->mapped->time_ns, time));
	if (view->lines == NULL)
		return;
	view_mapped_rows(term, view->lines, MAPPED_LINES);
	if (view->lines->list->lines.count > MAPPED_LINES)
		fprintf(term->stream, "(%s more line%s; `heaptally resident` has them)\n",
			human_count(view->lines->list->lines.count - MAPPED_LINES, count),
			text_plural(view->lines->list->lines.count - MAPPED_LINES));
}

void
view_top_text(const struct term *term, const struct view_top *view)
{
	struct profile_values kept;

	print_title(term, view);
	print_groups(term, view);
	print_not_freed(term, view);
	group_get_kept(view->set, &kept);
	view_kept_line(term, "", &kept);
	if (view->shows_rules)
		view_kept_rules(term, view->set);
	view_suppressed_text(term, &view->options->selection.suppressions, view->set);
	print_mapped(term, view);
	view_quality_line(term, "quality   ", view->profile, view->set);
	view_quality_warnings(term, "", view->profile);
	view_quality_hint(term, "hint      ", view->profile, view->options, view->table, view->set);
}
