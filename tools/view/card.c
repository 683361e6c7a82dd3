/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "view/card.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "model/attribution.h"
#include "model/card.h"
#include "model/column.h"
#include "model/curve.h"
#include "model/group.h"
#include "model/leak_report.h"
#include "model/place.h"
#include "model/not_freed.h"
#include "model/profile.h"
#include "model/rank.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/card_next.h"
#include "view/card_processes.h"
#include "view/kept.h"
#include "view/leaks.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/processes.h"
#include "view/quality.h"

enum {
	CURVE_COLUMNS = 20,
	TOP_LINES = 3,
	NUMBERS_COLUMNS = 32, /* before a place */
	PLACE_LEAST = 24,
};

static const struct profile_moment *
get_last(const struct profile *profile)
{
	return &profile->moments[profile->moment_count - 1];
}

/* What a shell gives for a program that was killed; its own statuses are below. */
static int
get_signal_of_status(int status)
{
	int signal = status - 128;

	return signal > 0 && signal < NSIG && strsignal(signal) != NULL ? signal : 0;
}

static void
print_end(FILE *out, const struct card *card)
{
	char duration[HUMAN_BYTES], *command = term_escape(card->command);
	int signal = WTERMSIG(card->wait_status), status = WEXITSTATUS(card->wait_status);

	human_duration(card->duration_ns, duration);
	if (WIFSIGNALED(card->wait_status)) {
		fprintf(out, "heaptally: %s was killed by signal %d (%s) after %s\n", command,
			signal, strsignal(signal), duration);
	} else {
		fprintf(out, "heaptally: %s exited %d after %s", command, status, duration);
		signal = get_signal_of_status(status);
		if (signal != 0)
			fprintf(out, ", as a shell does when signal %d (%s) ends a program", signal,
				strsignal(signal));
		fputc('\n', out);
	}
	free(command);
}

static void
print_heap(const struct term *term, const struct profile *profile)
{
	const struct profile_moment *last = get_last(profile);
	const struct profile_mark *earlier = profile_find_earlier_peak(profile);
	char peak[HUMAN_BYTES], time[HUMAN_BYTES], live[HUMAN_BYTES];
	const char *end = profile->state == PROFILE_EXITED    ? "at exit"
			  : profile->state == PROFILE_RUNNING ? "now"
							      : "at the end";

	fprintf(term->stream, "  heap      ");
	if (profile->sample_count > 1) {
		int64_t values[CURVE_COLUMNS];
		struct curve curve;
		char *line;

		curve_init(&curve, profile);
		curve_fill(&curve, 0, profile->duration_ns ? profile->duration_ns : 1, values,
			   CURVE_COLUMNS);
		line = term_sparkline(term, values, CURVE_COLUMNS, CURVE_COLUMNS);
		fprintf(term->stream, "%s   ", line);
		free(line);
		curve_release(&curve);
	}
	fprintf(term->stream, "peak %s", human_size(last->sum.peak_bytes, peak));
	/* There is no time at which nothing was most. */
	if (last->sum.peak_blocks > 0)
		fprintf(term->stream, " at %s", human_duration(last->peak_time_ns, time));
	/* The curve shows it. */
	if (earlier != NULL)
		fprintf(term->stream, " (%s before a %s)", human_size(earlier->peak_bytes, peak),
			earlier->kind == PROFILE_MARK_RESET_PEAK ? "reset" : "clear");
	fprintf(term->stream, ", %s %s\n", human_size(last->sum.live_bytes, live), end);
}

static void
print_calls(FILE *out, const struct profile *profile)
{
	const struct profile_values *sum = &get_last(profile)->sum;
	char allocated[HUMAN_BYTES], freed[HUMAN_BYTES], rate[HUMAN_BYTES];
	double seconds = (double)profile->duration_ns / 1e9;

	fprintf(out, "  calls     %s allocated", human_count(sum->total_blocks, allocated));
	if (seconds > 0)
		fprintf(out, " (%s/s)", human_rough((double)sum->total_blocks / seconds, rate));
	fprintf(out, ", %s freed", human_count(sum->freed_blocks, freed));
	if (sum->total_blocks != 0)
		fprintf(out, ", %.0f %% temporary",
			100.0 * (double)sum->temporary_blocks / (double)sum->total_blocks);
	fprintf(out, "\n");
}

/* --- places --- */

static void
print_groups(const struct term *term, const struct group_set *set, const struct place_table *table)
{
	struct view_place views[TOP_LINES];
	unsigned name_columns = 0;
	unsigned room = term->width > NUMBERS_COLUMNS ? term->width - NUMBERS_COLUMNS : 0;
	size_t count = 0;

	while (count < TOP_LINES && count < set->count &&
	       (count == 0 || set->groups[count].values.live_bytes > 0))
		count++;
	for (size_t i = 0; i < count; i++) {
		unsigned wide;

		view_place_init(&views[i], table, set->groups[i].stack, set->groups[i].caller,
				GROUP_BY_LINE, false);
		if (room >= PLACE_LEAST)
			view_place_cut_name(views[i].name, room / 2);
		wide = term_columns(views[i].name);
		name_columns = wide > name_columns ? wide : name_columns;
	}
	for (size_t i = 0; i < count; i++) {
		const struct profile_values *values = &set->groups[i].values;
		char share[HUMAN_BYTES], size[HUMAN_BYTES];

		human_percent((double)values->live_bytes, (double)set->sum.live_bytes, share);
		fprintf(term->stream, "  %-8s  %5s %%  %9s  ", i == 0 ? "at peak" : "", share,
			human_size(values->live_bytes, size));
		if (room >= PLACE_LEAST)
			view_place_cut_position(views[i].position, room - name_columns - 2);
		if (views[i].position[0] != '\0') {
			term_pad(term->stream, views[i].name, (int)name_columns);
			fprintf(term->stream, "  %s\n", views[i].position);
		} else {
			fprintf(term->stream, "%s\n", views[i].name);
		}
		view_place_release(&views[i]);
	}
}

static void
print_not_freed(const struct term *term, const struct card *card, struct attribution *attribution)
{
	char *keeper = view_card_keeper(card);
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES], places[HUMAN_BYTES];
	struct not_freed rest;

	not_freed_get_attributed(attribution, true, &rest);
	if (rest.values.live_blocks <= 0)
		fprintf(term->stream, "  not freed nothing%s\n", keeper);
	else
		fprintf(term->stream, "  not freed %s block%s, %s, from %s place%s%s\n",
			human_count((uint64_t)rest.values.live_blocks, blocks),
			text_plural((uint64_t)rest.values.live_blocks),
			human_size(rest.values.live_bytes, bytes), human_count(rest.lines, places),
			text_plural(rest.lines), keeper);
	free(keeper);
	view_kept_line(term, "            ", &rest.kept);
	not_freed_release(&rest);
}

/* Of what was not freed, what could not be freed any more. */
static void
print_lost(const struct term *term, const struct card *card)
{
	const struct leak_set *leaks = &card->profile->leaks;
	struct leak_values sum;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES];
	uint64_t count;

	if (leaks->is_known ? leaks->error != 0 : card->wants_leaks) {
		fprintf(term->stream, "  lost      not known: %s\n",
			leaks->is_known ? view_leaks_explain(leaks->error)
					: "the program did not call exit()");
		return;
	}
	if (!leaks->is_known)
		return;
	leak_report_sum(card->profile, &sum);
	count = sum.blocks[REACH_DEFINITE] + sum.blocks[REACH_INDIRECT];
	if (count == 0)
		fputs("  lost      nothing\n", term->stream);
	else
		fprintf(term->stream, "  lost      %s block%s, %s: nothing points at %s any more\n",
			human_count(count, blocks), text_plural(count),
			human_size((int64_t)(sum.bytes[REACH_DEFINITE] + sum.bytes[REACH_INDIRECT]),
				   bytes),
			count == 1 ? "it" : "them");
}

/* Whose blocks are freed as the next event of their thread. */
static void
print_churn(const struct term *term, const struct card *card, struct group_set *set,
	    const struct place_table *table)
{
	const struct profile_values *sum = &get_last(card->profile)->sum;
	unsigned room = term->width > NUMBERS_COLUMNS ? term->width - NUMBERS_COLUMNS : 0;
	struct view_place view;
	char share[HUMAN_BYTES];

	if (!view_card_is_churning(card) || set->count == 0)
		return;
	rank_groups(set, GROUP_BY_LINE, column_find("temporary_blocks"), table);
	human_percent((double)set->groups[0].values.temporary_blocks, (double)sum->temporary_blocks,
		      share);
	view_place_init(&view, table, set->groups[0].stack, set->groups[0].caller, GROUP_BY_LINE,
			false);
	if (room >= PLACE_LEAST)
		view_place_fit(&view, room);
	fprintf(term->stream, "  churn     %5s %%  temporary  %s%s%s\n", share, view.name,
		*view.position ? "  " : "", view.position);
	view_place_release(&view);
}

void
view_card(const struct term *term, const struct card *card)
{
	const struct profile *profile = card->profile;
	const struct group_options by_line = {
		.by = GROUP_BY_LINE,
		.selection = {.wrappers = card->wrappers},
	};
	const struct profile_at peak = {.moment = get_last(profile), .peak = true};
	const struct place_options places = {0};
	FILE *out = term->stream;
	struct place_table *table = place_table_new(&places);
	struct attribution attribution;
	struct group_set set;

	print_end(out, card);
	fprintf(out, "\n");
	view_card_processes(term, card);
	print_heap(term, profile);
	print_calls(out, profile);
	attribution_init(&attribution, profile, &by_line.selection, table, NULL);
	group_attributed(&attribution, &peak, &by_line, &set);
	rank_groups(&set, GROUP_BY_LINE, column_find("live_bytes"), table);
	print_groups(term, &set, table);
	print_churn(term, card, &set, table);
	print_not_freed(term, card, &attribution);
	print_lost(term, card);
	view_quality_line(term, "  quality   ", profile, &set);
	view_quality_warnings(term, "  ", profile);
	if (card->warning != NULL)
		view_quality_warn(term, "  ", card->warning);
	view_processes_blind(term, "  ", card->processes, card->chosen);
	view_quality_hint(term, "  hint      ", profile,
			  &(struct group_options){.by = GROUP_BY_LINE}, table, &set);
	view_card_next(term, card);
	attribution_release(&attribution);
	group_set_release(&set);
	place_table_free(table);
}
