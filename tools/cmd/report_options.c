/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/arguments.h"
#include "cmd/report_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "util/error.h"
#include "util/nearest.h"

#define PROCESS_ALL       "all"

#define COMPARE_PROCESSES "`heaptally top --by process` compares processes, --process PID shows one"

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

/* Rows of the tables below, each written once. */
/* clang-format off */
#define TITLE(text, group) {NULL, 0, NULL, 0, text, group}
#define TITLE_SHOWN        TITLE("What is shown:", 1)
#define TITLE_HOW          TITLE("How it is shown:", 3)
#define AT(moments)        {"at", OPTION_AT, "MOMENT", 0, moments, 1}
#define PROCESS \
	{"process", OPTION_PROCESS, "PID|COMMAND", 0, \
	 "which process of a file with several (default: the program that was run)", 1}
#define PROCESS_OR_ALL \
	{"process", OPTION_PROCESS, "PID|COMMAND|all", 0, \
	 "which process of a file with several, or the sum of all (default: the program that was " \
	 "run)", 1}
#define BY(keys)           {"by", OPTION_BY, "KEY", 0, "group by line (default), " keys, 1}
#define CUMULATIVE(text)   {"cumulative", OPTION_CUMULATIVE, NULL, 0, text, 1}
#define RAW_FRAMES(text)   {"raw-frames", OPTION_RAW_FRAMES, NULL, 0, text, 1}
#define WRAPPER \
	{"wrapper", OPTION_WRAPPER, "GLOB", 0, \
	 "take these functions for allocator wrappers too", 1}
#define INCLUDE \
	{"include", OPTION_INCLUDE, "FILTER", 0, \
	 "keep only what one of these matches; KEY is file, line, function, module, thread, " \
	 "allocator, domain, size, age or generation", 2}
#define EXCLUDE \
	{"exclude", OPTION_EXCLUDE, "FILTER", 0, "drop what one of these matches", 2}
#define FILTER_FILE \
	{"filter-file", OPTION_FILTER_FILE, "FILE", 0, \
	 "filters, one a line: +FILTER includes, -FILTER excludes, # is a comment", 2}
#define SUPPRESSIONS \
	{"suppressions", OPTION_SUPPRESSIONS, "FILE", 0, \
	 "leave out what is known not to be freed: leak:PATTERN lines of LeakSanitizer", 2}
#define ANY_FRAME \
	{"any-frame", OPTION_ANY_FRAME, NULL, 0, \
	 "filters look at all frames of a stack, not only at the one that names the site", 2}
#define ROWS(text)         {"rows", 'n', "N", 0, text, 3}
#define SORT \
	{"sort", OPTION_SORT, "COLUMN", 0, \
	 "live, blocks, peak, peak-blocks, total, allocs, temporary, lost or lost-blocks (default: live)", 3}
#define SORT_EXPORT \
	{"sort", OPTION_SORT, "COLUMN", 0, \
	 "live, blocks, peak, peak-blocks, total, allocs, temporary, lost or lost-blocks (default: live): the order of " \
	 "stacks, and the number of a folded one", 3}
#define FORMAT             {"format", OPTION_FORMAT, "FORMAT", 0, "see `help_filter`", 3}
#define OUTPUT \
	{"output", 'o', "FILE", 0, \
	 "write to FILE; without --format, its extension says the format", 3}
#define FORCE \
	{"force", 'f', NULL, 0, "replace the file that is written, if it exists", 3}
#define LIMIT(text)        {"limit", OPTION_LIMIT, "N", 0, text, 3}
#define RECENT_LAST(text)  {"most-recent-last", OPTION_RECENT_LAST, NULL, 0, text, 3}
#define FULL_NAMES \
	{"full-names", OPTION_FULL_NAMES, NULL, 0, "do not shorten names, paths and lines", 3}
#define COLOR \
	{"color", OPTION_COLOR, "WHEN", 0, "auto (default), always or never", 3}
#define DEBUGINFOD \
	{"debuginfod", OPTION_DEBUGINFOD, NULL, 0, \
	 "ask the servers in DEBUGINFOD_URLS for debug information", 3}
/* clang-format on */

#define FILTERS                                                                                \
	TITLE("Filters (GLOB, GLOB:LINE or KEY=GLOB, joined by commas for AND):", 2), INCLUDE, \
		EXCLUDE, FILTER_FILE, SUPPRESSIONS, ANY_FRAME

/* clang-format off */
/* Of `top` and `diff`. */
#define GROUPS \
	AT("peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL (default: " \
	   "now " \
	   "of what lives or lived when it was saved, else peak)"), \
	PROCESS_OR_ALL, \
	CUMULATIVE("count a block for every group on its stack, once each"), \
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"), \
	WRAPPER, \
	FILTERS, \
	TITLE_HOW, \
	ROWS("show N groups; 0 is all (default: 10 in text, else all)"), \
	SORT, \
	FORMAT, \
	OUTPUT, \
	FORCE, \
	LIMIT("frames of a stack: the N innermost, -N the outermost, 0 all (default: 12)"), \
	RECENT_LAST("print stacks from the outermost frame on"), \
	FULL_NAMES, \
	COLOR, \
	DEBUGINFOD
/* clang-format on */

static const struct argp_option top_table[] = {
	TITLE_SHOWN,
	BY("native (lines of C below those of Python), function, file, module, stack, tree "
	   "(callers down to sites), allocator, domain (malloc and the pools on top of it), "
	   "process, thread, size or generation"),
	GROUPS,
	{0},
};

static const struct argp_option diff_table[] = {
	TITLE_SHOWN,
	BY("native (lines of C below those of Python), function, file, module, stack, "
	   "allocator, domain, process, thread, size or generation"),
	GROUPS,
	{0},
};

static const struct argp_option blocks_table[] = {
	TITLE_SHOWN,
	PROCESS,
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,
	TITLE("Filters (GLOB, GLOB:LINE, KEY=GLOB, size=1K.., age=10s.., joined by commas for "
	      "AND):",
	      2),
	INCLUDE,
	EXCLUDE,
	FILTER_FILE,
	ANY_FRAME,
	TITLE_HOW,
	ROWS("show N blocks; 0 is all (default: 20 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	DEBUGINFOD,
	{0},
};

static const struct argp_option block_table[] = {
	PROCESS,
	RAW_FRAMES("show the frames of allocator wrappers and libraries of the language too"),
	FORMAT,
	OUTPUT,
	FORCE,
	LIMIT("frames of the stack: the N innermost, -N the outermost, 0 all (default)"),
	RECENT_LAST("print the stack from the outermost frame on"),
	FULL_NAMES,
	COLOR,
	{0},
};

static const struct argp_option annotate_table[] = {
	AT("peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL (default: "
	   "now "
	   "of what lives or lived when it was saved, else peak)"),
	PROCESS_OR_ALL,
	CUMULATIVE("a line also counts for what the functions that it calls allocate"),
	RAW_FRAMES("let the lines of allocator wrappers and of libraries of the language count"),
	FORMAT,
	OUTPUT,
	FORCE,
	COLOR,
	{0},
};

static const struct argp_option timeline_table[] = {PROCESS, FORMAT, OUTPUT, FORCE, COLOR, {0}};

static const struct argp_option growth_table[] = {
	TITLE_SHOWN, BY("function, file, module, allocator or domain"),
	PROCESS,     RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,     TITLE("Filters (GLOB, GLOB:LINE or KEY=GLOB, joined by commas for AND):", 2),
	INCLUDE,     EXCLUDE,
	FILTER_FILE, ANY_FRAME,
	TITLE_HOW,   ROWS("show N groups; 0 is all (default: 10 in text, else all)"),
	FORMAT,      OUTPUT,
	FORCE,       FULL_NAMES,
	COLOR,       DEBUGINFOD,
	{0},
};

static const struct argp_option leaks_table[] = {
	TITLE_SHOWN,
	BY("function, file or module"),
	PROCESS_OR_ALL,
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,
	FILTERS,
	TITLE_HOW,
	ROWS("show N places; 0 is all (default: 10 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	DEBUGINFOD,
	{0},
};

static const struct argp_option retained_table[] = {
	TITLE_SHOWN,
	BY("function, file or module"),
	PROCESS,
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,
	TITLE("Filters of sites (GLOB, GLOB:LINE or KEY=GLOB, joined by commas for AND):", 2),
	INCLUDE,
	EXCLUDE,
	FILTER_FILE,
	ANY_FRAME,
	TITLE_HOW,
	ROWS("show N roots and N places; 0 is all (default: 10 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	DEBUGINFOD,
	{0},
};

static const struct argp_option refs_table[] = {
	PROCESS,
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,
	TITLE_HOW,
	ROWS("show N pointers, or ways to be held; 0 is all (default: 10 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	DEBUGINFOD,
	{0},
};

static const struct argp_option info_table[] = {
	AT("exit, now, 12.5s, snap:N or mark:LABEL"),
	PROCESS_OR_ALL,
	ROWS("show N processes; 0 is all (default: 20)"),
	FORMAT,
	OUTPUT,
	FORCE,
	{0},
};

static const struct argp_option export_table[] = {
	TITLE_SHOWN,
	{"by", OPTION_BY, "KEY", 0,
	 "write the groups of `top --by KEY`: stack (default), line, function, file, module, "
	 "allocator, domain, process, thread, size or generation",
	 1},
	AT("peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL (default: "
	   "now of what lives or lived when it was saved, else peak)"),
	PROCESS_OR_ALL,
	RAW_FRAMES("keep allocator wrappers and libraries of the language at the end of a stack"),
	WRAPPER,
	FILTERS,
	TITLE("How it is written:", 3),
	SORT_EXPORT,
	FORMAT,
	OUTPUT,
	FORCE,
	DEBUGINFOD,
	{0},
};

static const struct argp_option page_table[] = {
	TITLE_SHOWN,
	AT("peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL (default: "
	   "now of what lives or lived when it was saved, else peak)"),
	PROCESS,
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site"),
	WRAPPER,
	FILTERS,
	TITLE_HOW,
	ROWS("show N lines in each table; 0 is all (default: 10)"),
	FORMAT,
	OUTPUT,
	FORCE,
	DEBUGINFOD,
	{0},
};

static const struct argp_option resident_table[] = {
	AT("now, exit, 12.5s, snap:N or mark:LABEL: the last that is known of then"),
	PROCESS,
	ROWS("show N rows in each list; 0 is all (default: 10 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	{0},
};

static const struct argp_option list_table[] = {FORMAT, OUTPUT, FORCE, {0}};

static int
parse_number(const char *text, long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtol(text, &end, 10);
	return *end || end == text || errno || labs(*ret_number) > 1000000000 ? -EINVAL : 0;
}

static void
parse_format(struct report_options *options, const char *word)
{
	options->format_given = true;
	options->format = report_format_find(options->kind, word);
	if (options->format == NULL)
		die(COMMAND_TROUBLE, "--format %s: not one of %s%s", word,
		    report_format_list(options->kind),
		    nearest_suggest(word, report_format_list(options->kind)));
}

static void
choose_format(struct report_options *options)
{
	if (options->format == NULL && options->output.path != NULL)
		options->format = report_format_find_extension(options->kind, options->output.path);
	if (options->format == NULL)
		options->format = report_format_default(options->kind);
	if (options->format == NULL)
		die(COMMAND_TROUBLE, "no --format is given: one of %s",
		    report_format_list(options->kind));
}

/* In text, the first rows are enough. */
static size_t
get_default_rows(const struct report_options *options)
{
	if (!options->format->is_for_people)
		return 0;
	return options->kind == REPORT_BLOCKS || options->kind == REPORT_INFO ? 20 : 10;
}

/* What is about a run as it went, or about resident memory, is about one process. */
static void
check_processes(struct report_options *options)
{
	static const char *const reasons[REPORT_RESIDENT + 1] = {
		[REPORT_TIMELINE] = "times count from the start of each process",
		[REPORT_GROWTH] = "the moments of a process are its own",
		[REPORT_PAGE] = "the page is about the run of one process",
		[REPORT_RESIDENT] = "pages that processes share would count once for each",
		[REPORT_BLOCKS] = "an address is that of one process",
		[REPORT_BLOCK] = "an address is that of one process",
		[REPORT_RETAINED] = "no pointer leads into another process",
		[REPORT_REFS] = "no pointer leads into another process",
	};
	const char *reason = reasons[options->kind];

	options->all_processes =
		options->process != NULL && strcmp(options->process, PROCESS_ALL) == 0;
	if (options->all_processes && reason != NULL)
		die(COMMAND_TROUBLE, "--process all: there is no sum, as %s; " COMPARE_PROCESSES,
		    reason);
}

void
report_options_refuse_key(const struct report_options *options, const char *sentence)
{
	static const char *const others[GROUP_BY_GENERATION + 1] = {
		[GROUP_BY_DOMAIN] = "; `heaptally top --by domain` compares pools",
		[GROUP_BY_PROCESS] = "; " COMPARE_PROCESSES,
	};
	enum group_by by = options->group.by;

	die(COMMAND_TROUBLE, "--by %s: %s%s", group_by_names[by], sentence,
	    others[by] != NULL ? others[by] : "");
}

static void
check_options(struct report_options *options, struct argp_state *state)
{
	check_processes(options);
	report_filters_apply(&options->words, options->any_frame, &options->group, state);
	if (options->group.cumulative && options->group.by > GROUP_BY_MODULE)
		argp_error(state, "--cumulative does not go with --by %s",
			   options->tree ? "tree" : group_by_names[options->group.by]);
	if (options->group.cumulative && options->group.ages)
		argp_error(state, "--cumulative does not go with --ages");
	choose_format(options);
	if (!options->rows_given)
		options->rows = get_default_rows(options);
	/* Sources have lines of their own. */
	options->output.folds = options->format->is_for_people && !options->full_names &&
				options->kind != REPORT_ANNOTATE;
}

static void
parse_words(struct report_options *options, int key, char *word, struct argp_state *state)
{
	const char *known = "";
	int result = 0;

	switch (key) {
	case OPTION_BY:
		options->tree = options->kind == REPORT_TOP && strcmp(word, "tree") == 0;
		options->group.selection.native = strcmp(word, GROUP_NATIVE) == 0;
		result = group_by_parse(options->tree                     ? "stack"
					: options->group.selection.native ? "line"
									  : word,
					&options->group.by);
		known = options->kind == REPORT_TOP
				? "line, native, function, file, module, stack, tree, allocator, "
				  "domain, process, thread, size, generation"
				: "line, native, function, file, module, stack, allocator, domain, "
				  "process, thread, size, generation";
		break;
	case OPTION_SORT:
		options->column = column_find(word);
		result = options->column ? 0 : -EINVAL;
		known = "live, blocks, peak, peak-blocks, total, allocs, temporary, lost, "
			"lost-blocks";
		break;
	case OPTION_COLOR:
		result = term_parse_color(word, &options->color);
		known = "auto, always, never";
		break;
	}
	if (result < 0)
		arguments_refuse_word(state, word, known);
}

static void
parse_numbers(struct report_options *options, int key, char *word, struct argp_state *state)
{
	long number;

	if (parse_number(word, &number) < 0 || (key == 'n' && number < 0))
		argp_error(state, "%s: not a number", word);
	if (key == 'n') {
		options->rows = (size_t)number;
		options->rows_given = true;
	} else {
		options->frames = (int)number;
	}
}

/* Options without a word, by where they are kept. */
static bool *
find_flag(struct report_options *options, int key)
{
	switch (key) {
	case OPTION_ANY_FRAME:
		return &options->any_frame;
	case OPTION_CUMULATIVE:
		return &options->group.cumulative;
	case OPTION_RAW_FRAMES:
		return &options->group.selection.raw_frames;
	case OPTION_RECENT_LAST:
		return &options->most_recent_last;
	case OPTION_FULL_NAMES:
		return &options->full_names;
	case OPTION_DEBUGINFOD:
		return &options->online;
	default:
		return NULL;
	}
}

static error_t
parse_filter(struct report_options *options, int key, char *word, struct argp_state *state)
{
	switch (key) {
	case OPTION_INCLUDE:
	case OPTION_EXCLUDE:
		report_filters_insert(&options->words, word, key == OPTION_INCLUDE);
		return 0;
	case OPTION_FILTER_FILE:
		report_filters_read(&options->words, word, state);
		return 0;
	case OPTION_SUPPRESSIONS:
		report_filters_read_suppressions(&options->group, word, state);
		return 0;
	case OPTION_WRAPPER:
		report_filters_insert_wrapper(&options->words, word);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct report_options *options = state->input;
	bool *flag = find_flag(options, key);

	if (flag != NULL) {
		*flag = true;
		return 0;
	}
	switch (key) {
	case OPTION_BY:
	case OPTION_SORT:
	case OPTION_COLOR:
		parse_words(options, key, word, state);
		return 0;
	case 'n':
	case OPTION_LIMIT:
		parse_numbers(options, key, word, state);
		return 0;
	case OPTION_FORMAT:
		parse_format(options, word);
		return 0;
	case 'o':
		options->output.path = word;
		return 0;
	case 'f':
		options->force = options->output.force = true;
		return 0;
	case OPTION_AT:
		options->at = word;
		return 0;
	case OPTION_PROCESS:
		options->process = word;
		return 0;
	case ARGP_KEY_END:
		check_options(options, state);
		return 0;
	default:
		return parse_filter(options, key, word, state);
	}
}

static char *
help_filter(int key, const char *text, void *input)
{
	const struct report_options *options = input;

	return key == OPTION_FORMAT && options != NULL ? report_format_help(options->kind)
						       : (char *)text;
}

#define ARGP(table)                                                                  \
	{                                                                            \
		.options = table, .parser = parse_option, .help_filter = help_filter \
	}

const struct argp report_options_argp[] = {
	[REPORT_TOP] = ARGP(top_table),           [REPORT_DIFF] = ARGP(diff_table),
	[REPORT_ANNOTATE] = ARGP(annotate_table), [REPORT_TIMELINE] = ARGP(timeline_table),
	[REPORT_BLOCKS] = ARGP(blocks_table),     [REPORT_BLOCK] = ARGP(block_table),
	[REPORT_INFO] = ARGP(info_table),         [REPORT_LIST] = ARGP(list_table),
	[REPORT_GROWTH] = ARGP(growth_table),     [REPORT_EXPORT] = ARGP(export_table),
	[REPORT_PAGE] = ARGP(page_table),         [REPORT_RESIDENT] = ARGP(resident_table),
	[REPORT_LEAKS] = ARGP(leaks_table),       [REPORT_RETAINED] = ARGP(retained_table),
	[REPORT_REFS] = ARGP(refs_table),
};

void
report_options_init(struct report_options *options, enum report_kind kind)
{
	memset(options, 0, sizeof(*options));
	options->kind = kind;
	options->column = &columns[0];
	options->frames = kind == REPORT_BLOCK ? 0 : 12;
	if (kind == REPORT_EXPORT)
		options->group.by = GROUP_BY_STACK;
}

void
report_options_release(struct report_options *options)
{
	filter_list_release(&options->group.selection.filters);
	suppress_list_release(&options->group.selection.suppressions);
	report_filters_release(&options->words);
	memset(options, 0, sizeof(*options));
}
