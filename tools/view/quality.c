/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/quality.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/trouble.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/json.h"
#include "view/place.h"
#include "view/resident.h"

#define HINT_SHARE    0.25 /* of the bytes: from here on something can be done */
#define WRAPPER_SHARE 0.5  /* of the bytes, that a function has which looks like a wrapper */
#define WRAPPER_SITES 8    /* that it has */
#define WRAPPER_CALLS 4    /* of it, each from another place than the one before */

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

/* How many modules there are of that kind; *ret_path is that of the first. */
static uint32_t
count_lost_files(const struct profile *profile, enum profile_file file, const char **ret_path)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < profile->module_count; i++)
		if (profile->modules[i].file == file && count++ == 0)
			*ret_path = profile->modules[i].path;
	return count;
}

static bool
has_lost_files(const struct profile *profile)
{
	const char *path;

	return count_lost_files(profile, PROFILE_FILE_CHANGED, &path) > 0 ||
	       count_lost_files(profile, PROFILE_FILE_GONE, &path) > 0;
}

static void
tell_of_lost_files(const struct profile *profile, enum profile_file file, const char *what,
		   view_quality_tell *tell, void *context)
{
	char *sentence, *more = NULL;
	const char *path = "";
	uint32_t count = count_lost_files(profile, file, &path);

	if (count == 0)
		return;
	if (count > 1)
		more = xasprintf(" (nor those of %" PRIu32 " more)", count - 1);
	sentence = xasprintf("%s %s%s", path, what, more != NULL ? more : "");
	tell(context, sentence);
	free(sentence);
	free(more);
}

static bool
is_about_file(const char *note)
{
	return strncmp(note, PROFILE_NOTE_GENERATED, strlen(PROFILE_NOTE_GENERATED)) != 0;
}

/* Of files that lack something, the first will do: what helps it helps the others. */
static void
tell_of_notes(const struct profile *profile, view_quality_tell *tell, void *context)
{
	const char *first = NULL;
	uint32_t files = 0;
	char *sentence;

	for (uint32_t i = 0; i < profile->note_count; i++) {
		if (!is_about_file(profile->notes[i]))
			tell(context, profile->notes[i]);
		else if (files++ == 0)
			first = profile->notes[i];
	}
	if (files == 0)
		return;
	sentence = files > 1 ? xasprintf("%s (%" PRIu32 " more such files)", first, files - 1)
			     : xstrdup(first);
	tell(context, sentence);
	free(sentence);
}

static void
each_trouble(const struct profile *profile, view_quality_tell *tell, void *context)
{
	const char *sentence;

	for (unsigned i = 0; (sentence = trouble_get_sentence(profile->trouble, i)) != NULL; i++)
		tell(context, sentence);
	tell_of_lost_files(profile, PROFILE_FILE_CHANGED,
			   "changed since the recording, so its names are not used", tell, context);
	tell_of_lost_files(profile, PROFILE_FILE_GONE,
			   "was deleted or is not in reach, so its names are not known", tell,
			   context);
	tell_of_notes(profile, tell, context);
}

struct indented {
	const struct term *term;
	const char *indent;
};

static void
print_warning(void *context, const char *sentence)
{
	const struct indented *indented = context;
	const struct term *term = indented->term;
	char *escaped = term_escape(sentence), *label;

	label = xasprintf("%s%swarning%s   ", indented->indent, term_style(term, TERM_BAD),
			  term_style(term, TERM_PLAIN));
	term_wrap_words(term, label, escaped);
	free(label);
	free(escaped);
}

void
view_quality_warnings(const struct term *term, const char *indent, const struct profile *profile)
{
	struct indented indented = {term, indent};

	each_trouble(profile, print_warning, &indented);
}

void
view_quality_warn(const struct term *term, const char *indent, const char *sentence)
{
	print_warning(&(struct indented){term, indent}, sentence);
}

void
view_quality_troubles_json(struct json_writer *json, const struct profile *profile)
{
	json_writer_begin_array(json, "troubles");
	each_trouble(profile, view_json_sentence, json);
	json_writer_end_array(json);
}

/* --- hints --- */

static void
hint_at_resident(const struct profile *profile, view_quality_tell *tell, void *context)
{
	char *sentence = view_resident_explain(profile);

	if (sentence != NULL)
		tell(context, sentence);
	free(sentence);
}

/* By what an option can name it, to free; or NULL. */
static char *
name_as_wrapper(const struct place *place)
{
	char *name = NULL;

	if (place->kind != PLACE_CODE || place->instances != NULL)
		return NULL;
	if (place->function != NULL)
		name = xstrdup(place->function);
	else if (place->file == NULL && place->module != NULL)
		name = xasprintf("%s+0x%" PRIx64, text_base_name(place->module), place->offset);
	if (name != NULL && strcmp(name, "main") != 0 && strpbrk(name, "*?[]'") == NULL)
		return name;
	free(name);
	return NULL;
}

/* One function has most of it, and is called from many places: what calls it says more. */
static void
hint_at_wrapper(const struct group_options *options, const struct group_set *set,
		const struct place_table *table, view_quality_tell *tell, void *context)
{
	const struct group *largest = NULL;
	char *sentence, *name, share[HUMAN_BYTES];

	if ((options->by != GROUP_BY_LINE && options->by != GROUP_BY_FUNCTION) ||
	    options->cumulative || options->selection.raw_frames)
		return;
	for (size_t i = 0; i < set->count; i++)
		if (largest == NULL ||
		    set->groups[i].values.live_bytes > largest->values.live_bytes)
			largest = &set->groups[i];
	if (largest == NULL || largest->sites < WRAPPER_SITES || largest->calls < WRAPPER_CALLS ||
	    (double)largest->values.live_bytes < WRAPPER_SHARE * (double)set->sum.live_bytes)
		return;
	name = name_as_wrapper(view_place_get(table, largest->stack));
	if (name == NULL)
		return;
	human_percent((double)largest->values.live_bytes, (double)set->sum.live_bytes, share);
	sentence = xasprintf("%s has %s %% of it from %" PRIu32
			     " stacks: --wrapper '%s' names who calls it instead",
			     name, share, largest->sites, name);
	tell(context, sentence);
	free(name);
	free(sentence);
}

static void
each_hint(const struct profile *profile, const struct group_options *options,
	  const struct place_table *table, const struct group_set *set, view_quality_tell *tell,
	  void *context)
{
	enum group_by by = options->by;
	double enough = (1 - HINT_SHARE) * (double)set->sum.live_bytes;
	bool has_lines = by == GROUP_BY_LINE || by == GROUP_BY_FILE || by == GROUP_BY_STACK;

	if ((double)set->live_with_name < enough && has_lost_files(profile))
		; /* a warning has told why */
	else if ((double)set->live_with_name < enough)
		tell(context, "much has no name: --by stack shows who calls it, "
			      "packages with debug symbols, or --debuginfod, have the names");
	else if (has_lines && (double)set->live_with_line < enough)
		tell(context, "much has no line: compile with -g, or install debug symbols");
	hint_at_wrapper(options, set, table, tell, context);
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
		  const struct group_options *options, const struct place_table *table,
		  const struct group_set *set)
{
	struct labelled labelled = {term, label};

	each_hint(profile, options, table, set, print_hint, &labelled);
}

void
view_quality_hints_json(struct json_writer *json, const struct profile *profile,
			const struct group_options *options, const struct place_table *table,
			const struct group_set *set)
{
	each_hint(profile, options, table, set, view_json_sentence, json);
}

/* --- the whole --- */

void
view_quality_json(struct json_writer *json, const char *key, const struct profile *profile,
		  const struct group_set *set)
{
	uint64_t resident = profile_get_resident_peak(profile);

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
