/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_tables.h"
#include "util/error.h"
#include "util/nearest.h"

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
parse_words(struct report_options *options, int key, char *word, struct argp_state *state)
{
	const char *known = "";
	int result = 0;

	switch (key) {
	case REPORT_OPTION_BY:
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
	case REPORT_OPTION_SORT:
		options->column = column_find(word);
		result = options->column ? 0 : -EINVAL;
		known = "live, blocks, peak, peak-blocks, total, allocs, temporary, lost, "
			"lost-blocks";
		break;
	case REPORT_OPTION_COLOR:
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

	if (parse_number(word, &number) < 0 || (key == REPORT_OPTION_ROWS && number < 0))
		argp_error(state, "%s: not a number", word);
	if (key == REPORT_OPTION_ROWS) {
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
	case REPORT_OPTION_ANY_FRAME:
		return &options->any_frame;
	case REPORT_OPTION_CUMULATIVE:
		return &options->group.cumulative;
	case REPORT_OPTION_RAW_FRAMES:
		return &options->group.selection.raw_frames;
	case REPORT_OPTION_RECENT_LAST:
		return &options->most_recent_last;
	case REPORT_OPTION_FULL_NAMES:
		return &options->full_names;
	case REPORT_OPTION_DEBUGINFOD:
		return &options->online;
	default:
		return NULL;
	}
}

static error_t
parse_filter(struct report_options *options, int key, char *word, struct argp_state *state)
{
	switch (key) {
	case REPORT_OPTION_INCLUDE:
	case REPORT_OPTION_EXCLUDE:
		report_filters_insert(&options->words, word, key == REPORT_OPTION_INCLUDE);
		return 0;
	case REPORT_OPTION_FILTER_FILE:
		report_filters_read(&options->words, word, state);
		return 0;
	case REPORT_OPTION_SUPPRESSIONS:
		report_filters_read_suppressions(&options->group, word, state);
		return 0;
	case REPORT_OPTION_WRAPPER:
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
	case REPORT_OPTION_BY:
	case REPORT_OPTION_SORT:
	case REPORT_OPTION_COLOR:
		parse_words(options, key, word, state);
		return 0;
	case REPORT_OPTION_ROWS:
	case REPORT_OPTION_LIMIT:
		parse_numbers(options, key, word, state);
		return 0;
	case REPORT_OPTION_FORMAT:
		parse_format(options, word);
		return 0;
	case REPORT_OPTION_OUTPUT:
		options->output.path = word;
		return 0;
	case REPORT_OPTION_FORCE:
		options->force = options->output.force = true;
		return 0;
	case REPORT_OPTION_AT:
		options->at = word;
		return 0;
	case REPORT_OPTION_PROCESS:
		options->process = word;
		return 0;
	case ARGP_KEY_END:
		report_options_check(options, state);
		return 0;
	default:
		return parse_filter(options, key, word, state);
	}
}

static char *
help_filter(int key, const char *text, void *input)
{
	const struct report_options *options = input;

	return key == REPORT_OPTION_FORMAT && options != NULL ? report_format_help(options->kind)
							      : (char *)text;
}

#define ARGP(table)                                                                  \
	{                                                                            \
		.options = table, .parser = parse_option, .help_filter = help_filter \
	}

const struct argp report_options_argp[] = {
	[REPORT_TOP] = ARGP(report_table_top),
	[REPORT_DIFF] = ARGP(report_table_diff),
	[REPORT_ANNOTATE] = ARGP(report_table_annotate),
	[REPORT_TIMELINE] = ARGP(report_table_timeline),
	[REPORT_BLOCKS] = ARGP(report_table_blocks),
	[REPORT_BLOCK] = ARGP(report_table_block),
	[REPORT_INFO] = ARGP(report_table_info),
	[REPORT_LIST] = ARGP(report_table_list),
	[REPORT_GROWTH] = ARGP(report_table_growth),
	[REPORT_EXPORT] = ARGP(report_table_export),
	[REPORT_PAGE] = ARGP(report_table_page),
	[REPORT_RESIDENT] = ARGP(report_table_resident),
	[REPORT_LEAKS] = ARGP(report_table_leaks),
	[REPORT_RETAINED] = ARGP(report_table_retained),
	[REPORT_REFS] = ARGP(report_table_refs),
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
