/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/diff.c - heaptally diff: what changed between two recordings
 */
#include "config.h"

#include <argp.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/diff_budgets.h"
#include "cmd/report_load.h"
#include "cmd/report_mapped.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/compare.h"
#include "model/diff.h"
#include "model/moment.h"
#include "model/path_map.h"
#include "util/error.h"
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
	struct diff_budgets budgets;
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
		diff_budgets_insert(&arguments->budgets, word);
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
		/* When all options are known: --any-frame may stand behind. */
		diff_budgets_parse(&arguments->budgets, arguments->options.any_frame, state);
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
				.budgets = arguments->budgets.items,
				.budget_count = arguments->budgets.count,
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
	diff_budgets_check_looks(&arguments.budgets, sources);
	find_mapped(&arguments, sources, sides, mapped);
	map_paths(&arguments, sources);
	choose_rules(&arguments, sides);
	compare(&arguments, sides, are_named, &comparison);
	diff_budgets_judge(&arguments.budgets, &arguments.options, sides, &comparison.diff,
			   comparison.table);
	show(&arguments, sides, &comparison, mapped);
	status = diff_budgets_report(&arguments.budgets, arguments.options.column);
	compare_release(&comparison);
	for (size_t i = 0; i < 2; i++) {
		report_mapped_release(&mapped[i]);
		source_release(&sources[i]);
	}
	diff_budgets_release(&arguments.budgets);
	path_map_release(&arguments.paths);
	report_options_release(&arguments.options);
	return status;
}
