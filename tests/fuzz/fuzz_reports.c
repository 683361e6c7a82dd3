/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_reports.c - every report of whatever the readers make of any bytes
 *
 * fuzz_readers.c calls this where it is linked. Names are those of the file: nothing is looked up
 * in the modules that it claims to have.
 */
#include "config.h"

#include <locale.h>
#include <stdio.h>

#include "export/mprof.h"
#include "export/svg.h"
#include "export/tracemalloc.h"
#include "model/column.h"
#include "model/curve.h"
#include "model/diff.h"
#include "fuzz_reports.h"
#include "model/attribution.h"
#include "model/group.h"
#include "model/listing.h"
#include "model/place.h"
#include "model/rank.h"
#include "util/term.h"
#include "view/blocks.h"
#include "view/diff.h"
#include "view/page.h"
#include "view/timeline.h"
#include "view/top.h"

#define MOMENTS_MAX 4 /* more of them are the same again */

static struct term term;

static struct profile_at
get_at(const struct profile *profile, uint32_t number, bool at_peak)
{
	return (struct profile_at){.moment = &profile->moments[number], .peak = at_peak};
}

static void
report_top(const struct profile *profile, const struct profile_at *at,
	   const struct group_options *options)
{
	struct place_options places = {.exact = options->selection.raw_frames};
	struct place_table *table = place_table_new(&places);
	const struct column *column = column_find("live");
	struct group_set set;
	struct view_top view = {
		.profile = profile,
		.at = *at,
		.options = options,
		.column = column,
		.set = &set,
		.table = table,
		.frames = options->selection.raw_frames ? -3 : 12,
		.most_recent_last = options->selection.raw_frames,
	};

	group_profile(profile, at, options, table, NULL, &set);
	rank_groups(&set, options->by, column, table);
	view_top_text(&term, &view);
	view_top_json(&term, &view);
	view_top_csv(&term, &view);
	export_tracemalloc_top(&term, &view);
	group_set_release(&set);
	place_table_free(table);
}

static void
report_diff(const struct diff_side *old, const struct diff_side *new, enum group_by by)
{
	struct place_options places = {.across_builds = true};
	struct place_table *table = place_table_new(&places);
	struct group_options options = {.by = by};
	const struct column *column = column_find("total");
	struct diff diff;
	struct view_diff view = {
		.old = old,
		.new = new,
		.old_name = "old",
		.new_name = "new",
		.options = &options,
		.column = column,
		.diff = &diff,
		.table = table,
		.all = true,
	};

	diff_profiles(old, new, &options, true, table, &diff);
	diff_rank(&diff, by, column, table);
	view_diff_text(&term, &view);
	view_diff_json(&term, &view);
	view_diff_csv(&term, &view);
	export_tracemalloc_diff(&term, &view);
	diff_keep_growth(&diff, column);
	diff_release(&diff);
	place_table_free(table);
}

static void
report_blocks(const struct profile *profile, enum listing_order order)
{
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_options options = {.by = GROUP_BY_LINE};
	struct listing listing;
	struct attribution attribution;
	struct view_blocks view = {
		.profile = profile,
		.at = get_at(profile, profile->moment_count - 1, false),
		.listing = &listing,
		.attribution = &attribution,
		.order = listing_order_names[order],
	};

	attribution_init(&attribution, profile, &options.selection, table, NULL);
	listing_init(&listing, profile, &attribution, order, 20);
	view_blocks_text(&term, &view);
	view_blocks_json(&term, &view);
	view_blocks_csv(&term, &view);
	listing_release(&listing);
	attribution_release(&attribution);
	place_table_free(table);
}

static void
report_timeline(const struct profile *profile)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	struct curve curve;
	struct view_timeline view = {.profile = profile, .curve = &curve};

	curve_init(&curve, profile);
	view.to_ns = profile->duration_ns > last->time_ns ? profile->duration_ns : last->time_ns;
	if (view.to_ns == 0)
		view.to_ns = 1;
	view_timeline_text(&term, &view);
	view_timeline_json(&term, &view);
	export_mprof(&term, &view);
	export_svg(&term, &view);
	curve_release(&curve);
}

static void
report_page(const struct profile *profile, const struct profile_at *at)
{
	struct group_options options = {.by = GROUP_BY_LINE};
	struct view_page view = {
		.operand = "fuzz",
		.profile = profile,
		.at = *at,
		.options = &options,
		.rows = 3,
	};

	view_page_markdown(&term, &view);
	view.with_source = true;
	view_page_html(&term, &view);
}

void
fuzz_report(const struct profile *profile)
{
	uint32_t last = profile->moment_count - 1;
	struct profile_at ends[2];

	if (profile->moment_count == 0)
		return;
	if (term.stream == NULL) {
		setlocale(LC_CTYPE, "C.UTF-8");
		term_init(&term, fopen("/dev/null", "we"), TERM_COLOR_ALWAYS);
	}
	for (int i = 0; group_by_names[i]; i++) {
		struct group_options options = {.by = (enum group_by)i,
						.selection.raw_frames = i % 2};

		ends[0] = get_at(profile, last, i % 2);
		if (profile->blocks.is_read || !group_needs_blocks(&options, profile))
			report_top(profile, &ends[0], &options);
		options.cumulative = i <= GROUP_BY_MODULE && i != GROUP_BY_LINE;
		options.ages = options.lifetimes = profile->blocks.is_read;
		if (profile->blocks.is_read || !group_needs_blocks(&options, profile))
			report_top(profile, &ends[0], &options);
	}
	for (uint32_t i = 0; i <= last && i < MOMENTS_MAX; i++) {
		ends[0] = get_at(profile, i, true);
		ends[1] = get_at(profile, last, false);
		report_diff(&(struct diff_side){.profile = profile, .at = ends[0]},
			    &(struct diff_side){.profile = profile, .at = ends[1]}, GROUP_BY_LINE);
	}
	report_diff(&(struct diff_side){.profile = profile, .at = ends[1]},
		    &(struct diff_side){.profile = profile, .at = ends[0]}, GROUP_BY_STACK);
	report_timeline(profile);
	report_page(profile, &ends[0]);
	if (profile->blocks.is_read) {
		for (int i = 0; listing_order_names[i]; i++)
			report_blocks(profile, (enum listing_order)i);
	}
}
