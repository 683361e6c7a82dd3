/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/page_side.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/curve.h"
#include "model/group.h"
#include "model/not_freed.h"
#include "model/resident.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/moment.h"
#include "view/quality.h"

#define POINTS_MOST    1500
#define RESIDENTS_MOST 100

/* Of many points, the largest of each part of the time. */
static void
write_curve(struct json_writer *json, const struct profile *profile)
{
	struct curve curve;
	size_t step;

	curve_init(&curve, profile);
	step = curve.count / POINTS_MOST + 1;
	json_writer_begin_array(json, "curve");
	for (size_t i = 0; i < curve.count; i += step) {
		const struct curve_point *best = &curve.points[i];

		for (size_t k = i; k < i + step && k < curve.count; k++)
			if (curve.points[k].live_bytes > best->live_bytes)
				best = &curve.points[k];
		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, best->time_ns);
		json_writer_signed(json, NULL, best->live_bytes);
		json_writer_unsigned(json, NULL, best->rss_bytes);
		json_writer_end_array(json);
	}
	json_writer_end_array(json);
	curve_release(&curve);
}

/* Where the resident memory was: time, all of it, and the parts; of the last in any case. */
static void
write_residents(struct json_writer *json, const struct profile *profile)
{
	uint32_t step = profile->resident_count / RESIDENTS_MOST + 1;

	json_writer_begin_array(json, "parts");
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		json_writer_string(json, NULL, resident_part_name(part));
	json_writer_end_array(json);
	json_writer_begin_array(json, "residents");
	for (uint32_t i = 0; i < profile->resident_count; i++) {
		const struct profile_resident *one = &profile->residents[i];

		if ((profile->resident_count - 1 - i) % step != 0)
			continue;
		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, one->time_ns);
		json_writer_unsigned(json, NULL, one->resident_bytes);
		for (unsigned part = 0; part < RESIDENT_PARTS; part++)
			json_writer_unsigned(json, NULL, one->parts[part]);
		json_writer_end_array(json);
	}
	json_writer_end_array(json);
}

static void
write_moments(struct json_writer *json, const struct view_page_side *side)
{
	const struct profile *profile = side->profile;

	json_writer_begin_array(json, "moments");
	for (size_t i = 0; i < side->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[side->moments[i]];
		const struct profile_at at = {.moment = moment};
		char *name = view_moment_describe(profile, &at);

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", side->moments[i] + 1);
		json_writer_string(json, "name", name);
		json_writer_seconds(json, "seconds", moment->time_ns);
		json_writer_signed(json, "live", moment->sum.live_bytes);
		json_writer_end_object(json);
		free(name);
	}
	json_writer_end_array(json);
	json_writer_begin_array(json, "marks");
	for (uint32_t i = 0; i < profile->mark_count && i < POINTS_MOST; i++) {
		const struct profile_mark *mark = &profile->marks[i];
		char *label = term_escape(mark->label);

		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, mark->time_ns);
		json_writer_string(json, NULL, *label ? label : profile_mark_name(mark->kind));
		json_writer_end_array(json);
		free(label);
	}
	json_writer_end_array(json);
}

static void
write_escaped(struct json_writer *json, const char *key, const char *text)
{
	char *safe = term_escape(text);

	json_writer_string(json, key, safe);
	free(safe);
}

static char *
get_quality(const struct view_page_side *side, const struct group_options *shown,
	    struct place_table *table)
{
	const struct profile *profile = side->profile;
	const struct profile_at end = {.moment = &profile->moments[profile->moment_count - 1]};
	struct group_options options = *shown;
	struct term term = {0};
	struct group_set set;
	char *text = NULL;
	size_t length;

	options.by = GROUP_BY_LINE;
	options.cumulative = false;
	group_profile(profile, &end, &options, table, NULL, &set);
	term.stream = open_memstream(&text, &length);
	if (term.stream != NULL) {
		view_quality_line(&term, "", profile, &set);
		fclose(term.stream);
	}
	group_set_release(&set);
	return text;
}

static void
write_totals(struct json_writer *json, const struct profile *profile,
	     const struct profile_values *lost)
{
	const struct profile_values *sum = &profile->moments[profile->moment_count - 1].sum;
	struct not_freed rest;

	not_freed_get(profile, &(struct selection){.system_rules = true}, &rest);
	json_writer_signed(json, "peak", sum->peak_bytes);
	json_writer_signed(json, "live", sum->live_bytes);
	json_writer_signed(json, "liveBlocks", sum->live_blocks);
	json_writer_signed(json, "kept", rest.kept.live_bytes);
	json_writer_unsigned(json, "total", sum->total_bytes);
	json_writer_unsigned(json, "totalBlocks", sum->total_blocks);
	json_writer_unsigned(json, "temporary", sum->temporary_blocks);
	json_writer_unsigned(json, "resident", profile_get_resident_peak(profile));
	if (lost != NULL) {
		json_writer_signed(json, "lost", lost->lost_bytes);
		json_writer_signed(json, "lostBlocks", lost->lost_blocks);
	}
	not_freed_release(&rest);
}

void
view_page_side(struct json_writer *json, const struct view_page_side *side,
	       const struct group_options *options, struct place_table *table)
{
	const struct profile *profile = side->profile;
	char *moment = view_moment_describe(profile, side->at);
	char *quality = get_quality(side, options, table);

	json_writer_begin_object(json, NULL);
	write_escaped(json, "operand", side->operand);
	write_escaped(json, "command", profile->command);
	write_escaped(json, "executable", profile->executable);
	json_writer_unsigned(json, "pid", profile->pid);
	json_writer_string(json, "state", profile_state_name(profile->state));
	json_writer_seconds(json, "seconds", profile->duration_ns);
	json_writer_seconds(json, "started", profile->start_realtime_ns);
	json_writer_unsigned(json, "threads", profile->threads);
	json_writer_string(json, "at", moment);
	json_writer_unsigned(json, "atNumber", (uint64_t)(side->at->moment - profile->moments) + 1);
	json_writer_bool(json, "atPeak", side->at->peak);
	write_totals(json, profile, side->lost);
	write_curve(json, profile);
	write_residents(json, profile);
	write_moments(json, side);
	json_writer_string(json, "quality", quality != NULL ? quality : "");
	view_quality_troubles_json(json, profile);
	json_writer_end_object(json);
	free(quality);
	free(moment);
}
