/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report.c - the options that the reading commands share
 */
#include "config.h"

#include "cmd/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "symbols/symbolize.h"
#include "util/error.h"
#include "util/xalloc.h"

#define DEFAULT_ROWS   10
#define DEFAULT_FRAMES 12

enum {
	OPTION_BY = 256,
	OPTION_AT,
	OPTION_SORT,
	OPTION_INCLUDE,
	OPTION_EXCLUDE,
	OPTION_FILTER_FILE,
	OPTION_SUPPRESSIONS,
	OPTION_ANY_FRAME,
	OPTION_CUMULATIVE,
	OPTION_RAW_FRAMES,
	OPTION_WRAPPER,
	OPTION_PROCESS,
	OPTION_FORMAT,
	OPTION_LIMIT,
	OPTION_RECENT_LAST,
	OPTION_FULL_NAMES,
	OPTION_COLOR,
	OPTION_DEBUGINFOD,
};

/* What several of the tables below say. */
static const char process_doc[] =
	"which process of a file with several (default: the one with the largest peak)";
static const char raw_frames_doc[] =
	"let allocator wrappers and libraries of the language name a site";
static const char wrapper_doc[] = "take these functions for allocator wrappers too";
static const char include_doc[] =
	"keep only what one of these matches; KEY is file, line, function, module, thread, "
	"allocator, domain, size, age or generation";
static const char exclude_doc[] = "drop what one of these matches";
static const char filter_file_doc[] =
	"filters, one a line: +FILTER includes, -FILTER excludes, # is a comment";
static const char any_frame_doc[] =
	"filters look at all frames of a stack, not only at the one that names the site";
static const char full_names_doc[] = "do not shorten names, paths and lines";
static const char color_doc[] = "auto (default), always or never";
static const char debuginfod_doc[] = "ask the servers in DEBUGINFOD_URLS for debug information";

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "What is shown:", 1},
	{"by", OPTION_BY, "KEY", 0,
	 "group by line (default), function, file, module, stack, allocator, thread, size or "
	 "generation",
	 1},
	{"at", OPTION_AT, "MOMENT", 0,
	 "peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL", 1},
	{"process", OPTION_PROCESS, "PID|COMMAND", 0, process_doc, 1},
	{"cumulative", OPTION_CUMULATIVE, NULL, 0,
	 "count a block for every group on its stack, once each", 1},
	{"raw-frames", OPTION_RAW_FRAMES, NULL, 0, raw_frames_doc, 1},
	{"wrapper", OPTION_WRAPPER, "GLOB", 0, wrapper_doc, 1},

	{NULL, 0, NULL, 0, "Filters (GLOB, GLOB:LINE or KEY=GLOB, joined by commas for AND):", 2},
	{"include", OPTION_INCLUDE, "FILTER", 0, include_doc, 2},
	{"exclude", OPTION_EXCLUDE, "FILTER", 0, exclude_doc, 2},
	{"filter-file", OPTION_FILTER_FILE, "FILE", 0, filter_file_doc, 2},
	{"suppressions", OPTION_SUPPRESSIONS, "FILE", 0,
	 "leave out what is known not to be freed: leak:PATTERN lines of LeakSanitizer", 2},
	{"any-frame", OPTION_ANY_FRAME, NULL, 0, any_frame_doc, 2},

	{NULL, 0, NULL, 0, "How it is shown:", 3},
	{"rows", 'n', "N", 0, "show N groups; 0 is all (default: 10 in text, else all)", 3},
	{"sort", OPTION_SORT, "COLUMN", 0,
	 "live, blocks, peak, peak-blocks, total, allocs or temporary (default: live)", 3},
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (default), json, csv or tracemalloc", 3},
	{"limit", OPTION_LIMIT, "N", 0,
	 "frames of a stack: the N innermost, -N the outermost, 0 all (default: 12)", 3},
	{"most-recent-last", OPTION_RECENT_LAST, NULL, 0,
	 "print stacks from the outermost frame on", 3},
	{"full-names", OPTION_FULL_NAMES, NULL, 0, full_names_doc, 3},
	{"color", OPTION_COLOR, "WHEN", 0, color_doc, 3},
	{"debuginfod", OPTION_DEBUGINFOD, NULL, 0, debuginfod_doc, 3},
	{0},
};

/* Of these what is about single blocks too. */
static const struct argp_option blocks_options[] = {
	{NULL, 0, NULL, 0, "What is shown:", 1},
	{"process", OPTION_PROCESS, "PID|COMMAND", 0, process_doc, 1},
	{"raw-frames", OPTION_RAW_FRAMES, NULL, 0, raw_frames_doc, 1},
	{"wrapper", OPTION_WRAPPER, "GLOB", 0, wrapper_doc, 1},
	{NULL, 0, NULL, 0,
	 "Filters (GLOB, GLOB:LINE, KEY=GLOB, size=1K.., age=10s.., joined by commas for AND):", 2},
	{"include", OPTION_INCLUDE, "FILTER", 0, include_doc, 2},
	{"exclude", OPTION_EXCLUDE, "FILTER", 0, exclude_doc, 2},
	{"filter-file", OPTION_FILTER_FILE, "FILE", 0, filter_file_doc, 2},
	{"any-frame", OPTION_ANY_FRAME, NULL, 0, any_frame_doc, 2},
	{NULL, 0, NULL, 0, "How it is shown:", 3},
	{"rows", 'n', "N", 0, "show N blocks; 0 is all (default: 20 in text, else all)", 3},
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (default), json or csv", 3},
	{"full-names", OPTION_FULL_NAMES, NULL, 0, full_names_doc, 3},
	{"color", OPTION_COLOR, "WHEN", 0, color_doc, 3},
	{"debuginfod", OPTION_DEBUGINFOD, NULL, 0, debuginfod_doc, 3},
	{0},
};

/* Of these what is about one of them. */
static const struct argp_option block_options[] = {
	{"process", OPTION_PROCESS, "PID|COMMAND", 0, process_doc, 0},
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (default), json or csv", 0},
	{"limit", OPTION_LIMIT, "N", 0,
	 "frames of the stack: the N innermost, -N the outermost, 0 all (default)", 0},
	{"most-recent-last", OPTION_RECENT_LAST, NULL, 0,
	 "print the stack from the outermost frame on", 0},
	{"raw-frames", OPTION_RAW_FRAMES, NULL, 0,
	 "show the frames of allocator wrappers and libraries of the language too", 0},
	{"full-names", OPTION_FULL_NAMES, NULL, 0, full_names_doc, 0},
	{"color", OPTION_COLOR, "WHEN", 0, color_doc, 0},
	{0},
};

static const char *const formats[] = {
	[REPORT_TEXT] = "text",
	[REPORT_JSON] = "json",
	[REPORT_CSV] = "csv",
	[REPORT_TRACEMALLOC] = "tracemalloc",
};

/* tracemalloc has no words for single blocks. */
static int
parse_format(struct cmd_report *report, const char *name)
{
	size_t known =
		report->about_blocks ? REPORT_TRACEMALLOC : sizeof(formats) / sizeof(*formats);

	for (size_t i = 0; i < known; i++) {
		if (strcmp(formats[i], name) == 0) {
			report->format = (enum cmd_report_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int
parse_number(const char *text, long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtol(text, &end, 10);
	return *end || end == text || errno || labs(*ret_number) > 1000000000 ? -EINVAL : 0;
}

static void
insert_filter(struct cmd_report *report, const char *text, bool inclusive, char *origin, char *line)
{
	report->filters =
		xreallocarray(report->filters, report->filter_count + 1, sizeof(*report->filters));
	report->filters[report->filter_count].text = text;
	report->filters[report->filter_count].origin = origin;
	report->filters[report->filter_count].line = line;
	report->filters[report->filter_count++].inclusive = inclusive;
}

static void
insert_wrapper(struct cmd_report *report, const char *glob)
{
	report->wrappers = xreallocarray(report->wrappers, report->wrapper_count + 1,
					 sizeof(*report->wrappers));
	report->wrappers[report->wrapper_count++] = glob;
}

static void
read_filter_file(struct cmd_report *report, const char *path, struct argp_state *state)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *text;
	size_t capacity = 0, number = 0;
	ssize_t length;

	if (!file)
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	while ((length = getline(&line, &capacity, file)) > 0) {
		number++;
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		if (length == 0 || line[0] == '#')
			continue;
		if (line[0] != '+' && line[0] != '-')
			argp_error(state, "%s:%zu: %s: a filter begins with + or -", path, number,
				   line);
		text = xstrdup(line + 1);
		insert_filter(report, text, line[0] == '+', xasprintf("%s:%zu: ", path, number),
			      text);
	}
	if (ferror(file))
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	free(line);
	fclose(file);
}

static void
read_suppressions(struct cmd_report *report, const char *path, struct argp_state *state)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *why;
	size_t capacity = 0, number = 0;

	if (!file)
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	while (getline(&line, &capacity, file) > 0) {
		number++;
		if (suppress_list_insert(&report->group.selection.suppressions, line, &why) < 0)
			argp_error(state, "%s:%zu: %s", path, number, why);
	}
	if (ferror(file))
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	free(line);
	fclose(file);
}

static void
make_filters(struct cmd_report *report, struct argp_state *state)
{
	for (size_t i = 0; i < report->filter_count; i++) {
		char *why;

		if (filter_list_insert(&report->group.selection.filters, report->filters[i].text,
				       report->filters[i].inclusive, report->any_frame, &why) < 0)
			argp_error(state, "%s%s",
				   report->filters[i].origin ? report->filters[i].origin : "", why);
	}
}

static void
check_options(struct cmd_report *report, struct argp_state *state)
{
	make_filters(report, state);
	report->group.selection.wrappers.globs = report->wrappers;
	report->group.selection.wrappers.count = report->wrapper_count;
	if (report->group.cumulative && report->group.by > GROUP_BY_MODULE)
		argp_error(state, "--cumulative does not go with --by %s",
			   group_by_names[report->group.by]);
	if (report->group.cumulative && report->group.ages)
		argp_error(state, "--cumulative does not go with --ages");
	if (!report->rows_given)
		report->rows = report->format == REPORT_TEXT ? report->default_rows : 0;
}

static void
parse_words(struct cmd_report *report, int key, char *word, struct argp_state *state)
{
	const char *known = "";
	int result = 0;

	switch (key) {
	case OPTION_BY:
		result = group_by_parse(word, &report->group.by);
		known = "line, function, file, module, stack, allocator, thread, size, generation";
		break;
	case OPTION_SORT:
		report->column = column_find(word);
		result = report->column ? 0 : -EINVAL;
		known = "live, blocks, peak, peak-blocks, total, allocs, temporary";
		break;
	case OPTION_FORMAT:
		result = parse_format(report, word);
		known = report->about_blocks ? "text, json, csv" : "text, json, csv, tracemalloc";
		break;
	case OPTION_COLOR:
		result = term_parse_color(word, &report->color);
		known = "auto, always, never";
		break;
	}
	if (result < 0)
		argp_error(state, "%s: not one of %s", word, known);
}

static void
parse_numbers(struct cmd_report *report, int key, char *word, struct argp_state *state)
{
	long number;

	if (parse_number(word, &number) < 0 || (key == 'n' && number < 0))
		argp_error(state, "%s: not a number", word);
	if (key == 'n') {
		report->rows = (size_t)number;
		report->rows_given = true;
	} else {
		report->frames = (int)number;
	}
}

/* Options without a word, by where they are kept. */
static bool *
find_flag(struct cmd_report *report, int key)
{
	switch (key) {
	case OPTION_ANY_FRAME:
		return &report->any_frame;
	case OPTION_CUMULATIVE:
		return &report->group.cumulative;
	case OPTION_RAW_FRAMES:
		return &report->group.selection.raw_frames;
	case OPTION_RECENT_LAST:
		return &report->most_recent_last;
	case OPTION_FULL_NAMES:
		return &report->full_names;
	case OPTION_DEBUGINFOD:
		return &report->online;
	default:
		return NULL;
	}
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct cmd_report *report = state->input;
	bool *flag = find_flag(report, key);

	if (flag) {
		*flag = true;
		return 0;
	}
	switch (key) {
	case OPTION_BY:
	case OPTION_SORT:
	case OPTION_FORMAT:
	case OPTION_COLOR:
		parse_words(report, key, word, state);
		return 0;
	case 'n':
	case OPTION_LIMIT:
		parse_numbers(report, key, word, state);
		return 0;
	case OPTION_AT:
		report->at = word;
		return 0;
	case OPTION_PROCESS:
		report->process = word;
		return 0;
	case OPTION_INCLUDE:
	case OPTION_EXCLUDE:
		insert_filter(report, word, key == OPTION_INCLUDE, NULL, NULL);
		return 0;
	case OPTION_FILTER_FILE:
		read_filter_file(report, word, state);
		return 0;
	case OPTION_SUPPRESSIONS:
		read_suppressions(report, word, state);
		return 0;
	case OPTION_WRAPPER:
		insert_wrapper(report, word);
		return 0;
	case ARGP_KEY_END:
		check_options(report, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cmd_report_argp = {.options = options, .parser = parse_option};
const struct argp cmd_report_block_argp = {.options = block_options, .parser = parse_option};
const struct argp cmd_report_blocks_argp = {.options = blocks_options, .parser = parse_option};

void
cmd_report_init(struct cmd_report *report)
{
	memset(report, 0, sizeof(*report));
	report->column = &columns[0];
	report->frames = DEFAULT_FRAMES;
	report->default_rows = DEFAULT_ROWS;
}

void
cmd_report_release(struct cmd_report *report)
{
	filter_list_release(&report->group.selection.filters);
	suppress_list_release(&report->group.selection.suppressions);
	for (size_t i = 0; i < report->filter_count; i++) {
		free(report->filters[i].origin);
		free(report->filters[i].line);
	}
	free(report->filters);
	free(report->wrappers);
	memset(report, 0, sizeof(*report));
}

/* Threads are recorded on request only: without them no group or filter has anything to look at. */
void
cmd_report_check_threads(const struct cmd_report *report, const struct profile *profile,
			 const char *name)
{
	if (report->group.by != GROUP_BY_THREAD &&
	    !filter_list_has_thread(&report->group.selection.filters))
		return;
	if (!profile_has_threads(profile))
		die(COMMAND_TROUBLE,
		    "%s: threads were not recorded, so nothing can be said by thread", name);
}

/* Whether it may be about single blocks; for threads that depends on what was recorded. */
static bool
may_need_blocks(const struct cmd_report *report)
{
	const struct group_options *group = &report->group;

	return report->about_blocks || group->by >= GROUP_BY_THREAD || group->ages ||
	       filter_list_has_thread(&group->selection.filters) ||
	       filter_list_has_block(&group->selection.filters);
}

/* Threads may be known of other moments too. */
bool
cmd_report_is_about_blocks(const struct cmd_report *report)
{
	const struct group_options *group = &report->group;

	return report->about_blocks || group->by >= GROUP_BY_SIZE || group->ages ||
	       filter_list_has_block(&group->selection.filters);
}

static bool
is_default_moment(const struct cmd_report *report, const char *operand)
{
	const char *at = operand != NULL ? strrchr(operand, '@') : NULL;

	return report->at == NULL && (at == NULL || strcmp(at, "@peak") != 0);
}

/* What is about single blocks needs them, and they are known at the last moment only. */
static void
check_blocks(const struct cmd_report *report, const char *operand, struct source *source)
{
	const struct profile *profile = source->profile;
	struct group_options group = report->group;

	if (!report->about_blocks && !group_needs_blocks(&group, profile))
		return;
	/* Only now it is known that threads are those of blocks. */
	if (profile->blocks.is_read && source->at.peak && is_default_moment(report, operand))
		source->at =
			(struct profile_at){.moment = &profile->moments[profile->moment_count - 1]};
	if (!profile->blocks.is_read && !cmd_report_is_about_blocks(report))
		cmd_report_check_threads(report, profile, source->name);
	cmd_report_need_blocks(source);
	group.ages = false;
	if (group_needs_blocks(&group, profile) && !column_is_of_blocks(report->column))
		die(COMMAND_TROUBLE, "--sort %s: of single blocks only live and blocks are known",
		    report->column->alias);
}

void
cmd_report_read(const struct cmd_report *report, const char *operand, const char *default_moment,
		struct source *ret_source)
{
	struct source_request request = {
		.operand = operand,
		.process = report->process,
		.moment = report->at ? report->at : default_moment,
		.blocks = may_need_blocks(report),
		.freed_at = report->freed_at,
	};
	bool suppresses = report->group.selection.suppressions.count > 0;
	struct term_progress progress;
	struct symbolize_options symbols = {
		.online = report->online,
		.progress = term_progress_update,
		.context = &progress,
	};
	char *why;

	/* What is never freed has to be looked at when nothing is freed any more. */
	if ((suppresses || cmd_report_is_about_blocks(report)) && !report->at)
		request.moment = "exit";
	if (source_read(&request, ret_source, &why) < 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (suppresses && ret_source->at.peak)
		die(COMMAND_TROUBLE, "--suppressions are for what is not freed, not for the peak: "
				     "--at exit");
	check_blocks(report, operand, ret_source);
	term_progress_init(&progress, "reading symbols", false);
	symbolize_profile(ret_source->profile, &symbols);
	term_progress_release(&progress);
}

void
cmd_report_need_blocks(const struct source *source)
{
	const struct profile *profile = source->profile;

	if (!source->profile->blocks.is_read)
		die(COMMAND_TROUBLE,
		    "%s: single blocks were not recorded: start the program with `heaptally run "
		    "--blocks`%s",
		    source->name,
		    source->is_tally ? ", and take snapshots of it with --blocks too" : "");
	if (source->at.peak || source->at.moment != &profile->moments[profile->moment_count - 1])
		die(COMMAND_TROUBLE,
		    "%s: single blocks are known at the last moment only, which is "
		    "\"%s\"",
		    source->name, profile->state == PROFILE_RUNNING ? "now" : "exit");
}

void
cmd_report_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		die_errno(COMMAND_TROUBLE, errno, "standard output");
}
