/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/list.c - the recordings of a user, as text or JSON
 */
#include "config.h"

#include "view/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/json.h"
#include "view/place_fit.h"

enum {
	NUMBERS_COLUMNS = 86, /* of a row, before the path */
	PATH_LEAST = 44,
	PATH_INDENT = 8,
};

/* Beside the numbers, or on a line of its own. */
static unsigned
get_room(const struct term *term)
{
	if (term->width >= NUMBERS_COLUMNS + PATH_LEAST)
		return term->width - NUMBERS_COLUMNS;
	return term->width > PATH_LEAST ? term->width - PATH_INDENT : PATH_LEAST;
}

void
view_list_text(const struct term *term, const struct view_list *view)
{
	if (view->count == 0) {
		fputs("no recordings\n", term->stream);
		return;
	}
	fprintf(term->stream, "%8s  %-8s %10s %10s %14s %10s  %-15s  %s\n", "pid", "state", "live",
		"peak", "started", "on disk", "command", "recording");
	for (size_t i = 0; i < view->count; i++) {
		const struct view_list_row *row = &view->rows[i];
		char live[HUMAN_BYTES], peak[HUMAN_BYTES], age[HUMAN_BYTES], disk[HUMAN_BYTES];
		char *command = term_escape(row->command);
		char *path = term_escape(row->path);

		if (term->width > 0)
			view_place_cut_position(path, get_room(term));

		fprintf(term->stream, "%8u  %-8s %10s %10s %10s ago %10s  %-15s  %s\n", row->pid,
			profile_state_name(row->state),
			row->is_readable ? human_size(row->live_bytes, live) : "?",
			row->is_readable ? human_size(row->peak_bytes, peak) : "?",
			human_duration(row->age_ns, age),
			human_size((int64_t)row->disk_bytes, disk), command, path);
		free(command);
		free(path);
	}
}

/* Of a recording of another version these are not known. */
static void
write_sizes(struct json_writer *json, const struct view_list_row *row)
{
	if (row->is_readable) {
		json_writer_signed(json, "live_bytes", row->live_bytes);
		json_writer_signed(json, "peak_bytes", row->peak_bytes);
		json_writer_seconds(json, "duration_seconds", row->duration_ns);
	} else {
		json_writer_null(json, "live_bytes");
		json_writer_null(json, "peak_bytes");
		json_writer_null(json, "duration_seconds");
	}
}

void
view_list_json(const struct term *term, const struct view_list *view)
{
	struct json_writer json;

	view_json_begin(&json, term->stream, "list");
	json_writer_begin_array(&json, "recordings");
	for (size_t i = 0; i < view->count; i++) {
		const struct view_list_row *row = &view->rows[i];

		json_writer_begin_object(&json, NULL);
		json_writer_unsigned(&json, "pid", row->pid);
		json_writer_unsigned(&json, "parent_pid", row->parent_pid);
		json_writer_string(&json, "command", row->command);
		json_writer_string(&json, "state", profile_state_name(row->state));
		json_writer_unsigned(&json, "layout", row->layout);
		json_writer_seconds(&json, "age_seconds", row->age_ns);
		json_writer_unsigned(&json, "disk_bytes", row->disk_bytes);
		write_sizes(&json, row);
		json_writer_string(&json, "path", row->path);
		json_writer_end_object(&json);
	}
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
