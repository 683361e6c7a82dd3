/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/leaks_text.c - what is lost, and what is held by whom, as text
 */
#include "config.h"

#include "view/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/graph_quality.h"
#include "view/leaks_row.h"
#include "view/moment.h"
#include "view/quality.h"

static size_t
count_lost_rows(const struct leak_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->row_count; i++)
		count += report->rows[i].verdict == LEAK_LOST && !report->rows[i].is_system;
	return count;
}

/* What the lost blocks, or nothing, were not in. */
static void
print_before(const struct term *term, const struct view_leaks *view)
{
	char *name = term_escape(view->before_name);

	fprintf(term->stream, " that %s not in %s",
		leak_values_get_lost_blocks(&view->report->sum) <= 1 ? "was" : "were", name);
	free(name);
}

/* Of a process that goes on: what it took. */
static void
print_looks(const struct term *term, const struct leak_set *leaks)
{
	char apart[HUMAN_BYTES], pause[HUMAN_BYTES];

	fprintf(term->stream, "          %s%s%s", leaks->looks > 1 ? "two looks " : "one look",
		leaks->looks > 1 ? human_duration(leaks->apart_ns, apart) : "",
		leaks->looks > 1 ? " apart" : "");
	if (leaks->quality.taken == GRAPH_TAKEN_FROM_OUTSIDE)
		fputs(" from outside", term->stream);
	else
		fprintf(term->stream, ", paused %s%s",
			human_duration(leaks->quality.pause_ns, pause),
			leaks->looks > 1 ? " each" : "");
}

static void
print_title(const struct term *term, const struct view_leaks *view)
{
	const struct leak_set *leaks = &view->profile->leaks;
	const struct leak_values *sum = &view->report->sum;
	char *process = view_moment_name_process(view->profile);
	size_t places = count_lost_rows(view->report);
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];

	fprintf(term->stream, "%s%s%s%s: ", term_style(term, TERM_BOLD), process,
		term_style(term, TERM_PLAIN), view_graph_quality_moment(&leaks->quality));
	if (leak_values_get_lost_blocks(sum) == 0)
		fputs("nothing is lost", term->stream);
	else
		fprintf(term->stream, "%s in %s block%s %s lost, from %zu place%s",
			human_size((int64_t)leak_values_get_lost_bytes(sum), bytes),
			human_count(leak_values_get_lost_blocks(sum), blocks),
			text_plural(leak_values_get_lost_blocks(sum)),
			!leak_set_is_sure(leaks)
				? leak_values_get_lost_blocks(sum) == 1 ? "seems" : "seem"
			: leak_values_get_lost_blocks(sum) == 1 ? "is"
								: "are",
			places, text_plural(places));
	if (view->before != NULL)
		print_before(term, view);
	if (graph_quality_is_live(&leaks->quality) && view->profile->process_count == 0)
		print_looks(term, leaks);
	fputs("\n", term->stream);
	free(process);
}

/* Of rows that are part of another they are shown there. */
static bool
is_shown(const struct view_leaks *view, const struct leak_row *row)
{
	if (view->all)
		return true;
	if (row->is_system)
		return false;
	/* What comes with something else is shown there. */
	if (row->verdict == LEAK_GROWING)
		return view->before == NULL && view_leaks_find_growth(view, row) != NULL;
	return row->verdict == LEAK_LOST || (row->verdict == LEAK_MAYBE && view->before == NULL);
}

static size_t
print_rows(const struct term *term, const struct view_leaks *view)
{
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < view->report->row_count; i++) {
		if (!is_shown(view, &view->report->rows[i]))
			continue;
		if (view->rows != 0 && shown == view->rows) {
			left++;
			continue;
		}
		view_leaks_row_text(term, view, &view->report->rows[i]);
		shown++;
	}
	return left;
}

static void
print_amount(const struct term *term, const char **separator, uint64_t bytes, uint64_t blocks,
	     const char *what)
{
	char size[HUMAN_BYTES], count[HUMAN_BYTES];

	if (blocks == 0)
		return;
	fprintf(term->stream, "%s%s in %s block%s %s", *separator, human_size((int64_t)bytes, size),
		human_count(blocks, count), text_plural(blocks), what);
	*separator = ", ";
}

static void
print_rest(const struct term *term, const struct view_leaks *view)
{
	const struct leak_report *report = view->report;
	const struct leak_values *forgotten = &view->profile->leaks.forgotten;
	const char *separator = "not shown ";

	if (!view->all) {
		print_amount(term, &separator, report->sum.bytes[REACH_REACHABLE],
			     report->sum.blocks[REACH_REACHABLE], "that can be reached");
		print_amount(term, &separator, leak_values_get_all_bytes(&report->system),
			     leak_values_get_all_blocks(&report->system),
			     "kept by system libraries");
	}
	print_amount(term, &separator, leak_values_get_all_bytes(&report->suppressed),
		     leak_values_get_all_blocks(&report->suppressed), "suppressed or filtered");
	print_amount(term, &separator, leak_values_get_all_bytes(forgotten),
		     leak_values_get_all_blocks(forgotten), "of before the last clearing");
	if (strcmp(separator, ", ") == 0)
		fprintf(term->stream, "%s\n", view->all ? "" : "  (--all)");
}

static void
print_quality(const struct term *term, const struct profile *profile)
{
	struct graph_quality quality = profile->leaks.quality;
	uint32_t processes = profile->leaks.process_count;
	char line[160];

	/* Each has one thread that is not another one. */
	if (processes > 1 && quality.threads >= processes)
		quality.threads -= processes - 1;
	view_graph_quality_text(term, &quality);
	if (view_leaks_count_unseen(profile) == 0)
		return;
	snprintf(line, sizeof(line),
		 "%" PRIu32 " of the processes %s not looked at: %s not call exit(), or could not "
		 "be; --process PID tells which",
		 view_leaks_count_unseen(profile),
		 view_leaks_count_unseen(profile) == 1 ? "was" : "were",
		 view_leaks_count_unseen(profile) == 1 ? "it did" : "they did");
	view_quality_warn(term, "", line);
}

void
view_leaks_text(const struct term *term, const struct view_leaks *view)
{
	char count[HUMAN_BYTES];
	size_t left;

	print_title(term, view);
	left = print_rows(term, view);
	if (left != 0)
		fprintf(term->stream, "(%s more place%s; -n 0 for all)\n", human_count(left, count),
			text_plural(left));
	print_rest(term, view);
	print_quality(term, view->profile);
	view_quality_warnings(term, "", view->profile);
}
