/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/diff_json.c - what changed, as JSON
 */
#include "config.h"

#include "view/diff.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/json_writer.h"
#include "util/term.h"
#include "view/filters.h"
#include "view/json.h"
#include "view/kept.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/place_json.h"
#include "view/quality.h"
#include "view/suppressed.h"

static void
write_values(struct json_writer *json, const struct view_diff *view,
	     const struct profile_values *new, const struct profile_values *old)
{
	char name[64];

	for (size_t i = 0; i < column_count; i++)
		if (view_diff_is_known(view, &columns[i]))
			json_writer_signed(json, columns[i].name, column_get(&columns[i], new));
	for (size_t i = 0; i < column_count; i++) {
		if (!view_diff_is_known(view, &columns[i]))
			continue;
		snprintf(name, sizeof(name), "%s_diff", columns[i].name);
		json_writer_signed(json, name, view_diff_get_change(&columns[i], new, old));
	}
}

static void
write_row(struct json_writer *json, const struct view_diff *view, const struct diff_row *row)
{
	json_writer_begin_object(json, NULL);
	write_values(json, view, &row->new, &row->old);
	view_json_key(json, view_place_get(view->table, row->stack));
	if (row->moved_from)
		json_writer_unsigned(json, "old_line", row->moved_from);
	else
		json_writer_null(json, "old_line");
	view_place_json(json, view->table, row->stack, view->options->by);
	json_writer_end_object(json);
}

static void
write_budgets(struct json_writer *json, const struct view_diff *view)
{
	json_writer_begin_array(json, "budgets");
	for (size_t i = 0; i < view->budget_count; i++) {
		const struct budget *budget = &view->budgets[i];
		const struct column *column =
			budget->column != NULL ? budget->column : view->column;
		bool is_bytes = column->unit == COLUMN_BYTES;

		json_writer_begin_object(json, NULL);
		json_writer_string(json, "name", budget->name);
		json_writer_string(json, "limit", budget->limit_text);
		json_writer_signed(json, is_bytes ? "old_bytes" : "old_blocks", budget->old);
		json_writer_signed(json, is_bytes ? "new_bytes" : "new_blocks", budget->new);
		json_writer_bool(json, "is_broken", budget->is_broken);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_hints(struct json_writer *json, const struct view_diff *view)
{
	json_writer_begin_array(json, "hints");
	if (view->options->selection.filters.count != 0 && view->diff->old_set.count == 0 &&
	    view->diff->new_set.count == 0)
		view_filters_nothing_json(json, &view->options->selection.filters, view->table);
	json_writer_end_array(json);
}

static void
write_mapped(struct json_writer *json, const struct view_diff *view)
{
	static const char *const sides[] = {"old", "new"};

	if (view->mapped[0] == NULL || view->mapped[1] == NULL)
		return;
	json_writer_begin_object(json, "mapped_by_program");
	json_writer_string(json, "domain", PROFILE_DOMAIN_MMAP);
	for (size_t i = 0; i < 2; i++) {
		json_writer_begin_object(json, sides[i]);
		json_writer_seconds(json, "time_seconds", view->mapped[i]->time_ns);
		json_writer_unsigned(json, "resident_bytes", view->mapped[i]->resident_bytes);
		json_writer_unsigned(json, "mapped_bytes", view->mapped[i]->mapped_bytes);
		json_writer_unsigned(json, "range_count", view->mapped[i]->range_count);
		json_writer_end_object(json);
	}
	json_writer_end_object(json);
}

void
view_diff_json(const struct term *term, const struct view_diff *view)
{
	struct json_writer json;
	size_t rows = view_diff_get_row_count(view);

	view_json_begin(&json, term->stream, "diff");
	view_moment_json(&json, "old", view->old->profile, &view->old->at);
	view_moment_json(&json, "new", view->new->profile, &view->new->at);
	json_writer_string(&json, "by", group_get_name(view->options));
	json_writer_string(&json, "sort", view->column->name);
	json_writer_bool(&json, "cumulative", view->options->cumulative);
	json_writer_begin_object(&json, "totals");
	write_values(&json, view, &view->diff->new, &view->diff->old);
	json_writer_unsigned(&json, "group_count", view->diff->count);
	json_writer_end_object(&json);
	view_suppressed_json(&json, &view->options->selection.suppressions, &view->diff->new_set);
	view_kept_json(&json, "old_system", view->old->profile, &view->old->at);
	view_kept_json(&json, "system", view->new->profile, &view->new->at);
	write_mapped(&json, view);
	write_budgets(&json, view);
	view_quality_json(&json, "old_quality", view->old->profile, &view->diff->old_set);
	view_quality_json(&json, "quality", view->new->profile, &view->diff->new_set);
	write_hints(&json, view);
	json_writer_begin_array(&json, "groups");
	for (size_t i = 0; i < rows; i++)
		write_row(&json, view, &view->diff->rows[i]);
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
