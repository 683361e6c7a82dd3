/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/timeline_json.c - the size of the heap over time, as JSON
 */
#include "config.h"

#include "view/timeline.h"

#include "model/changes.h"
#include "model/growth.h"
#include "model/leak.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/growth.h"
#include "view/json.h"
#include "view/marks.h"
#include "view/moment.h"
#include "view/place_json.h"
#include "view/quality.h"
#include "view/waterfall.h"

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

	view_timeline_init_growth(view, &growth);
	json_writer_begin_array(json, "growing");
	for (size_t i = 0; i < growth.growing_count && i < VIEW_TIMELINE_CHANGES; i++) {
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
	const struct curve_point *most = view_timeline_find_resident_peak(view);

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

	if (!view_timeline_find_lost(view, &sum)) {
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

	changes_init(&changes, profile, NULL, view->from_ns, view->to_ns, VIEW_TIMELINE_CHANGES);
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
