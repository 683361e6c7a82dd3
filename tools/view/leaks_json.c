/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/leaks_json.c - what is lost, and what is held by whom, as JSON
 */
#include "config.h"

#include "view/leaks.h"

#include <stdlib.h>

#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/graph_quality.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/place_json.h"
#include "view/quality.h"

static const char *const reason_keys[REACH_REASONS] = {"interior_blocks", "dead_stack_blocks",
						       "not_inherited_blocks", "one_look_blocks",
						       "changed_blocks"};

static void
write_kind(struct json_writer *json, const struct leak_values *values, enum reach_kind kind)
{
	json_writer_begin_object(json, reach_kind_names[kind]);
	json_writer_unsigned(json, "blocks", values->blocks[kind]);
	json_writer_unsigned(json, "bytes", values->bytes[kind]);
	if (kind == REACH_POSSIBLE) {
		json_writer_begin_object(json, "reasons");
		for (int i = 0; i < REACH_REASONS; i++)
			json_writer_unsigned(json, reason_keys[i], values->reasons[i]);
		json_writer_end_object(json);
	}
	json_writer_end_object(json);
}

static void
write_values(struct json_writer *json, const struct leak_values *values)
{
	for (int kind = 0; kind < REACH_KINDS; kind++)
		write_kind(json, values, (enum reach_kind)kind);
	json_writer_unsigned(json, "cycle_count", values->rings);
	json_writer_unsigned(json, "cycle_blocks", values->ring_blocks);
	json_writer_unsigned(json, "hanging_blocks", values->hung_blocks);
	json_writer_unsigned(json, "hanging_bytes", values->hung_bytes);
}

static void
write_object(struct json_writer *json, const char *key, const struct leak_values *values)
{
	json_writer_begin_object(json, key);
	write_values(json, values);
	json_writer_end_object(json);
}

static void
write_growth(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	const struct owner_growth_row *growth = view_leaks_find_growth(view, row);

	if (growth == NULL) {
		json_writer_null(json, "growth");
		return;
	}
	json_writer_begin_object(json, "growth");
	json_writer_unsigned(json, "blocks", growth->blocks);
	json_writer_unsigned(json, "bytes", growth->bytes);
	json_writer_unsigned(json, "hanging_blocks", growth->hung_blocks);
	json_writer_unsigned(json, "hanging_bytes", growth->hung_bytes);
	json_writer_unsigned(json, "holder_count", growth->holders);
	view_graph_path_json(json, &view->names, "path", growth->example);
	json_writer_begin_array(json, "parts");
	for (uint32_t i = 0; i < growth->part_count; i++) {
		const struct owner_growth_part *part = &view->growth->parts[growth->part + i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "blocks", part->blocks);
		json_writer_unsigned(json, "bytes", part->bytes);
		view_graph_frames_json(json, &view->names, part->group);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	json_writer_end_object(json);
}

static void
write_looks(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	json_writer_begin_array(json, "looks_like");
	for (uint32_t i = 0; i < row->look_count; i++) {
		const struct leak_row_look *look = &view->report->looks[row->look + i];
		char *name = xasprintf("%s%s", look->name, view_leaks_get_look_end(look));

		json_writer_begin_object(json, NULL);
		json_writer_string(json, "name", name);
		json_writer_unsigned(json, "blocks", look->blocks);
		json_writer_unsigned(json, "lost_blocks", look->lost);
		json_writer_end_object(json);
		free(name);
	}
	json_writer_end_array(json);
}

static void
write_row(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	const struct leak_report *report = view->report;

	json_writer_begin_object(json, NULL);
	json_writer_string(json, "verdict", leak_verdict_names[row->verdict]);
	json_writer_bool(json, "system", row->is_system);
	write_values(json, &row->values);
	view_place_json(json, view->attribution->table, row->stack, view->options->by);
	write_looks(json, view, row);
	json_writer_begin_array(json, "parts");
	for (uint32_t i = 0; i < row->part_count; i++) {
		const struct leak_row_part *part = &report->parts[row->part + i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", part->other);
		json_writer_bool(json, "in_cycle", part->in_ring);
		json_writer_unsigned(json, "blocks", part->blocks);
		json_writer_unsigned(json, "bytes", part->bytes);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	view_json_optional(json, "came_blocks", view->profile->leaks.changes != NULL,
			   row->change.came);
	view_json_optional(json, "gone_blocks", view->profile->leaks.changes != NULL,
			   row->change.went);
	write_growth(json, view, row);
	json_writer_end_object(json);
}

static void
write_quality(struct json_writer *json, const struct profile *profile)
{
	const struct leak_set *leaks = &profile->leaks;

	json_writer_begin_object(json, "quality");
	json_writer_bool(json, "sure", leak_set_is_sure(leaks));
	json_writer_unsigned(json, "scan_count", leaks->looks);
	if (profile->process_count != 0)
		json_writer_unsigned(json, "unseen_process_count",
				     view_leaks_count_unseen(profile));
	json_writer_seconds(json, "apart_seconds", leaks->apart_ns);
	view_graph_quality_json(json, &leaks->quality);
	json_writer_end_object(json);
}

void
view_leaks_json(const struct term *term, const struct view_leaks *view)
{
	const struct leak_report *report = view->report;
	struct json_writer json;

	view_json_begin(&json, term->stream, "leaks");
	view_moment_json(&json, "process", view->profile, &view->at);
	if (view->before != NULL)
		view_moment_json(&json, "before", view->before, &view->before_at);
	else
		json_writer_null(&json, "before");
	json_writer_string(&json, "by", group_by_names[view->options->by]);
	write_object(&json, "summary", &report->sum);
	write_object(&json, "system", &report->system);
	write_object(&json, "suppressed", &report->suppressed);
	write_object(&json, "forgotten", &view->profile->leaks.forgotten);
	write_quality(&json, view->profile);
	view_quality_troubles_json(&json, view->profile);
	json_writer_begin_array(&json, "sites");
	for (size_t i = 0; i < report->row_count; i++)
		write_row(&json, view, &report->rows[i]);
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
