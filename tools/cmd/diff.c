/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/diff.c - heaptally diff: what changed between two recordings
 */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_mapped.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/budget.h"
#include "model/compare.h"
#include "model/diff.h"
#include "model/filter_hint.h"
#include "model/leak_report.h"
#include "model/moment.h"
#include "model/path_map.h"
#include "util/error.h"
#include "util/human.h"
#include "util/xalloc.h"
#include "view/diff.h"

enum {
	OPTION_ALL = 512,
	OPTION_BUDGET,
	OPTION_ONLY_GROWTH,
	OPTION_PATH_MAP,
};

struct arguments {
	struct report_options options;
	const char *operands[2];
	size_t operand_count;
	bool all, only_growth;
	const char **budget_words;
	struct budget *budgets;
	size_t budget_count;
	struct path_map paths;
};

static const struct argp_option option_table[] = {
	{"all", OPTION_ALL, NULL, 0, "show groups that did not change too", 0},
	{"only-growth", OPTION_ONLY_GROWTH, NULL, 0,
	 "show only groups that have grown in the column that is sorted by", 0},
	{"path-map", OPTION_PATH_MAP, "OLD=NEW", 0,
	 "the source files below the folder OLD in the old recording are those below NEW in the "
	 "new "
	 "one; may be repeated (default: files are matched by the ends of their paths)",
	 0},
	{"budget", OPTION_BUDGET, "NAME=LIMIT", 0,
	 "exit with 1 if NEW is over the limit: peak=+5%, live=+1MiB, total=64MiB, blocks=1000, "
	 "or of some sites, with a filter: 'function=parse_*=+5%', 'total:*/cache.c=1MiB'",
	 0},
	{0},
};

static void
insert_budget(struct arguments *arguments, const char *word)
{
	arguments->budget_words =
		xreallocarray(arguments->budget_words, arguments->budget_count + 1,
			      sizeof(*arguments->budget_words));
	arguments->budget_words[arguments->budget_count++] = word;
}

/* When all options are known: --any-frame may stand behind. */
static void
make_budgets(struct arguments *arguments, struct argp_state *state)
{
	char *why;

	arguments->budgets = xcalloc(arguments->budget_count + 1, sizeof(*arguments->budgets));
	for (size_t i = 0; i < arguments->budget_count; i++) {
		if (budget_parse(arguments->budget_words[i], arguments->options.any_frame,
				 &arguments->budgets[i], &why) < 0)
			argp_error(state, "%s", why);
	}
}

static error_t
parse_argument(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_ALL:
		arguments->all = true;
		return 0;
	case OPTION_ONLY_GROWTH:
		arguments->only_growth = true;
		return 0;
	case OPTION_PATH_MAP:
		if (path_map_insert(&arguments->paths, word) != 0)
			argp_error(state, "--path-map %s: not of the form OLD=NEW", word);
		return 0;
	case OPTION_BUDGET:
		insert_budget(arguments, word);
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
		make_budgets(arguments, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_DIFF], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_argument,
	.args_doc = "OLD[@MOMENT] NEW[@MOMENT]",
	.doc = "Show what changed between two recordings, or between two moments of one.\n\n"
	       "  heaptally diff main.tally pr.tally --budget peak=+5%\n"
	       "  heaptally diff app.tally@snap:1 app.tally@exit\n"
	       "  heaptally diff --by function old.tally new.tally\n",
	.children = children,
};

/* Whether any site of the profile passes the filter of a budget; *ret_sum is what they hold. */
static bool
add_up(const struct group_options *grouping, const struct profile *profile,
       const struct profile_at *at, const struct diff *diff, struct place_table *table,
       struct profile_values *ret_sum)
{
	struct group_set set;
	bool any;

	group_profile(profile, at, grouping, table, diff->alias, &set);
	*ret_sum = set.sum;
	any = set.count > 0;
	group_set_release(&set);
	return any;
}

/* What the sites that pass the filter of a budget hold on one side; false if there are none. */
static bool
measure_sites(const struct budget *budget, const struct report_options *options,
	      const struct diff_side *side, const struct diff *diff, struct place_table *table,
	      int64_t *ret_value)
{
	const struct profile *profile = side->profile;
	const struct profile_at end = {.moment = &profile->moments[profile->moment_count - 1]};
	struct group_options grouping = options->group;
	struct profile_at at = side->at;
	struct profile_values sum;
	bool any;

	grouping.by = GROUP_BY_LINE;
	grouping.cumulative = false;
	grouping.selection.filters = budget->filters;
	grouping.selection.system_rules = false;
	/* A column that was named is that of the end, as for the whole program. */
	if (budget->column)
		at.peak = false;
	any = add_up(&grouping, profile, &at, diff, table, &sum);
	*ret_value = column_get(budget->column ? budget->column : options->column, &sum);
	/* There may be sites that allocate later than at the moment shown. */
	return any ||
	       (at.moment != end.moment && add_up(&grouping, profile, &end, diff, table, &sum));
}

/* A misspelt name or a renamed file must not turn a gate green for good. */
static void
refuse_budget(const struct budget *budget, const struct place_table *table)
{
	char *hint = filter_hint(&budget->filters, table);

	die(COMMAND_TROUBLE, "%s: nothing matches this budget, in OLD or NEW%s%s", budget->name,
	    hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

/* As `heaptally leaks` counts it: less what system libraries keep. */
static int64_t
count_lost(const struct profile *profile, const struct column *column)
{
	struct leak_values sum;

	leak_report_sum(profile, &sum);
	return (int64_t)(column->unit == COLUMN_BYTES ? leak_values_get_lost_bytes(&sum)
						      : leak_values_get_lost_blocks(&sum));
}

/* Ends the command where a budget is about what nobody has looked for. */
static void
check_looks(const struct arguments *arguments, const struct source *sources)
{
	for (size_t i = 0; i < arguments->budget_count; i++)
		if (arguments->budgets[i].column != NULL &&
		    column_is_of_look(arguments->budgets[i].column))
			for (size_t k = 0; k < 2; k++)
				report_load_need_look(&sources[k]);
}

static void
judge_budgets(struct arguments *arguments, const struct diff_side *sides, const struct diff *diff,
	      struct place_table *table)
{
	for (size_t i = 0; i < arguments->budget_count; i++) {
		struct budget *budget = &arguments->budgets[i];
		int64_t values[2];
		bool any = false;

		for (size_t k = 0; k < 2; k++) {
			if (budget->filters.count > 0)
				any |= measure_sites(budget, &arguments->options, &sides[k], diff,
						     table, &values[k]);
			else if (column_is_of_look(budget->column))
				values[k] = count_lost(sides[k].profile, budget->column);
			else
				values[k] = column_get(budget->column, &sides[k].at.moment->sum);
		}
		if (budget->filters.count > 0 && !any)
			refuse_budget(budget, table);
		budget_judge(budget, values[0], values[1]);
	}
}

/* One line for each broken budget. */
static int
report_budgets(const struct arguments *arguments)
{
	int status = COMMAND_OK;

	for (size_t i = 0; i < arguments->budget_count; i++) {
		const struct budget *budget = &arguments->budgets[i];
		const struct column *column =
			budget->column ? budget->column : arguments->options.column;
		char from[HUMAN_BYTES], to[HUMAN_BYTES], share[HUMAN_BYTES];
		bool bytes = column->unit == COLUMN_BYTES;

		if (!budget->is_broken)
			continue;
		status = COMMAND_EXCEEDED;
		human_percent_change((double)budget->new - (double)budget->old, (double)budget->old,
				     share);
		warn("%s went from %s to %s (%s%s), the budget is %s", budget->name,
		     bytes ? human_size(budget->old, from)
			   : human_count((uint64_t)budget->old, from),
		     bytes ? human_size(budget->new, to) : human_count((uint64_t)budget->new, to),
		     share, strcmp(share, "new") == 0 ? "" : " %", budget->limit_text);
	}
	return status;
}

static void
release_budgets(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->budget_count; i++)
		budget_release(&arguments->budgets[i]);
	free(arguments->budgets);
	free(arguments->budget_words);
}

static void
report(struct report_options *options, const struct view_diff *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->diff(&term, view);
	report_output_close(&options->output, &term);
}

/* Read both sides, and give them moments of the same kind. True if the user chose any. */
static bool
load_sides(struct arguments *arguments, struct source *sources, struct diff_side *ret_sides)
{
	struct moment_side sides[2];
	bool same_process;

	for (size_t i = 0; i < 2; i++) {
		report_load(&arguments->options, arguments->operands[i], NULL, &sources[i]);
		sides[i] = (struct moment_side){
			.profile = sources[i].profile,
			.at = sources[i].at,
			.is_named = sources[i].is_named,
		};
	}
	same_process = strcmp(sources[0].path, sources[1].path) == 0 &&
		       sources[0].profile->pid == sources[1].profile->pid;
	moment_fit_sides(sides, same_process);
	for (size_t i = 0; i < 2; i++)
		ret_sides[i] = (struct diff_side){.profile = sides[i].profile, .at = sides[i].at};
	return sources[0].is_named || sources[1].is_named;
}

/* What is known of one side only has not come or gone. */
static void
find_mapped(const struct arguments *arguments, struct source *sources, struct diff_side *sides,
	    struct report_mapped *ret_mapped)
{
	for (size_t i = 0; i < 2; i++) {
		sources[i].at = sides[i].at;
		report_mapped_init(&ret_mapped[i], &arguments->options, &sources[i]);
	}
	for (size_t i = 0; i < 2 && ret_mapped[0].is_known && ret_mapped[1].is_known; i++) {
		sides[i].mapped = ret_mapped[i].sites;
		sides[i].mapped_count = ret_mapped[i].count;
	}
}

/* Let the old files have the names of the new ones. */
static void
map_paths(struct arguments *arguments, const struct source *sources)
{
	struct path_map *paths = &arguments->paths;

	path_map_apply(paths, sources[0].profile);
	for (size_t i = 0; i < paths->count; i++)
		if (paths->rules[i].files == 0)
			die(COMMAND_TROUBLE, "--path-map %s=%s: no source file of %s is below %s",
			    paths->rules[i].from, paths->rules[i].to, arguments->operands[0],
			    paths->rules[i].from);
	if (!arguments->options.format->keeps_lines)
		path_map_match(paths, sources[0].profile, sources[1].profile);
}

/* What system libraries keep is apart for people, where that is known of both sides. */
static void
choose_rules(struct arguments *arguments, const struct diff_side *sides)
{
	bool both = true;

	for (size_t i = 0; i < 2; i++) {
		struct profile_at at = sides[i].at;

		at.peak = false;
		both = both && group_is_end_of_run(sides[i].profile, &at);
	}
	arguments->options.group.selection.system_rules =
		both && arguments->options.format->is_for_people;
}

static void
compare(const struct arguments *arguments, const struct diff_side *sides, bool keeps_moments,
	struct comparison *ret_comparison)
{
	const struct report_options *options = &arguments->options;
	const struct compare_options how = {
		.group = &options->group,
		.match_moved = !options->format->keeps_lines,
		.keeps_moments = keeps_moments,
		.keeps_column = !options->format->is_for_people || options->column != &columns[0] ||
				group_needs_blocks(&options->group, sides[0].profile),
	};

	*ret_comparison = (struct comparison){
		.sides = {sides[0], sides[1]},
		.column = options->column,
	};
	compare_init(ret_comparison, &how);
}

static const struct profile_mapped *
get_mapped(const struct comparison *comparison, const struct report_mapped *mapped)
{
	return mapped->is_known && !comparison->is_other ? &mapped->sum : NULL;
}

static void
show(struct arguments *arguments, const struct diff_side *meant, struct comparison *comparison,
     const struct report_mapped *mapped)
{
	struct report_options *options = &arguments->options;

	if (arguments->only_growth)
		diff_keep_growth(&comparison->diff, comparison->column);
	diff_rank(&comparison->diff, options->group.by, comparison->column, comparison->table);
	report(options, &(struct view_diff){
				.old = &comparison->sides[0],
				.new = &comparison->sides[1],
				.old_name = arguments->operands[0],
				.new_name = arguments->operands[1],
				.meant = comparison->is_other ? meant : NULL,
				.options = &options->group,
				.column = comparison->column,
				.diff = &comparison->diff,
				.table = comparison->table,
				.rows = options->rows,
				.all = arguments->all,
				.only_growth = arguments->only_growth,
				.paths = &arguments->paths,
				.frames = options->frames,
				.most_recent_last = options->most_recent_last,
				.full_names = options->full_names,
				.budgets = arguments->budgets,
				.budget_count = arguments->budget_count,
				.mapped = {get_mapped(comparison, &mapped[0]),
					   get_mapped(comparison, &mapped[1])},
			});
}

int
cmd_diff(int argc, char **argv)
{
	struct arguments arguments = {.operand_count = 0};
	struct comparison comparison;
	struct source sources[2];
	struct report_mapped mapped[2];
	struct diff_side sides[2];
	bool are_named;
	int status;

	report_options_init(&arguments.options, REPORT_DIFF);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	are_named = load_sides(&arguments, sources, sides);
	check_looks(&arguments, sources);
	find_mapped(&arguments, sources, sides, mapped);
	map_paths(&arguments, sources);
	choose_rules(&arguments, sides);
	compare(&arguments, sides, are_named, &comparison);
	judge_budgets(&arguments, sides, &comparison.diff, comparison.table);
	show(&arguments, sides, &comparison, mapped);
	status = report_budgets(&arguments);
	compare_release(&comparison);
	for (size_t i = 0; i < 2; i++) {
		report_mapped_release(&mapped[i]);
		source_release(&sources[i]);
	}
	release_budgets(&arguments);
	path_map_release(&arguments.paths);
	report_options_release(&arguments.options);
	return status;
}
