/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/annotate.c - heaptally annotate: a source file with what its lines allocated
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/annotate.h"
#include "cmd/report.h"
#include "cmd/command.h"
#include "util/error.h"
#include "util/xalloc.h"
#include "view/annotate.h"
#include "view/source.h"

enum {
	OPTION_AT = 256,
	OPTION_PROCESS,
	OPTION_FORMAT,
	OPTION_CUMULATIVE,
	OPTION_RAW_FRAMES,
	OPTION_COLOR,
};

struct arguments {
	struct cmd_report report;
	const char *file, *operand;
	long context;
};

static const struct argp_option options[] = {
	{"at", OPTION_AT, "MOMENT", 0,
	 "exit (default), now, peak, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL", 0},
	{"process", OPTION_PROCESS, "PID|COMMAND", 0,
	 "which process of a file with several (default: the one with the largest peak)", 0},
	{"cumulative", OPTION_CUMULATIVE, NULL, 0,
	 "a line also counts for what the functions that it calls allocate", 0},
	{"raw-frames", OPTION_RAW_FRAMES, NULL, 0,
	 "let the lines of allocator wrappers and of libraries of the language count", 0},
	{"context", 'C', "N", 0,
	 "show only lines with numbers and N lines around them (default: the whole file)", 0},
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (default) or json", 0},
	{"color", OPTION_COLOR, "WHEN", 0, "auto (default), always or never", 0},
	{0},
};

static long
parse_context(const char *word, struct argp_state *state)
{
	char *end;
	long context;

	errno = 0;
	context = strtol(word, &end, 10);
	if (*end || end == word || errno || context < 0)
		argp_error(state, "%s: not a number of lines", word);
	return context;
}

static void
insert_operand(struct arguments *arguments, const char *word, struct argp_state *state)
{
	if (!arguments->file)
		arguments->file = word;
	else if (!arguments->operand)
		arguments->operand = word;
	else
		argp_error(state, "%s: one source file and one file or process at a time", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct cmd_report *report = &arguments->report;

	switch (key) {
	case OPTION_AT:
		report->at = word;
		return 0;
	case OPTION_PROCESS:
		report->process = word;
		return 0;
	case OPTION_CUMULATIVE:
		report->group.cumulative = true;
		return 0;
	case OPTION_RAW_FRAMES:
		report->group.selection.raw_frames = true;
		return 0;
	case 'C':
		arguments->context = parse_context(word, state);
		return 0;
	case OPTION_FORMAT:
		report->format = strcmp(word, "json") == 0 ? REPORT_JSON : REPORT_TEXT;
		if (report->format == REPORT_TEXT && strcmp(word, "text") != 0)
			argp_error(state, "%s: not one of text, json", word);
		return 0;
	case OPTION_COLOR:
		if (term_parse_color(word, &report->color) < 0)
			argp_error(state, "%s: not one of auto, always, never", word);
		return 0;
	case ARGP_KEY_ARG:
		insert_operand(arguments, word, state);
		return 0;
	case ARGP_KEY_END:
		if (!arguments->file)
			argp_error(state, "a source file is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "SOURCE-FILE [FILE[@MOMENT]|PID]",
	.doc = "Print a source file with what each of its lines holds, held at the peak, and "
	       "allocated in all.\n\n"
	       "  heaptally annotate src/json.c                  the newest tally of this folder\n"
	       "  heaptally annotate --context 2 json.c 4711     a running process\n"
	       "  heaptally annotate --cumulative main.c app.tally\n",
};

/* Numbers belong to the lines that the binary was built from. The caller frees the sentence. */
static char *
check_age(struct view_source *source, const char *path, const struct annotation *annotation)
{
	const char *than = view_source_newer_than(source, path, annotation->module);

	return than ? xasprintf("the source is newer than %s: lines may have moved", than) : NULL;
}

/* The source as the user named it, else where the debug information says that it is. */
static char *
read_source(const struct arguments *arguments, struct view_source *source,
	    struct view_annotate *view)
{
	const struct annotation *annotation = view->annotation;

	view->path = arguments->file;
	view->text = view_source_get_text(source, view->path, &view->length);
	if (!view->text) {
		view->path = annotation->file;
		view->text = view_source_get_text(source, view->path, &view->length);
	}
	if (view->text)
		return check_age(source, view->path, annotation);
	view->path = NULL;
	return xstrdup("the source is missing: only its numbers are shown");
}

static char *
resolve(const char *path)
{
	return realpath(path, NULL);
}

static void
find_lines(const struct arguments *arguments, const struct source *source,
	   const struct group_set *set, const struct place_table *table,
	   struct annotation *annotation)
{
	int result =
		annotate_groups(source->profile, set, table, arguments->file, resolve, annotation);

	if (result == -ENOTUNIQ)
		die(COMMAND_TROUBLE, "%s: could be %s or %s: give more of the path",
		    arguments->file, annotation->file, annotation->other);
	if (result < 0)
		die(COMMAND_TROUBLE,
		    "%s: no allocation of %s is from this file; `heaptally top --by file` lists "
		    "the files",
		    arguments->file, source->name);
}

static void
print(const struct cmd_report *report, struct view_annotate *view, char *warning)
{
	struct term term;

	if (report->format == REPORT_JSON) {
		view->warning = warning;
		view_annotate_json(stdout, view);
		return;
	}
	term_init(&term, stdout, report->color);
	view->warning = warning ? term_escape(warning) : NULL;
	view_annotate_text(&term, view);
	free((char *)view->warning);
}

int
cmd_annotate(int argc, char **argv)
{
	struct arguments arguments = {.context = -1};
	struct cmd_report *report = &arguments.report;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct view_source *files;
	struct view_annotate view;
	struct annotation annotation;
	struct group_set set;
	struct source source;
	char *warning;

	cmd_report_init(report);
	report->group.lifetimes = true;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	cmd_report_read(report, arguments.operand, "exit", &source);
	group_profile(source.profile, &source.at, &report->group, table, NULL, &set);
	find_lines(&arguments, &source, &set, table, &annotation);
	files = view_source_new(source.profile->start_realtime_ns);
	view = (struct view_annotate){
		.profile = source.profile,
		.at = source.at,
		.set = &set,
		.annotation = &annotation,
		.cumulative = report->group.cumulative,
		.context = arguments.context,
	};
	warning = read_source(&arguments, files, &view);
	print(report, &view, warning);
	cmd_report_finish();
	free(warning);
	annotation_release(&annotation);
	view_source_free(files);
	group_set_release(&set);
	place_table_free(table);
	source_release(&source);
	cmd_report_release(report);
	return COMMAND_OK;
}
