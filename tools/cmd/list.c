/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/list.c - heaptally list: the recordings of this user, and what became of their processes
 */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "read/locate.h"
#include "model/profile.h"
#include "util/clock.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"

enum {
	OPTION_FORMAT = 256
};

static const struct argp_option option_table[] = {
	{"format", OPTION_FORMAT, "text|json", 0, "how to print", 0},
	{0},
};

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	bool *json = state->input;

	if (key != OPTION_FORMAT)
		return ARGP_ERR_UNKNOWN;
	*json = strcmp(argument, "json") == 0;
	if (!*json && strcmp(argument, "text") != 0)
		argp_error(state, "--format %s: neither text nor json", argument);
	return 0;
}

static uint64_t
get_age_ns(const struct snapshot_identity *identity)
{
	uint64_t now_ns = clock_get_ns(CLOCK_REALTIME);

	return now_ns > identity->start_realtime_ns ? now_ns - identity->start_realtime_ns : 0;
}

static void
print_text(const struct recording_list *list)
{
	if (list->count == 0) {
		printf("no recordings\n");
		return;
	}
	printf("%8s  %-8s %10s %10s %14s  %-15s  %s\n", "pid", "state", "live", "peak", "started",
	       "command", "recording");
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot_identity *identity = &list->files[i].identity;
		char live[HUMAN_BYTES], peak[HUMAN_BYTES], age[HUMAN_BYTES];
		char *command = term_escape(identity->command);
		char *path = term_escape(list->files[i].path);

		human_duration(get_age_ns(identity), age);
		printf("%8u  %-8s %10s %10s %12s ago  %-15s  %s\n", identity->pid,
		       profile_state_name(identity->state),
		       identity->readable ? human_size(identity->live_bytes, live) : "?",
		       identity->readable ? human_size(identity->peak_bytes, peak) : "?", age,
		       command, path);
		free(command);
		free(path);
	}
}

/* Of a recording of another version these are not known. */
static void
print_json_sizes(struct json_writer *json, const struct snapshot_identity *identity)
{
	if (identity->readable) {
		json_writer_signed(json, "live_bytes", identity->live_bytes);
		json_writer_signed(json, "peak_bytes", identity->peak_bytes);
		json_writer_seconds(json, "duration_s", identity->duration_ns);
	} else {
		json_writer_null(json, "live_bytes");
		json_writer_null(json, "peak_bytes");
		json_writer_null(json, "duration_s");
	}
}

static void
print_json(const struct recording_list *list)
{
	struct json_writer json;

	json_writer_init(&json, stdout);
	json_writer_begin_object(&json, NULL);
	json_writer_unsigned(&json, "schema", 1);
	json_writer_begin_array(&json, "recordings");
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot_identity *identity = &list->files[i].identity;

		json_writer_begin_object(&json, NULL);
		json_writer_unsigned(&json, "pid", identity->pid);
		json_writer_unsigned(&json, "parent_pid", identity->parent_pid);
		json_writer_string(&json, "command", identity->command);
		json_writer_string(&json, "state", profile_state_name(identity->state));
		json_writer_unsigned(&json, "layout", identity->layout);
		json_writer_seconds(&json, "age_s", get_age_ns(identity));
		print_json_sizes(&json, identity);
		json_writer_string(&json, "path", list->files[i].path);
		json_writer_end_object(&json);
	}
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}

int
cmd_list(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "List the recordings of this user: of processes that run, and those that "
		       "were left by processes that were killed or started without \"heaptally "
		       "run\".\v"
		       "Examples:\n"
		       "  heaptally list\n"
		       "  heaptally list --format json | jq '.recordings[].path'\n",
	};
	struct recording_list list;
	bool json = false;

	argp_err_exit_status = COMMAND_TROUBLE;
	argp_parse(&argp, argc, argv, 0, NULL, &json);
	locate_all(&list);
	if (json)
		print_json(&list);
	else
		print_text(&list);
	recording_list_release(&list);
	cmd_report_finish();
	return COMMAND_OK;
}
