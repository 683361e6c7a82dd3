/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_options_check.c - which options go together, and what is meant where none is given
 */
#include "config.h"

#include "cmd/report_options.h"

#include <string.h>

#include "cmd/command.h"
#include "util/error.h"

#define PROCESS_ALL       "all"
#define COMPARE_PROCESSES "`heaptally top --by process` compares processes, --process PID shows one"

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

void
report_options_check(struct report_options *options, struct argp_state *state)
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
