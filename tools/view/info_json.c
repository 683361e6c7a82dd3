/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/info_json.c - the totals of a recording, as JSON
 */
#include "config.h"

#include "view/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "model/profile.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/json.h"
#include "view/kept.h"
#include "view/marks.h"
#include "view/quality.h"
#include "view/resident.h"

static void
write_values(struct json_writer *json, const struct profile_values *values)
{
	json_writer_unsigned(json, "total_blocks", values->total_blocks);
	json_writer_unsigned(json, "total_bytes", values->total_bytes);
	json_writer_unsigned(json, "freed_blocks", values->freed_blocks);
	json_writer_unsigned(json, "freed_bytes", values->freed_bytes);
	json_writer_signed(json, "live_blocks", values->live_blocks);
	json_writer_signed(json, "live_bytes", values->live_bytes);
	json_writer_signed(json, "usable_bytes", view_info_get_usable(values));
	json_writer_signed(json, "peak_blocks", values->peak_blocks);
	json_writer_signed(json, "peak_bytes", values->peak_bytes);
	json_writer_unsigned(json, "temporary_blocks", values->temporary_blocks);
}

static void
write_end(struct json_writer *json, bool known, int status)
{
	if (known && WIFSIGNALED(status))
		json_writer_signed(json, "signal", WTERMSIG(status));
	else
		json_writer_null(json, "signal");
	if (known && WIFEXITED(status))
		json_writer_signed(json, "exit_status", WEXITSTATUS(status));
	else
		json_writer_null(json, "exit_status");
}

static void
write_python(struct json_writer *json, const struct profile *profile)
{
	static const char *const states[PROFILE_PYTHONS] = {
		[PROFILE_PYTHON_NONE] = "none",       [PROFILE_PYTHON_ON] = "on",
		[PROFILE_PYTHON_FRAMES] = "frames",   [PROFILE_PYTHON_OFF] = "off",
		[PROFILE_PYTHON_OBJECTS] = "objects",
	};
	uint32_t version = profile->python_version;
	char text[16];

	json_writer_string(json, "python", states[profile->python]);
	snprintf(text, sizeof(text), "%u.%u.%u", version >> 24, version >> 16 & 0xff,
		 version >> 8 & 0xff);
	if (version != 0)
		json_writer_string(json, "python_version", text);
	else
		json_writer_null(json, "python_version");
}

static void
write_seconds(struct json_writer *json, const char *key, bool known, uint64_t time_ns)
{
	if (known)
		json_writer_seconds(json, key, time_ns);
	else
		json_writer_null(json, key);
}

static void
write_identity(struct json_writer *json, const struct profile *profile)
{
	bool is_sum = profile->process_count != 0;

	view_json_optional(json, "pid", !is_sum, profile->pid);
	view_json_optional(json, "parent_pid", !is_sum, profile->parent_pid);
	if (is_sum)
		json_writer_unsigned(json, "process_count", profile->process_count);
	json_writer_string(json, "command", profile->command);
	json_writer_string(json, "executable", profile->executable);
	json_writer_string(json, "command_line", profile->arguments);
	json_writer_string(json, "allocator", profile->allocator);
	json_writer_string(json, "runtime_version", profile->version);
	write_python(json, profile);
	json_writer_string(json, "state", profile_state_name(profile->state));
	write_end(json, profile->has_wait_status, profile->wait_status);
	json_writer_seconds(json, "start_seconds", profile->start_realtime_ns);
	write_seconds(json, "duration_seconds", !is_sum, profile->duration_ns);
}

/* Where far more was resident than lived, what it was. */
static void
write_hints(struct json_writer *json, const struct profile *profile)
{
	char *sentence = view_resident_explain(profile);

	json_writer_begin_array(json, "hints");
	if (sentence != NULL)
		json_writer_string(json, NULL, sentence);
	json_writer_end_array(json);
	free(sentence);
}

static void
write_quality(struct json_writer *json, const struct profile *profile)
{
	uint64_t resident = profile_get_resident_peak(profile);

	json_writer_unsigned(json, "realloc_count", profile->reallocs);
	json_writer_unsigned(json, "failed_allocations", profile->failed_allocations);
	json_writer_unsigned(json, "unknown_frees", profile->unknown_frees);
	json_writer_unsigned(json, "nested_events", profile->nested_events);
	json_writer_unsigned(json, "dropped_events", profile->dropped_events);
	json_writer_unsigned(json, "cut_stacks", profile->cut_stacks);
	json_writer_unsigned(json, "frames_limit", profile->frames_limit);
	json_writer_string(json, "realloc", profile->realloc_origin ? "origin" : "last");
	json_writer_unsigned(json, "thread_count", profile->threads);
	json_writer_signed(json, "peak_error_bytes", profile->peak_error_bytes);
	json_writer_unsigned(json, "tracer_bytes", profile->tracer_bytes);
	json_writer_seconds(json, "tracer_cpu_seconds", profile->tracer_cpu_ns);
	json_writer_unsigned(json, "crosscheck_count", profile->crosschecks);
	json_writer_unsigned(json, "crosscheck_differences", profile->crosscheck_differences);
	json_writer_unsigned(json, "full_walks", profile->full_walks);
	json_writer_unsigned(json, "rule_count", profile->rules);
	view_quality_gaps_json(json, profile);
	view_json_optional(json, "resident_peak_bytes", resident > 0, resident);
	view_quality_troubles_json(json, profile);
	write_hints(json, profile);
}

static void
write_moments(struct json_writer *json, const struct profile *profile)
{
	json_writer_begin_array(json, "moments");
	for (uint32_t i = 0; i < profile->moment_count && profile->process_count == 0; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", i + 1);
		json_writer_seconds(json, "time_seconds", moment->time_ns);
		json_writer_string(json, "label", moment->label);
		json_writer_signed(json, "live_bytes", moment->sum.live_bytes);
		json_writer_signed(json, "live_blocks", moment->sum.live_blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_processes(struct json_writer *json, const struct process_list *list)
{
	json_writer_begin_array(json, "processes");
	array_each (&list->all, process) {
		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "pid", process->pid);
		json_writer_unsigned(json, "parent_pid", process->parent_pid);
		json_writer_string(json, "command", process->command);
		json_writer_string(json, "executable", process->executable);
		json_writer_string(json, "command_line", process->arguments);
		json_writer_string(json, "state", profile_state_name(process->state));
		write_end(json, process->has_wait_status, process->wait_status);
		write_values(json, &process->sum);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	json_writer_begin_array(json, "unrecorded");
	array_each (&list->unseen, unseen) {
		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "pid", unseen->pid);
		json_writer_unsigned(json, "process_count", unseen->count);
		json_writer_string(json, "command", unseen->command);
		json_writer_string(json, "executable", unseen->executable);
		json_writer_string(json, "reason", unseen->why);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

void
view_info_json(const struct term *term, const struct view_info *view)
{
	const struct profile_moment *moment = view->at.moment;
	struct json_writer json;

	view_json_begin(&json, term->stream, "info");
	write_identity(&json, view->profile);
	write_values(&json, &moment->sum);
	view_kept_json(&json, "system", view->profile, &view->at);
	json_writer_unsigned(&json, "distinct_stacks", view_info_count_stacks(moment));
	write_seconds(&json, "peak_time_seconds", view->profile->process_count == 0,
		      moment->peak_time_ns);
	write_quality(&json, view->profile);
	write_moments(&json, view->profile);
	view_marks_json(&json, view->profile, 0, UINT64_MAX);
	write_processes(&json, view->processes);
	json_writer_end_object(&json);
}
