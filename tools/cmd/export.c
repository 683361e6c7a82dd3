/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/export.c - heaptally export: a file that another tool reads
 */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "export/export.h"
#include "model/rank.h"
#include "util/error.h"

struct arguments {
	struct report_options options;
	const char *operand;
};

/* Before anything is read: what would end on a terminal, or has no meaning in the format. */
static void
check_options(const struct report_options *options)
{
	const struct report_format *format = options->format;
	const struct group_options *group = &options->group;
	const char *path = options->output.path;
	bool is_stdout = path == NULL || strcmp(path, "-") == 0;

	if (format->is_binary && is_stdout && isatty(STDOUT_FILENO))
		die(COMMAND_TROUBLE,
		    "%s is binary, and standard output is a terminal: write to a file with -o",
		    format->name);
	if (format->has_no_stacks &&
	    (group->by != GROUP_BY_STACK || group->selection.filters.count > 0 ||
	     group->selection.suppressions.count > 0))
		die(COMMAND_TROUBLE,
		    "%s has no stacks, only the size of the whole heap: --by and filters do not go "
		    "with it",
		    format->name);
	if ((format->wants_history || format->wants_lifetimes) &&
	    (options->all_processes || group->by == GROUP_BY_PROCESS))
		die(COMMAND_TROUBLE, "%s is the course of one process, not of a sum", format->name);
	if (format->needs_totals && report_load_is_about_blocks(options))
		die(COMMAND_TROUBLE,
		    "%s needs to know what was freed, too, and single blocks tell only what is "
		    "live",
		    format->name);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_EXPORT], 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[FILE[@MOMENT]|PID]",
	.doc = "Write what was recorded in a format that another tool reads.\n\n"
	       "  heaptally export --format pprof -o app.pb.gz app.tally; go tool pprof app.pb.gz\n"
	       "  heaptally export --format folded app.tally | flamegraph.pl > app.svg\n"
	       "  heaptally export -o app.speedscope.json --at now 4711\n",
	.children = children,
};

static void
write_export(struct report_options *options, const struct export_input *input)
{
	struct term term;

	if (options->format->needs_totals && input->set->by_blocks)
		die(COMMAND_TROUBLE,
		    "%s needs to know what was freed, too, and single blocks tell only what is "
		    "live",
		    options->format->name);
	report_output_open(&options->output, TERM_COLOR_NEVER, &term);
	options->format->whole(&term, input);
	report_output_close(&options->output, &term);
}

/* To the user, about a file that is there now. */
static void
print_reader(const struct report_options *options)
{
	const char *reader = options->format->reader, *path = options->output.path;
	const char *place = reader != NULL ? strstr(reader, "%s") : NULL;
	char *safe;

	if (place == NULL || path == NULL || strcmp(path, "-") == 0 || !isatty(STDERR_FILENO))
		return;
	safe = term_escape(path);
	fprintf(stderr, "next      %.*s%s%s\n", (int)(place - reader), reader, safe, place + 2);
	free(safe);
}

int
cmd_export(int argc, char **argv)
{
	struct arguments arguments = {.operand = NULL};
	struct report_options *options = &arguments.options;
	struct place_options places = {.exact = false};
	struct place_table *table;
	struct group_set set;
	struct source source;

	report_options_init(options, REPORT_EXPORT);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	check_options(options);
	options->group.lifetimes = options->format->wants_lifetimes;
	options->history = options->format->wants_history;
	report_output_check(&options->output);
	report_load(options, arguments.operand, NULL, &source);
	places.exact = options->format->wants_addresses && options->group.by == GROUP_BY_STACK;
	table = place_table_new(&places);
	group_profile(source.profile, &source.at, &options->group, table, NULL, &set);
	rank_groups(&set, options->group.by, options->column, table);
	write_export(options, &(struct export_input){
				      .profile = source.profile,
				      .at = source.at,
				      .options = &options->group,
				      .column = options->column,
				      .set = &set,
				      .table = table,
			      });
	print_reader(options);
	group_set_release(&set);
	place_table_free(table);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
