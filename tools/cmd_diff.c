/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_diff.c - heaptally diff: what changed between two recordings
 */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "cmd_report.h"
#include "command.h"
#include "diff.h"
#include "util/error.h"
#include "util/human.h"
#include "util/xalloc.h"
#include "view_diff.h"

enum {
	OPTION_ALL = 512,
	OPTION_BUDGET,
	OPTION_ONLY_GROWTH,
};

struct arguments {
	struct cmd_report report;
	const char *operands[2];
	size_t operand_count;
	bool all, only_growth;
	struct budget *budgets;
	size_t budget_count;
};

static const struct argp_option options[] = {
	{"all", OPTION_ALL, NULL, 0, "show groups that did not change too", 0},
	{"only-growth", OPTION_ONLY_GROWTH, NULL, 0,
	 "show only groups that have grown in the column that is sorted by", 0},
	{"budget", OPTION_BUDGET, "NAME=LIMIT", 0,
	 "exit with 1 if NEW is over the limit: peak=+5%, live=+1MiB, total=64MiB, blocks=1000", 0},
	{0},
};

static void
insert_budget(struct arguments *arguments, const char *word, struct argp_state *state)
{
	char *why;

	arguments->budgets = xreallocarray(arguments->budgets, arguments->budget_count + 1,
					   sizeof(*arguments->budgets));
	if (budget_parse(word, &arguments->budgets[arguments->budget_count++], &why) < 0)
		argp_error(state, "%s", why);
}

static error_t
parse_argument(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->report;
		return 0;
	case OPTION_ALL:
		arguments->all = true;
		return 0;
	case OPTION_ONLY_GROWTH:
		arguments->only_growth = true;
		return 0;
	case OPTION_BUDGET:
		insert_budget(arguments, word, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->operand_count == 2)
			argp_error(state, "%s: two files or processes are compared", word);
		arguments->operands[arguments->operand_count++] = word;
		return 0;
	case ARGP_KEY_END:
		if (arguments->all && arguments->only_growth)
			argp_error(state, "--all does not go with --only-growth");
		if (arguments->operand_count < 2)
			argp_error(state, "two files or processes are needed: OLD NEW");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&cmd_report_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = options,
	.parser = parse_argument,
	.args_doc = "OLD[@MOMENT] NEW[@MOMENT]",
	.doc = "Show what changed between two recordings, or between two moments of one.\n\n"
	       "  heaptally diff main.tally pr.tally --budget peak=+5%\n"
	       "  heaptally diff app.tally@snap:1 app.tally@exit\n"
	       "  heaptally diff --by function old.tally new.tally\n",
	.children = children,
};

static void
print(const struct arguments *arguments, const struct view_diff *view)
{
	struct term term;

	switch (arguments->report.format) {
	case REPORT_TEXT:
		term_init(&term, stdout, arguments->report.color);
		view_diff_text(&term, view);
		break;
	case REPORT_JSON:
		view_diff_json(stdout, view);
		break;
	case REPORT_CSV:
		view_diff_csv(stdout, view);
		break;
	case REPORT_TRACEMALLOC:
		view_diff_tracemalloc(stdout, view);
		break;
	}
}

/* Budgets are on the whole programs: limits on single groups flap when code moves. */
static int
check_budgets(const struct arguments *arguments, const struct profile_values *old,
	      const struct profile_values *new)
{
	int status = COMMAND_OK;

	for (size_t i = 0; i < arguments->budget_count; i++) {
		const struct budget *budget = &arguments->budgets[i];
		int64_t before = column_get(budget->column, old);
		int64_t after = column_get(budget->column, new);
		char from[HUMAN_BYTES], to[HUMAN_BYTES], share[HUMAN_BYTES];
		bool bytes = budget->column->unit == COLUMN_BYTES;

		if (!budget_is_broken(budget, before, after))
			continue;
		status = COMMAND_EXCEEDED;
		human_percent_change((double)after - (double)before, (double)before, share);
		warn("%s went from %s to %s (%s%s), the budget is %s", budget->column->name,
		     bytes ? human_size(before, from) : human_count((uint64_t)before, from),
		     bytes ? human_size(after, to) : human_count((uint64_t)after, to), share,
		     strcmp(share, "new") == 0 ? "" : " %", strchr(budget->text, '=') + 1);
	}
	return status;
}

int
cmd_diff(int argc, char **argv)
{
	struct arguments arguments = {.operand_count = 0};
	struct cmd_report *report = &arguments.report;
	struct place_options places = {.across_builds = true};
	struct place_table *table = place_table_new(&places);
	struct source sources[2];
	struct diff_side sides[2];
	struct diff diff;
	int status;

	cmd_report_init(report);
	report->not_of_blocks = "sizes, ages and generations of single blocks are for top and "
				"blocks, not for diff";
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	for (size_t i = 0; i < 2; i++) {
		cmd_report_read(report, arguments.operands[i], "peak", &sources[i]);
		sides[i] = (struct diff_side){sources[i].profile, sources[i].at};
	}
	diff_profiles(&sides[0], &sides[1], &report->group, report->format != REPORT_TRACEMALLOC,
		      table, &diff);
	if (arguments.only_growth)
		diff_keep_growth(&diff, report->column);
	diff_rank(&diff, report->group.by, report->column, table);
	print(&arguments, &(struct view_diff){
				  .old = &sides[0],
				  .new = &sides[1],
				  .old_name = arguments.operands[0],
				  .new_name = arguments.operands[1],
				  .options = &report->group,
				  .column = report->column,
				  .diff = &diff,
				  .table = table,
				  .rows = report->rows,
				  .all = arguments.all,
				  .frames = report->frames,
				  .most_recent_last = report->most_recent_last,
				  .full_names = report->full_names,
			  });
	cmd_report_finish();
	status = check_budgets(&arguments, &sides[0].at.moment->sum, &sides[1].at.moment->sum);
	diff_release(&diff);
	place_table_free(table);
	for (size_t i = 0; i < 2; i++)
		source_release(&sources[i]);
	free(arguments.budgets);
	cmd_report_release(report);
	return status;
}
