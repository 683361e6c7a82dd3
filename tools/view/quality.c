/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/quality.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/group.h"
#include "model/profile.h"
#include "model/trouble.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/json.h"

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
view_quality_gaps_json(struct json_writer *json, const struct profile *profile)
{
	struct profile_gaps gaps;

	profile_get_gaps(profile, &gaps);
	json_writer_bool(json, "paused", gaps.paused);
	json_writer_seconds(json, "paused_seconds", gaps.paused_ns);
	if (gaps.cleared)
		json_writer_seconds(json, "cleared_seconds", gaps.cleared_ns);
	else
		json_writer_null(json, "cleared_seconds");
	if (gaps.peak_reset)
		json_writer_seconds(json, "peak_reset_seconds", gaps.peak_reset_ns);
	else
		json_writer_null(json, "peak_reset_seconds");
}

/* --- troubles --- */

static void
tell_of_stale_modules(const struct profile *profile, view_quality_tell *tell, void *context)
{
	char *sentence, *more = NULL;

	if (profile->stale_modules == 0)
		return;
	if (profile->stale_modules > 1)
		more = xasprintf(" (nor those of %" PRIu32 " more)", profile->stale_modules - 1);
	sentence = xasprintf("%s changed since the recording, so its names are not used%s",
			     profile->stale_module, more != NULL ? more : "");
	tell(context, sentence);
	free(sentence);
	free(more);
}

/* Of files that lack something, the first will do: what helps it helps the others. */
static void
tell_of_notes(const struct profile *profile, view_quality_tell *tell, void *context)
{
	char *sentence;

	if (profile->note_count == 0)
		return;
	sentence = profile->note_count > 1 ? xasprintf("%s (%" PRIu32 " more such files)",
						       profile->notes[0], profile->note_count - 1)
					   : xstrdup(profile->notes[0]);
	tell(context, sentence);
	free(sentence);
}

static void
each_trouble(const struct profile *profile, view_quality_tell *tell, void *context)
{
	const char *sentence;

	for (unsigned i = 0; (sentence = trouble_get_sentence(profile->trouble, i)) != NULL; i++)
		tell(context, sentence);
	tell_of_stale_modules(profile, tell, context);
	tell_of_notes(profile, tell, context);
}

static void
print_warning(void *context, const char *sentence)
{
	const struct term *term = context;
	char *escaped = term_escape(sentence);

	fprintf(term->stream, "%swarning%s   %s\n", term_style(term, TERM_BAD),
		term_style(term, TERM_PLAIN), escaped);
	free(escaped);
}

void
view_quality_warnings(const struct term *term, const struct profile *profile)
{
	each_trouble(profile, print_warning, (void *)term);
}

void
view_quality_troubles_json(struct json_writer *json, const struct profile *profile)
{
	json_writer_begin_array(json, "troubles");
	each_trouble(profile, view_json_sentence, json);
	json_writer_end_array(json);
}

/* --- hints --- */

uint64_t
view_quality_get_resident_peak(const struct profile *profile)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < profile->sample_count; i++)
		if (profile->samples[i].rss_bytes > most)
			most = profile->samples[i].rss_bytes;
	return most;
}

/* People look here for all memory of the process; much of it may never have been malloc's. */
static void
hint_at_resident(const struct profile *profile, view_quality_tell *tell, void *context)
{
	const char *python = strncmp(profile->command, "python", 6) == 0
				     ? "; PYTHONMALLOC=malloc shows each object of Python"
				     : "";
	uint64_t most = view_quality_get_resident_peak(profile);
	uint64_t peak = (uint64_t)get_totals(profile)->peak_bytes;
	char bytes[HUMAN_BYTES], *sentence;

	if (most < RESIDENT_TIMES * peak + RESIDENT_USUAL)
		return;
	sentence = xasprintf("resident memory reached %s: most of it was mapped without malloc, or "
			     "not given back by it%s",
			     human_size((int64_t)most, bytes), python);
	tell(context, sentence);
	free(sentence);
}

static void
each_hint(const struct profile *profile, enum group_by by, const struct group_set *set,
	  view_quality_tell *tell, void *context)
{
	double enough = (1 - HINT_SHARE) * (double)set->sum.live_bytes;
	bool has_lines = by == GROUP_BY_LINE || by == GROUP_BY_FILE || by == GROUP_BY_STACK;

	if ((double)set->live_with_name < enough)
		tell(context, "much has no name: --by stack shows who calls it, "
			      "packages with debug symbols, or --debuginfod, have the names");
	else if (has_lines && (double)set->live_with_line < enough)
		tell(context, "much has no line: compile with -g, or install debug symbols");
	hint_at_resident(profile, tell, context);
}

struct labelled {
	const struct term *term;
	const char *label;
};

static void
print_hint(void *context, const char *sentence)
{
	const struct labelled *labelled = context;

	term_wrap(labelled->term, labelled->label, sentence);
}

void
view_quality_hint(const struct term *term, const char *label, const struct profile *profile,
		  enum group_by by, const struct group_set *set)
{
	struct labelled labelled = {term, label};

	each_hint(profile, by, set, print_hint, &labelled);
}

void
view_quality_hints_json(struct json_writer *json, const struct profile *profile, enum group_by by,
			const struct group_set *set)
{
	each_hint(profile, by, set, view_json_sentence, json);
}

/* --- the whole --- */

void
view_quality_json(struct json_writer *json, const char *key, const struct profile *profile,
		  const struct group_set *set)
{
	uint64_t resident = view_quality_get_resident_peak(profile);

	json_writer_begin_object(json, key);
	json_writer_unsigned(json, "dropped_events", profile->dropped_events);
	json_writer_unsigned(json, "cut_stacks", profile->cut_stacks);
	json_writer_signed(json, "live_bytes_with_line", set->live_with_line);
	json_writer_signed(json, "live_bytes_with_name", set->live_with_name);
	json_writer_signed(json, "peak_error_bytes", profile->peak_error_bytes);
	json_writer_unsigned(json, "tracer_bytes", profile->tracer_bytes);
	json_writer_seconds(json, "tracer_cpu_seconds", profile->tracer_cpu_ns);
	view_json_optional(json, "resident_peak_bytes", resident > 0, resident);
	view_quality_gaps_json(json, profile);
	view_quality_troubles_json(json, profile);
	json_writer_end_object(json);
}
