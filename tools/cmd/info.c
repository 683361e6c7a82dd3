/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/info.c - heaptally info: the totals and the quality of a recording or a tally
 */
#include "config.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "model/profile.h"
#include "model/trouble.h"
#include "read/source.h"
#include "util/error.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/marks.h"
#include "view/quality.h"

enum {
	OPTION_FORMAT = 256,
	OPTION_PROCESS,
	OPTION_AT,
};

struct arguments {
	bool json;
	struct source_request request;
};

static const struct argp_option option_table[] = {
	{"format", OPTION_FORMAT, "text|json", 0, "how to print", 0},
	{"process", OPTION_PROCESS, "PID|COMMAND", 0,
	 "the process of a run that is meant; that with the largest peak without", 0},
	{"at", OPTION_AT, "MOMENT", 0, "exit, now, 12.5s, snap:N or mark:LABEL", 0},
	{0},
};

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_FORMAT:
		arguments->json = strcmp(argument, "json") == 0;
		if (!arguments->json && strcmp(argument, "text") != 0)
			argp_error(state, "--format %s: neither text nor json", argument);
		return 0;
	case OPTION_PROCESS:
		arguments->request.process = argument;
		return 0;
	case OPTION_AT:
		arguments->request.moment = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->request.operand != NULL)
			argp_error(state, "more than one process or file");
		arguments->request.operand = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Sites with a fixed number exist in every recording; a stack counts once it allocated. */
static uint64_t
count_stacks(const struct profile_moment *moment)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < moment->site_count; i++)
		count += moment->values[i].total_blocks != 0;
	return count;
}

/* What the allocator keeps for the live blocks; hostile numbers wrap around. */
static int64_t
get_usable(const struct profile_values *values)
{
	return (int64_t)((uint64_t)values->live_bytes + (uint64_t)values->rounding_bytes);
}

/* --- JSON --- */

static void
write_values(struct json_writer *json, const struct profile_values *values)
{
	json_writer_unsigned(json, "total_blocks", values->total_blocks);
	json_writer_unsigned(json, "total_bytes", values->total_bytes);
	json_writer_unsigned(json, "freed_blocks", values->freed_blocks);
	json_writer_unsigned(json, "freed_bytes", values->freed_bytes);
	json_writer_signed(json, "live_blocks", values->live_blocks);
	json_writer_signed(json, "live_bytes", values->live_bytes);
	json_writer_signed(json, "usable_bytes", get_usable(values));
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
write_identity(struct json_writer *json, const struct profile *profile)
{
	json_writer_unsigned(json, "schema", 1);
	json_writer_unsigned(json, "pid", profile->pid);
	json_writer_unsigned(json, "parent_pid", profile->parent_pid);
	json_writer_string(json, "command", profile->command);
	json_writer_string(json, "executable", profile->executable);
	json_writer_string(json, "allocator", profile->allocator);
	json_writer_string(json, "version", profile->version);
	json_writer_string(json, "state", profile_state_name(profile->state));
	write_end(json, profile->has_wait_status, profile->wait_status);
	json_writer_seconds(json, "start_s", profile->start_realtime_ns);
	json_writer_seconds(json, "duration_s", profile->duration_ns);
}

static void
write_quality(struct json_writer *json, const struct profile *profile)
{
	const char *sentence;

	json_writer_unsigned(json, "reallocs", profile->reallocs);
	json_writer_unsigned(json, "failed_allocations", profile->failed_allocations);
	json_writer_unsigned(json, "unknown_frees", profile->unknown_frees);
	json_writer_unsigned(json, "nested_events", profile->nested_events);
	json_writer_unsigned(json, "dropped_events", profile->dropped_events);
	json_writer_unsigned(json, "cut_stacks", profile->cut_stacks);
	json_writer_unsigned(json, "frames_limit", profile->frames_limit);
	json_writer_string(json, "realloc", profile->realloc_origin ? "origin" : "last");
	json_writer_unsigned(json, "threads", profile->threads);
	json_writer_signed(json, "peak_error_bytes", profile->peak_error_bytes);
	json_writer_unsigned(json, "tracer_bytes", profile->tracer_bytes);
	json_writer_seconds(json, "tracer_cpu_s", profile->tracer_cpu_ns);
	json_writer_unsigned(json, "crosschecks", profile->crosschecks);
	json_writer_unsigned(json, "crosscheck_differences", profile->crosscheck_differences);
	json_writer_unsigned(json, "full_walks", profile->full_walks);
	json_writer_unsigned(json, "rules", profile->rules);
	view_quality_gaps_json(json, profile, "_s");
	json_writer_begin_array(json, "trouble");
	for (unsigned i = 0; (sentence = trouble_get_sentence(profile->trouble, i)) != NULL; i++)
		json_writer_string(json, NULL, sentence);
	json_writer_end_array(json);
}

static void
write_moments(struct json_writer *json, const struct profile *profile)
{
	json_writer_begin_array(json, "moments");
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		json_writer_begin_object(json, NULL);
		json_writer_seconds(json, "time_s", moment->time_ns);
		json_writer_string(json, "label", moment->label);
		json_writer_signed(json, "live_bytes", moment->sum.live_bytes);
		json_writer_signed(json, "live_blocks", moment->sum.live_blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_processes(struct json_writer *json, const struct source *source)
{
	json_writer_begin_array(json, "processes");
	for (size_t i = 0; i < source->process_count; i++) {
		const struct source_process *process = &source->processes[i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "pid", process->pid);
		json_writer_unsigned(json, "parent_pid", process->parent_pid);
		json_writer_string(json, "command", process->command);
		json_writer_string(json, "state", profile_state_name(process->state));
		write_end(json, process->has_wait_status, process->wait_status);
		write_values(json, &process->sum);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
print_json(const struct source *source)
{
	const struct profile_moment *moment = source->at.moment;
	struct json_writer json;

	json_writer_init(&json, stdout);
	json_writer_begin_object(&json, NULL);
	write_identity(&json, source->profile);
	write_values(&json, &moment->sum);
	json_writer_unsigned(&json, "distinct_stacks", count_stacks(moment));
	json_writer_seconds(&json, "peak_time_s", moment->peak_time_ns);
	write_quality(&json, source->profile);
	write_moments(&json, source->profile);
	view_marks_json(&json, source->profile, "time_s", 0, UINT64_MAX);
	write_processes(&json, source);
	json_writer_end_object(&json);
}

/* --- text --- */

static void
print_text_field(const char *name, const char *value)
{
	char *safe = term_escape(value);

	printf("  %-11s %s\n", name, safe);
	free(safe);
}

static void
print_text_identity(const struct source *source)
{
	const struct profile *profile = source->profile;
	char *command = term_escape(profile->command), *name = term_escape(source->name);
	char duration[HUMAN_BYTES], started[64] = "";
	time_t start = (time_t)(profile->start_realtime_ns / 1000000000u);
	struct tm local;

	if (localtime_r(&start, &local) != NULL)
		strftime(started, sizeof(started), "%Y-%m-%d %H:%M:%S", &local);
	printf("%s: %s %u, %s", name, command, profile->pid, profile_state_name(profile->state));
	if (profile->has_wait_status && WIFSIGNALED(profile->wait_status))
		printf(", killed by signal %d", WTERMSIG(profile->wait_status));
	else if (profile->has_wait_status)
		printf(", status %d", WEXITSTATUS(profile->wait_status));
	printf("\n\n");
	print_text_field("executable", profile->executable);
	print_text_field("allocator", profile->allocator);
	printf("  %-11s %s, for %s\n", "started", started,
	       human_duration(profile->duration_ns, duration));
	free(command);
	free(name);
}

static const char *
plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void
print_text_values(const struct profile_moment *moment)
{
	const struct profile_values *sum = &moment->sum;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES], time[HUMAN_BYTES];

	printf("  %-11s %s in %s block%s, at %s\n", "peak", human_size(sum->peak_bytes, bytes),
	       human_count((uint64_t)sum->peak_blocks, blocks), plural((uint64_t)sum->peak_blocks),
	       human_duration(moment->peak_time_ns, time));
	printf("  %-11s %s in %s block%s, ", "live", human_size(sum->live_bytes, bytes),
	       human_count((uint64_t)sum->live_blocks, blocks), plural((uint64_t)sum->live_blocks));
	printf("%s usable\n", human_size(get_usable(sum), bytes));
	printf("  %-11s %s in %s block%s, ", "allocated",
	       human_size((int64_t)sum->total_bytes, bytes), human_count(sum->total_blocks, blocks),
	       plural(sum->total_blocks));
	printf("%s of them temporary\n", human_count(sum->temporary_blocks, blocks));
	printf("  %-11s %s block%s\n", "freed", human_count(sum->freed_blocks, blocks),
	       plural(sum->freed_blocks));
}

static void
print_text_quality(const struct source *source)
{
	const struct profile *profile = source->profile;
	char number[HUMAN_BYTES], other[HUMAN_BYTES];
	const char *sentence;

	printf("  %-11s %s, ", "reallocs", human_count(profile->reallocs, number));
	printf("%s failed allocation%s, ", human_count(profile->failed_allocations, number),
	       plural(profile->failed_allocations));
	printf("%s free%s of unknown blocks\n", human_count(profile->unknown_frees, number),
	       plural(profile->unknown_frees));
	printf("  %-11s %s distinct, ", "stacks",
	       human_count(count_stacks(source->at.moment), number));
	printf("%s events with a cut one\n", human_count(profile->cut_stacks, number));
	printf("  %-11s %s events lost, %s nested", "quality",
	       human_count(profile->dropped_events, number),
	       human_count(profile->nested_events, other));
	if (profile->peak_error_bytes != 0)
		printf(", peak exact to %s", human_size(profile->peak_error_bytes, number));
	view_quality_gaps(stdout, profile);
	printf("\n  %-11s %s of memory\n", "heaptally",
	       human_size((int64_t)profile->tracer_bytes, number));
	if (profile->crosschecks != 0)
		printf("  %-11s %s stacks compared, %s differ\n", "crosscheck",
		       human_count(profile->crosschecks, number),
		       human_count(profile->crosscheck_differences, other));
	for (unsigned i = 0; (sentence = trouble_get_sentence(profile->trouble, i)) != NULL; i++)
		print_text_field("trouble", sentence);
}

static void
print_text_processes(const struct source *source)
{
	if (source->process_count < 2)
		return;
	printf("\n  %zu processes\n  %8s  %-8s %10s %10s %14s  %s\n", source->process_count, "pid",
	       "state", "live", "peak", "allocations", "command");
	for (size_t i = 0; i < source->process_count; i++) {
		const struct source_process *process = &source->processes[i];
		char live[HUMAN_BYTES], peak[HUMAN_BYTES], total[HUMAN_BYTES];
		char *command = term_escape(process->command);

		printf("%s %8u  %-8s %10s %10s %14s  %s\n", process->chosen ? ">" : " ",
		       process->pid, profile_state_name(process->state),
		       human_size(process->sum.live_bytes, live),
		       human_size(process->sum.peak_bytes, peak),
		       human_count(process->sum.total_blocks, total), command);
		free(command);
	}
}

static void
print_text_moments(const struct profile *profile)
{
	if (profile->moment_count < 2)
		return;
	printf("\n  %" PRIu32 " snapshots\n", profile->moment_count);
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];
		char time[HUMAN_BYTES], bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];
		char *label = term_escape(moment->label);

		printf("  snap:%-5" PRIu32 " %9s %11s in %s blocks%s%s\n", i + 1,
		       human_duration(moment->time_ns, time),
		       human_size(moment->sum.live_bytes, bytes),
		       human_count((uint64_t)moment->sum.live_blocks, blocks), *label ? "  " : "",
		       label);
		free(label);
	}
}

static void
print_text_marks(const struct profile *profile)
{
	if (profile->mark_count == 0)
		return;
	printf("\n  %" PRIu32 " mark%s\n", profile->mark_count,
	       profile->mark_count == 1 ? "" : "s");
	view_marks_text(stdout, profile, "", 0, UINT64_MAX);
}

static void
print_text(const struct source *source)
{
	print_text_identity(source);
	print_text_values(source->at.moment);
	print_text_quality(source);
	print_text_moments(source->profile);
	print_text_marks(source->profile);
	print_text_processes(source);
}

int
cmd_info(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[FILE[@MOMENT]|PID]",
		.doc = "Show the totals of a process, how it ended, and how good the data are.\v"
		       "Examples:\n"
		       "  heaptally info\n"
		       "  heaptally info --format json build.tally | jq .peak_bytes\n"
		       "  heaptally info 41873\n",
	};
	struct arguments arguments = {0};
	struct source source;
	char *why;

	argp_err_exit_status = COMMAND_TROUBLE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (source_read(&arguments.request, &source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (arguments.json)
		print_json(&source);
	else
		print_text(&source);
	source_release(&source);
	cmd_report_finish();
	return COMMAND_OK;
}
