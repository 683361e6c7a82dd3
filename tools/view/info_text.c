/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/info_text.c - the totals of a recording, as text
 */
#include "config.h"

#include "view/info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "model/group.h"
#include "model/not_freed.h"
#include "model/profile.h"
#include "model/trouble.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/marks.h"
#include "view/moment.h"
#include "view/place_fit.h"
#include "view/processes.h"
#include "view/quality.h"
#include "view/resident.h"

#define FIELD_COLUMNS 14 /* before the value of a field */

static void
print_field(FILE *stream, const char *name, const char *value)
{
	char *safe = term_escape(value);

	fprintf(stream, "  %-11s %s\n", name, safe);
	free(safe);
}

/* Whose lines they are, and what has to be known of them. */
static void
print_python(FILE *stream, const struct profile *profile)
{
	static const char *const states[PROFILE_PYTHONS] = {
		[PROFILE_PYTHON_ON] = "lines, and the blocks of its own allocators",
		[PROFILE_PYTHON_FRAMES] = "lines",
		[PROFILE_PYTHON_OFF] = "not read",
		[PROFILE_PYTHON_OBJECTS] =
			"lines, the blocks of its own allocators, and objects as they are made",
	};
	uint32_t version = profile->python_version;

	if (profile->python == PROFILE_PYTHON_NONE)
		return;
	fprintf(stream, "  %-11s ", "python");
	if (version != 0)
		fprintf(stream, "%" PRIu32 ".%" PRIu32 ".%" PRIu32 ": ", version >> 24,
			version >> 16 & 0xff, version >> 8 & 0xff);
	fprintf(stream, "%s\n", states[profile->python]);
	if (profile->python == PROFILE_PYTHON_OFF)
		return;
	fprintf(stream,
		"  %-11s a line is where a block was allocated; what is made in memory of a "
		"free list %s\n",
		"",
		profile->python == PROFILE_PYTHON_OBJECTS ? "is where it was made" : "stays there");
	fprintf(stream,
		"  %-11s blocks that C code gets from malloc itself have its line, too; "
		"tracemalloc does not see them\n",
		"");
}

/* Whole where it is read by a program, and one line of a terminal. */
static void
print_command(const struct term *term, const char *command)
{
	char *safe = term_escape(command);

	if (term->width > FIELD_COLUMNS)
		view_place_cut(safe, term->width - FIELD_COLUMNS);
	fprintf(term->stream, "  %-11s %s\n", "command", safe);
	free(safe);
}

/* A sum has no allocator and no time of its own: they are those of the command that was run. */
static void
print_program(const struct term *term, const struct profile *profile)
{
	FILE *stream = term->stream;
	char duration[HUMAN_BYTES], started[64] = "";
	time_t start = (time_t)(profile->start_realtime_ns / 1000000000u);
	struct tm local;

	if (localtime_r(&start, &local) != NULL)
		strftime(started, sizeof(started), "%Y-%m-%d %H:%M:%S", &local);
	print_field(stream, "executable", profile->executable);
	if (profile->arguments[0] != '\0')
		print_command(term, profile->arguments);
	if (profile->process_count == 0) {
		print_field(stream, "allocator", profile->allocator);
		print_python(stream, profile);
	}
	fprintf(stream, "  %-11s %s", "started", started);
	if (profile->process_count == 0)
		fprintf(stream, ", for %s", human_duration(profile->duration_ns, duration));
	putc('\n', stream);
}

static void
print_identity(const struct term *term, const struct view_info *view)
{
	FILE *stream = term->stream;
	const struct profile *profile = view->profile;
	char *process = view_moment_name_process(profile), *name = term_escape(view->name);

	fprintf(stream, "%s: %s, %s", name, process, profile_state_name(profile->state));
	if (profile->has_wait_status && WIFSIGNALED(profile->wait_status))
		fprintf(stream, ", killed by signal %d", WTERMSIG(profile->wait_status));
	else if (profile->has_wait_status)
		fprintf(stream, ", status %d", WEXITSTATUS(profile->wait_status));
	fprintf(stream, "\n\n");
	print_program(term, profile);
	free(process);
	free(name);
}

/* At the end: what of the live blocks is there by design. */
static void
print_kept(FILE *stream, const struct view_info *view)
{
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES];
	struct not_freed rest;

	if (!group_is_end_of_run(view->profile, &view->at))
		return;
	not_freed_get(view->profile, &(struct selection){.system_rules = true}, &rest);
	if (rest.kept.live_blocks != 0)
		fprintf(stream,
			"  %-11s %s in %s block%s are kept by system libraries, by design\n", "",
			human_size(rest.kept.live_bytes, bytes),
			human_count((uint64_t)rest.kept.live_blocks, blocks),
			text_plural((uint64_t)rest.kept.live_blocks));
	not_freed_release(&rest);
}

static void
print_values(FILE *stream, const struct view_info *view)
{
	const struct profile_moment *moment = view->at.moment;
	const struct profile_values *sum = &moment->sum;
	char blocks[HUMAN_BYTES], bytes[HUMAN_BYTES], time[HUMAN_BYTES];

	fprintf(stream, "  %-11s %s in %s block%s", "peak", human_size(sum->peak_bytes, bytes),
		human_count((uint64_t)sum->peak_blocks, blocks),
		text_plural((uint64_t)sum->peak_blocks));
	/* There is no time at which nothing was most. */
	if (view->profile->process_count > 1)
		fputs(", each process at its own", stream);
	else if (sum->peak_blocks > 0 && view->profile->process_count == 0)
		fprintf(stream, ", at %s", human_duration(moment->peak_time_ns, time));
	putc('\n', stream);
	fprintf(stream, "  %-11s %s in %s block%s, ", "live", human_size(sum->live_bytes, bytes),
		human_count((uint64_t)sum->live_blocks, blocks),
		text_plural((uint64_t)sum->live_blocks));
	fprintf(stream, "%s usable\n", human_size(view_info_get_usable(sum), bytes));
	print_kept(stream, view);
	fprintf(stream, "  %-11s %s in %s block%s, ", "allocated",
		human_size((int64_t)sum->total_bytes, bytes),
		human_count(sum->total_blocks, blocks), text_plural(sum->total_blocks));
	fprintf(stream, "%s of them temporary\n", human_count(sum->temporary_blocks, blocks));
	fprintf(stream, "  %-11s %s block%s\n", "freed", human_count(sum->freed_blocks, blocks),
		text_plural(sum->freed_blocks));
}

static void
print_quality(FILE *stream, const struct view_info *view)
{
	const struct profile *profile = view->profile;
	char number[HUMAN_BYTES], other[HUMAN_BYTES];
	const char *sentence;

	fprintf(stream, "  %-11s %s, ", "reallocs", human_count(profile->reallocs, number));
	fprintf(stream, "%s failed allocation%s, ",
		human_count(profile->failed_allocations, number),
		text_plural(profile->failed_allocations));
	fprintf(stream, "%s free%s of unknown blocks%s\n",
		human_count(profile->unknown_frees, number), text_plural(profile->unknown_frees),
		profile->unknown_frees == 0 ? "" : " (inherited by fork, or of before the start)");
	fprintf(stream, "  %-11s %s distinct, ", "stacks",
		human_count(view_info_count_stacks(view->at.moment), number));
	fprintf(stream, "%s events with a cut one\n", human_count(profile->cut_stacks, number));
	fprintf(stream, "  %-11s %s events lost, %s nested", "quality",
		human_count(profile->dropped_events, number),
		human_count(profile->nested_events, other));
	if (profile->peak_error_bytes != 0)
		fprintf(stream, ", peak exact to %s",
			human_size(profile->peak_error_bytes, number));
	view_quality_gaps(stream, profile);
	fprintf(stream, "\n  %-11s %s of memory\n", "heaptally",
		human_size((int64_t)profile->tracer_bytes, number));
	if (profile->crosschecks != 0)
		fprintf(stream, "  %-11s %s stacks compared, %s differ\n", "crosscheck",
			human_count(profile->crosschecks, number),
			human_count(profile->crosscheck_differences, other));
	for (unsigned i = 0; (sentence = trouble_get_sentence(profile->trouble, i)) != NULL; i++)
		print_field(stream, "trouble", sentence);
}

static void
print_moments(FILE *stream, const struct profile *profile)
{
	if (profile->moment_count < 2 || profile->process_count != 0)
		return;
	fprintf(stream, "\n  %" PRIu32 " snapshots\n", profile->moment_count);
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];
		char time[HUMAN_BYTES], bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];
		char *label = term_escape(moment->label);

		fprintf(stream, "  snap:%-5" PRIu32 " %9s %11s in %s blocks%s%s\n", i + 1,
			human_duration(moment->time_ns, time),
			human_size(moment->sum.live_bytes, bytes),
			human_count((uint64_t)moment->sum.live_blocks, blocks), *label ? "  " : "",
			label);
		free(label);
	}
}

static void
print_marks(FILE *stream, const struct profile *profile)
{
	if (profile->mark_count == 0)
		return;
	fprintf(stream, "\n  %" PRIu32 " mark%s\n", profile->mark_count,
		text_plural(profile->mark_count));
	view_marks_text(stream, profile, "", 0, UINT64_MAX);
}

/* Where far more was resident than lived, what it was. */
static void
print_resident(FILE *stream, const struct profile *profile)
{
	char *sentence = view_resident_explain(profile);

	if (sentence != NULL)
		print_field(stream, "resident", sentence);
	free(sentence);
}

void
view_info_text(const struct term *term, const struct view_info *view)
{
	FILE *stream = term->stream;

	print_identity(term, view);
	print_values(stream, view);
	print_quality(stream, view);
	print_resident(stream, view->profile);
	print_moments(stream, view->profile);
	print_marks(stream, view->profile);
	view_processes_text(term, view->processes, view->chosen, view->rows);
}
