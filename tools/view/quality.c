/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/quality.c - how far the numbers of a report can be trusted
 */
#include "config.h"

#include "view/quality.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/group.h"
#include "model/profile.h"
#include "read/snapshot.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"

#define HINT_SHARE 0.25 /* of the bytes: from here on something can be done */

/* Resident memory beyond so many peaks, and beyond what code and start-up of a program take. */
#define RESIDENT_TIMES 3
#define RESIDENT_USUAL ((uint64_t)24 << 20)

static const struct profile_values *
get_totals(const struct profile *profile)
{
	static const struct profile_values nothing;

	if (profile->moment_count == 0)
		return &nothing;
	return &profile->moments[profile->moment_count - 1].sum;
}

static double
percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void
write_line(const struct term *term, FILE *stream, const struct profile *profile,
	   const struct group_set *set)
{
	const struct profile_values *totals = get_totals(profile);
	char text[HUMAN_BYTES];
	bool lost = profile->dropped_events > 0;

	fprintf(stream, "%s%s events lost%s", lost ? term_style(term, TERM_BAD) : "",
		human_count(profile->dropped_events, text),
		lost ? term_style(term, TERM_PLAIN) : "");
	fprintf(stream, ", %.1f %% stacks cut",
		percent((double)profile->cut_stacks, (double)totals->total_blocks));
	if (set->sum.live_bytes > 0) {
		double lines = percent((double)set->live_with_line, (double)set->sum.live_bytes);
		double names = percent((double)set->live_with_name, (double)set->sum.live_bytes);

		fprintf(stream, ", %.1f %% of bytes have file:line", lines);
		if (names - lines >= 0.05)
			fprintf(stream, ", %.1f %% only a function", names - lines);
		if (names < 99.95)
			fprintf(stream, ", %.1f %% no name", 100 - names);
	}
	fputs(", heaptally used ", stream);
	if (profile->tracer_cpu_ns > 0)
		fprintf(stream, "%s CPU, ", human_duration(profile->tracer_cpu_ns, text));
	fputs(human_size((int64_t)profile->tracer_bytes, text), stream);
	if (profile->peak_error_bytes > 0)
		fprintf(stream, ", the peak is exact to %s",
			human_size(profile->peak_error_bytes, text));
	view_quality_gaps(stream, profile);
}

void
view_quality_line(const struct term *term, const char *label, const struct profile *profile,
		  const struct group_set *set)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return;
	write_line(term, stream, profile, set);
	fclose(stream);
	term_wrap(term, label, text);
	free(text);
}

static const char *
get_pause_word(const struct profile_gaps *gaps)
{
	if (gaps->off_at_start)
		return "switched off";
	if (gaps->by_stop)
		return gaps->by_pause ? "paused or stopped" : "stopped";
	return "paused";
}

void
view_quality_gaps(FILE *stream, const struct profile *profile)
{
	struct profile_gaps gaps;
	char text[HUMAN_BYTES];

	profile_get_gaps(profile, &gaps);
	if (gaps.paused_ns > 0)
		fprintf(stream, ", recording was %s for %s%s", get_pause_word(&gaps),
			human_duration(gaps.paused_ns, text),
			!gaps.paused                        ? ""
			: profile->state == PROFILE_RUNNING ? " and is not going on"
							    : ", to the end");
	if (gaps.cleared)
		fprintf(stream, ", cleared at %s: what was before is not counted",
			human_duration(gaps.cleared_ns, text));
	if (gaps.peak_reset)
		fprintf(stream, ", peak reset at %s: the peak is that since",
			human_duration(gaps.peak_reset_ns, text));
}

void
view_quality_gaps_json(struct json_writer *json, const struct profile *profile, const char *unit)
{
	struct profile_gaps gaps;
	char name[32];

	profile_get_gaps(profile, &gaps);
	json_writer_bool(json, "paused", gaps.paused);
	snprintf(name, sizeof(name), "paused%s", unit);
	json_writer_seconds(json, name, gaps.paused_ns);
	snprintf(name, sizeof(name), "cleared%s", unit);
	if (gaps.cleared)
		json_writer_seconds(json, name, gaps.cleared_ns);
	else
		json_writer_null(json, name);
	snprintf(name, sizeof(name), "peak_reset%s", unit);
	if (gaps.peak_reset)
		json_writer_seconds(json, name, gaps.peak_reset_ns);
	else
		json_writer_null(json, name);
}

static void
warn_of(const struct term *term, const char *sentence)
{
	fprintf(term->stream, "%swarning%s   %s\n", term_style(term, TERM_BAD),
		term_style(term, TERM_PLAIN), sentence);
}

/* The first one will do: what helps it helps the others. */
static void
warn_of_notes(const struct term *term, const struct profile *profile)
{
	char *safe = term_escape(profile->notes[0]), *sentence;

	sentence = profile->note_count > 1 ? xasprintf("%s (%" PRIu32 " more such files)", safe,
						       profile->note_count - 1)
					   : xstrdup(safe);
	warn_of(term, sentence);
	free(sentence);
	free(safe);
}

void
view_quality_warnings(const struct term *term, const struct profile *profile)
{
	const char *sentence;

	for (unsigned i = 0; (sentence = snapshot_get_trouble(profile->trouble, i)) != NULL; i++)
		warn_of(term, sentence);
	if (profile->stale_modules > 0) {
		char *path = term_escape(profile->stale_module);

		fprintf(term->stream,
			"%swarning%s   %s changed since the recording, so its names are not used",
			term_style(term, TERM_BAD), term_style(term, TERM_PLAIN), path);
		if (profile->stale_modules > 1)
			fprintf(term->stream, " (nor those of %" PRIu32 " more)",
				profile->stale_modules - 1);
		putc('\n', term->stream);
		free(path);
	}
	if (profile->note_count > 0)
		warn_of_notes(term, profile);
}

/* People look here for all memory of the process; much of it may never have been malloc's. */
static void
hint_at_resident(const struct term *term, const char *label, const struct profile *profile)
{
	const char *python = strncmp(profile->command, "python", 6) == 0
				     ? "; PYTHONMALLOC=malloc shows each object of Python"
				     : "";
	uint64_t most = 0, peak = (uint64_t)get_totals(profile)->peak_bytes;
	char bytes[HUMAN_BYTES], *sentence;

	for (uint32_t i = 0; i < profile->sample_count; i++)
		if (profile->samples[i].rss_bytes > most)
			most = profile->samples[i].rss_bytes;
	if (most < RESIDENT_TIMES * peak + RESIDENT_USUAL)
		return;
	sentence = xasprintf("resident memory reached %s: most of it was mapped without malloc, or "
			     "not given back by it%s",
			     human_size((int64_t)most, bytes), python);
	term_wrap(term, label, sentence);
	free(sentence);
}

void
view_quality_hint(const struct term *term, const char *label, const struct profile *profile,
		  enum group_by by, const struct group_set *set)
{
	double enough = (1 - HINT_SHARE) * (double)set->sum.live_bytes;
	bool has_lines = by == GROUP_BY_LINE || by == GROUP_BY_FILE || by == GROUP_BY_STACK;

	if ((double)set->live_with_name < enough)
		term_wrap(term, label,
			  "much has no name: --by stack shows who calls it, "
			  "packages with debug symbols, or --debuginfod, have the names");
	else if (has_lines && (double)set->live_with_line < enough)
		term_wrap(term, label,
			  "much has no line: compile with -g, or install debug symbols");
	hint_at_resident(term, label, profile);
}

void
view_quality_json(struct json_writer *json, const struct profile *profile,
		  const struct group_set *set)
{
	const char *sentence;

	json_writer_begin_object(json, "quality");
	json_writer_unsigned(json, "dropped_events", profile->dropped_events);
	json_writer_unsigned(json, "cut_stacks", profile->cut_stacks);
	json_writer_signed(json, "live_bytes_with_line", set->live_with_line);
	json_writer_signed(json, "live_bytes_with_name", set->live_with_name);
	json_writer_signed(json, "peak_error_bytes", profile->peak_error_bytes);
	json_writer_unsigned(json, "tracer_bytes", profile->tracer_bytes);
	view_quality_gaps_json(json, profile, "_seconds");
	json_writer_begin_array(json, "troubles");
	for (unsigned i = 0; (sentence = snapshot_get_trouble(profile->trouble, i)) != NULL; i++)
		json_writer_string(json, NULL, sentence);
	json_writer_end_array(json);
	json_writer_end_object(json);
}
