/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_tables.h"

#include <stddef.h>

/* clang-format off */

/* Rows of the tables below, each written once. */
#define TITLE(text, group) {NULL, 0, NULL, 0, text, group}
#define TITLE_SHOWN        TITLE("What is shown:", 1)
#define TITLE_HOW          TITLE("How it is shown:", 3)
#define TITLE_FILTERS      TITLE("Filters (GLOB, GLOB:LINE or KEY=GLOB, joined by commas for AND):", 2)
#define AT(moments)        {"at", REPORT_OPTION_AT, "MOMENT", 0, moments, 1}
#define AT_ANY \
	AT("peak, now, exit, 12.5s, snap:N (1 is the first, -1 the last) or mark:LABEL (default: now of " \
	   "what lives or lived when it was saved, else peak)")
#define PROCESS \
	{"process", REPORT_OPTION_PROCESS, "PID|COMMAND", 0, \
	 "which process of a file with several (default: the program that was run)", 1}
#define PROCESS_OR_ALL \
	{"process", REPORT_OPTION_PROCESS, "PID|COMMAND|all", 0, \
	 "which process of a file with several, or the sum of all (default: the program that was " \
	 "run)", 1}
#define BY(keys)           {"by", REPORT_OPTION_BY, "KEY", 0, "group by line (default), " keys, 1}
#define CUMULATIVE(text)   {"cumulative", REPORT_OPTION_CUMULATIVE, NULL, 0, text, 1}
#define RAW_FRAMES(text)   {"raw-frames", REPORT_OPTION_RAW_FRAMES, NULL, 0, text, 1}
#define RAW_FRAMES_NAME \
	RAW_FRAMES("let allocator wrappers and libraries of the language name a site")
#define WRAPPER \
	{"wrapper", REPORT_OPTION_WRAPPER, "GLOB", 0, \
	 "take these functions for allocator wrappers too", 1}
#define INCLUDE \
	{"include", REPORT_OPTION_INCLUDE, "FILTER", 0, \
	 "keep only what one of these matches; KEY is file, line, function, module, thread, " \
	 "allocator, domain, size, age or generation", 2}
#define EXCLUDE \
	{"exclude", REPORT_OPTION_EXCLUDE, "FILTER", 0, "drop what one of these matches", 2}
#define FILTER_FILE \
	{"filter-file", REPORT_OPTION_FILTER_FILE, "FILE", 0, \
	 "filters, one a line: +FILTER includes, -FILTER excludes, # is a comment", 2}
#define SUPPRESSIONS \
	{"suppressions", REPORT_OPTION_SUPPRESSIONS, "FILE", 0, \
	 "leave out what is known not to be freed: leak:PATTERN lines of LeakSanitizer", 2}
#define ANY_FRAME \
	{"any-frame", REPORT_OPTION_ANY_FRAME, NULL, 0, \
	 "filters look at all frames of a stack, not only at the one that names the site", 2}
#define ROWS(text)         {"rows", REPORT_OPTION_ROWS, "N", 0, text, 3}
#define SORT \
	{"sort", REPORT_OPTION_SORT, "COLUMN", 0, \
	 "live, blocks, peak, peak-blocks, total, allocs, temporary, lost or lost-blocks (default: live)", 3}
#define SORT_EXPORT \
	{"sort", REPORT_OPTION_SORT, "COLUMN", 0, \
	 "live, blocks, peak, peak-blocks, total, allocs, temporary, lost or lost-blocks (default: live): the order of " \
	 "stacks, and the number of a folded one", 3}
#define FORMAT             {"format", REPORT_OPTION_FORMAT, "FORMAT", 0, "see `help_filter`", 3}
#define OUTPUT \
	{"output", REPORT_OPTION_OUTPUT, "FILE", 0, \
	 "write to FILE; without --format, its extension says the format", 3}
#define FORCE \
	{"force", REPORT_OPTION_FORCE, NULL, 0, "replace the file that is written, if it exists", 3}
#define LIMIT(text)        {"limit", REPORT_OPTION_LIMIT, "N", 0, text, 3}
#define RECENT_LAST(text)  {"most-recent-last", REPORT_OPTION_RECENT_LAST, NULL, 0, text, 3}
#define FULL_NAMES \
	{"full-names", REPORT_OPTION_FULL_NAMES, NULL, 0, "do not shorten names, paths and lines", 3}
#define COLOR \
	{"color", REPORT_OPTION_COLOR, "WHEN", 0, "auto (default), always or never", 3}
#define DEBUGINFOD \
	{"debuginfod", REPORT_OPTION_DEBUGINFOD, NULL, 0, \
	 "ask the servers in DEBUGINFOD_URLS for debug information", 3}

#define FILTERS TITLE_FILTERS, INCLUDE, EXCLUDE, FILTER_FILE, SUPPRESSIONS, ANY_FRAME

/* Of `top` and `diff`. */
#define GROUPS \
	AT_ANY, \
	PROCESS_OR_ALL, \
	CUMULATIVE("count a block for every group on its stack, once each"), \
	RAW_FRAMES_NAME, \
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

const struct argp_option report_table_top[] = {
	TITLE_SHOWN,
	BY("native (lines of C below those of Python), function, file, module, stack, tree "
	   "(callers down to sites), allocator, domain (malloc and the pools on top of it), "
	   "process, thread, size or generation"),
	GROUPS,
	{0},
};

const struct argp_option report_table_diff[] = {
	TITLE_SHOWN,
	BY("native (lines of C below those of Python), function, file, module, stack, "
	   "allocator, domain, process, thread, size or generation"),
	GROUPS,
	{0},
};

const struct argp_option report_table_blocks[] = {
	TITLE_SHOWN,
	PROCESS,
	RAW_FRAMES_NAME,
	WRAPPER,
	TITLE("Filters (GLOB, GLOB:LINE, KEY=GLOB, size=1K.., age=10s.., joined by commas for AND):", 2),
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

const struct argp_option report_table_block[] = {
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

const struct argp_option report_table_annotate[] = {
	AT_ANY,
	PROCESS_OR_ALL,
	CUMULATIVE("a line also counts for what the functions that it calls allocate"),
	RAW_FRAMES("let the lines of allocator wrappers and of libraries of the language count"),
	FORMAT,
	OUTPUT,
	FORCE,
	COLOR,
	{0},
};

const struct argp_option report_table_timeline[] = {PROCESS, FORMAT, OUTPUT, FORCE, COLOR, {0}};

const struct argp_option report_table_growth[] = {
	TITLE_SHOWN,
	BY("function, file, module, allocator or domain"),
	PROCESS,
	RAW_FRAMES_NAME,
	WRAPPER,
	TITLE_FILTERS,
	INCLUDE,
	EXCLUDE,
	FILTER_FILE,
	ANY_FRAME,
	TITLE_HOW,
	ROWS("show N groups; 0 is all (default: 10 in text, else all)"),
	FORMAT,
	OUTPUT,
	FORCE,
	FULL_NAMES,
	COLOR,
	DEBUGINFOD,
	{0},
};

const struct argp_option report_table_leaks[] = {
	TITLE_SHOWN,
	BY("function, file or module"),
	PROCESS_OR_ALL,
	RAW_FRAMES_NAME,
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

const struct argp_option report_table_retained[] = {
	TITLE_SHOWN,
	BY("function, file or module"),
	PROCESS,
	RAW_FRAMES_NAME,
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

const struct argp_option report_table_refs[] = {
	PROCESS,
	RAW_FRAMES_NAME,
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

const struct argp_option report_table_info[] = {
	AT("exit, now, 12.5s, snap:N or mark:LABEL"),
	PROCESS_OR_ALL,
	ROWS("show N processes; 0 is all (default: 20)"),
	FORMAT,
	OUTPUT,
	FORCE,
	{0},
};

const struct argp_option report_table_export[] = {
	TITLE_SHOWN,
	{"by", REPORT_OPTION_BY, "KEY", 0,
	 "write the groups of `top --by KEY`: stack (default), line, function, file, module, "
	 "allocator, domain, process, thread, size or generation",
	 1},
	AT_ANY,
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

const struct argp_option report_table_page[] = {
	TITLE_SHOWN,
	AT_ANY,
	PROCESS,
	RAW_FRAMES_NAME,
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

const struct argp_option report_table_resident[] = {
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

const struct argp_option report_table_list[] = {FORMAT, OUTPUT, FORCE, {0}};

/* clang-format on */
