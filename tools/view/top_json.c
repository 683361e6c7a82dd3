/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_json.c - which lines hold the memory, as JSON
 */
#include "config.h"

#include "view/top.h"

#include "model/block.h"
#include "model/tree.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/filters.h"
#include "view/json.h"
#include "view/kept.h"
#include "view/lifetimes.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/place_json.h"
#include "view/quality.h"
#include "view/suppressed.h"

/* What is known of a group, or of all. */
static void
write_values(struct json_writer *json, const struct view_top *view, const struct group *group)
{
	const struct profile_values *values = group ? &group->values : &view->set->sum;
	struct block_histogram lifetimes = view->set->all_lifetimes;

	for (size_t i = 0; i < column_count; i++)
		if (view_top_is_known(view, &columns[i]))
			json_writer_signed(json, columns[i].name, column_get(&columns[i], values));
	if (view->options->ages)
		view_lifetimes_ages_json(json, group ? &view->set->ages[group->ages]
						     : &view->set->all_ages);
	if (!view_top_shows_lifetimes(view))
		return;
	if (group)
		group_get_lifetimes(view->set, group, view->profile, &lifetimes);
	view_lifetimes_json(json, &lifetimes);
}

static void
write_group(struct json_writer *json, const struct view_top *view, const struct group *group)
{
	json_writer_begin_object(json, NULL);
	write_values(json, view, group);
	if (view->change != NULL && view->change->seconds > 0)
		json_writer_signed(json, "live_bytes_per_second",
				   view_top_get_rate(view, group->values.live_bytes,
						     view_top_get_before(view, group)));
	view_json_key(json, view_place_get(view->table, group->stack));
	view_place_json(json, view->table, group->stack, view->options->by);
	json_writer_end_object(json);
}

static void
write_hints(struct json_writer *json, const struct view_top *view)
{
	json_writer_begin_array(json, "hints");
	if (view->set->count == 0 && view->options->selection.filters.count != 0)
		view_filters_nothing_json(json, &view->options->selection.filters, view->table);
	view_quality_hints_json(json, view->profile, view->options, view->table, view->set);
	json_writer_end_array(json);
}

static void
write_mapped(struct json_writer *json, const struct view_top *view)
{
	if (view->mapped == NULL)
		return;
	json_writer_begin_object(json, "mapped_by_program");
	json_writer_string(json, "domain", PROFILE_DOMAIN_MMAP);
	json_writer_seconds(json, "time_seconds", view->mapped->time_ns);
	json_writer_unsigned(json, "resident_bytes", view->mapped->resident_bytes);
	json_writer_unsigned(json, "mapped_bytes", view->mapped->mapped_bytes);
	json_writer_unsigned(json, "range_count", view->mapped->range_count);
	json_writer_end_object(json);
}

void
view_top_json(const struct term *term, const struct view_top *view)
{
	size_t rows = view_top_get_row_count(view);
	struct json_writer json;

	view_json_begin(&json, term->stream, "top");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_string(&json, "by", view_top_get_by(view));
	json_writer_string(&json, "sort", view->column->name);
	json_writer_bool(&json, "cumulative", view->options->cumulative);
	json_writer_begin_object(&json, "totals");
	write_values(&json, view, NULL);
	json_writer_unsigned(&json, "group_count",
			     view->tree != NULL ? view->tree->count : view->set->count);
	json_writer_end_object(&json);
	view_suppressed_json(&json, &view->options->selection.suppressions, view->set);
	view_kept_json(&json, "system", view->profile, &view->at);
	write_mapped(&json, view);
	view_quality_json(&json, "quality", view->profile, view->set);
	write_hints(&json, view);
	if (view->tree != NULL) {
		view_top_tree_json(&json, view);
	} else {
		json_writer_begin_array(&json, "groups");
		for (size_t i = 0; i < rows; i++)
			write_group(&json, view, &view->set->groups[i]);
		json_writer_end_array(&json);
	}
	json_writer_end_object(&json);
}
