/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top.c - heaptally top: which lines hold the memory
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_mapped.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "cmd/top_refresh.h"
#include "model/rank.h"
#include "model/tree.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/human.h"
#include "util/xalloc.h"
#include "view/processes.h"
#include "view/top.h"

#define REFRESH_LEAST 0.01 /* seconds */
#define TREE_LEAST    0.01 /* of all, that a branch holds which is shown */
#define REFRESH_MOST  1e6

enum {
	OPTION_REFRESH = 512, /* apart from those of `report_options` */
	OPTION_COUNT,
	OPTION_AGES,
	OPTION_CALLERS_OF,
	OPTION_NO_SYSTEM_RULES,
	OPTION_SHOW_SYSTEM_RULES,
};

struct arguments {
	struct report_options options;
	const char *operand;
	const char *callers_of; /* or NULL */
	bool no_system_rules, show_system_rules;
	double refresh_seconds; /* 0: once */
	unsigned long count;    /* 0: no limit */
};

static const struct argp_option option_table[] = {
	{"callers-of", OPTION_CALLERS_OF, "FUNCTION", 0,
	 "a tree of who calls it, a name or a GLOB, with what was allocated in it and below", 1},
	{"no-system-rules", OPTION_NO_SYSTEM_RULES, NULL, 0,
	 "count what system libraries keep by design as not freed, too", 2},
	{"show-system-rules", OPTION_SHOW_SYSTEM_RULES, NULL, 0,
	 "list the rules for that, and what each left out; without a moment, at the exit", 2},
	{"ages", OPTION_AGES, NULL, 0,
	 "how old the live blocks of each group are, and how long freed ones lived", 3},
	{NULL, 0, NULL, 0, "Of a running process, again and again:", 4},
	{"refresh", OPTION_REFRESH, "SECONDS", 0,
	 "report every so many seconds what is live now, and how it changes; q ends", 4},
	{"count", OPTION_COUNT, "N", 0, "with --refresh: end after N reports", 4},
	{0},
};

static double
parse_refresh(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(seconds >= REFRESH_LEAST) ||
	    !(seconds <= REFRESH_MOST))
		argp_error(state, "--refresh %s: not a number of seconds, at least %g", text,
			   REFRESH_LEAST);
	return seconds;
}

static unsigned long
parse_count(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long count;

	errno = 0;
	count = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || count == 0)
		argp_error(state, "--count %s: not a whole number, at least 1", text);
	return count;
}

/* What cannot be said of a tree. */
static void
check_tree(struct arguments *arguments, struct argp_state *state)
{
	struct report_options *options = &arguments->options;
	const char *name = arguments->callers_of != NULL ? "--callers-of" : "--by tree";

	if (arguments->callers_of != NULL && !options->tree && options->group.by != GROUP_BY_LINE)
		argp_error(state, "--callers-of does not go with --by %s",
			   group_by_names[options->group.by]);
	if (arguments->callers_of != NULL)
		options->tree = true;
	if (!options->tree)
		return;
	options->group.by = GROUP_BY_STACK;
	if (options->group.cumulative)
		argp_error(state, "--cumulative does not go with %s", name);
	if (options->group.ages)
		argp_error(state, "--ages does not go with %s", name);
	if (arguments->refresh_seconds > 0)
		argp_error(state, "--refresh does not go with %s", name);
	if (options->format->top != view_top_text && options->format->top != view_top_json)
		argp_error(state, "%s is text or JSON, not %s", name, options->format->name);
	/* What calls an allocator, or a wrapper of one, may be asked too. */
	options->group.selection.whole_stacks = arguments->callers_of != NULL;
}

/* What does not go together with --refresh, or only with it. */
static void
check_options(const struct arguments *arguments, struct argp_state *state)
{
	const char *at = arguments->options.at;

	if (arguments->refresh_seconds <= 0) {
		if (arguments->count != 0)
			argp_error(state, "--count goes with --refresh only");
		return;
	}
	if (arguments->operand == NULL)
		argp_error(state, "--refresh: no process given");
	if (column_is_of_look(arguments->options.column))
		argp_error(state,
			   "--refresh looks for nothing that is lost: heaptally leaks PID does");
	if (at != NULL && strcmp(at, "now") != 0 && strcmp(at, "peak") != 0)
		argp_error(state, "--refresh shows now or peak, not %s", at);
	if (arguments->options.process != NULL || arguments->options.group.by == GROUP_BY_PROCESS)
		argp_error(state, "processes are told apart in files; --refresh takes a PID");
	if (arguments->options.output.path != NULL)
		argp_error(state, "--refresh does not go with --output");
}

static bool
names_moment(const struct arguments *arguments)
{
	return arguments->options.at != NULL ||
	       (arguments->operand != NULL && strchr(arguments->operand, '@') != NULL);
}

static error_t
parse_argument(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_AGES:
		arguments->options.group.ages = true;
		return 0;
	case OPTION_NO_SYSTEM_RULES:
		arguments->no_system_rules = true;
		return 0;
	case OPTION_SHOW_SYSTEM_RULES:
		arguments->show_system_rules = true;
		return 0;
	case OPTION_CALLERS_OF:
		arguments->callers_of = word;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	case OPTION_REFRESH:
		arguments->refresh_seconds = parse_refresh(word, state);
		return 0;
	case OPTION_COUNT:
		arguments->count = parse_count(word, state);
		return 0;
	case ARGP_KEY_END:
		check_tree(arguments, state);
		/* At other moments nothing is left out. */
		if (arguments->show_system_rules && !names_moment(arguments))
			arguments->options.at = "exit";
		/* Numbers for programs are those of everything that was seen. */
		arguments->options.group.selection.system_rules =
			!arguments->no_system_rules && arguments->options.format->is_for_people;
		check_options(arguments, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_TOP], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_argument,
	.args_doc = "[FILE[@MOMENT]|PID]",
	.doc = "Show which lines hold the memory of a program: now, if it runs, at its peak, "
	       "or at another moment.\n\n"
	       "  heaptally top                      the newest tally of this folder\n"
	       "  heaptally top 4711                 a running process, now\n"
	       "  heaptally top --refresh 2 4711     the same, again and again\n"
	       "  heaptally top --by stack -n 3 heaptally.app.4711.tally\n",
	.children = children,
};

/* A file may hold a whole tree of processes. */
static void
print_others(const struct term *term, const struct source *source)
{
	/* A sum leaves none out. */
	if (source->profile->process_count == 0)
		view_processes_others(term, "others    ", &source->processes, source->chosen);
	view_processes_unseen(term, "unseen    ", &source->processes, source->chosen);
	view_processes_blind(term, "", &source->processes, source->chosen);
}

static void
report(struct report_options *options, const struct source *source, const struct view_top *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->top(&term, view);
	if (options->format->is_for_people)
		print_others(&term, source);
	report_output_close(&options->output, &term);
}

static int
refresh(const struct arguments *arguments)
{
	if (report_load_is_about_blocks(&arguments->options))
		die(COMMAND_TROUBLE, "--refresh does not look at single blocks");
	return cmd_top_refresh(&arguments->options, arguments->operand,
			       (uint64_t)(arguments->refresh_seconds * 1e9), arguments->count);
}

/* In text, what is below one percent is cut, unless the number of rows is given. */
static void
make_tree(const struct report_options *options, const char *callers_of, const struct group_set *set,
	  struct place_table *table, struct tree *ret_tree)
{
	bool text = options->format->is_for_people;

	tree_init(ret_tree, set, table,
		  &(struct tree_options){
			  .column = options->column,
			  .callers_of = callers_of,
			  .whole = !text || options->group.selection.raw_frames,
			  .least = text && !options->rows_given ? TREE_LEAST : 0,
			  .most = options->rows_given ? options->rows : 0,
		  });
}

/* Filters are about what the row by domain adds up. */
static bool
shows_lines(const struct report_options *options, const struct report_mapped *mapped)
{
	return mapped->is_known && options->format->is_for_people &&
	       options->group.selection.filters.count == 0;
}

static void
report_once(struct report_options *options, const char *operand, const char *callers_of,
	    bool shows_rules)
{
	/* Raw stacks are for comparing with other tools, which know addresses. */
	const struct place_options places = {
		.exact = options->group.selection.raw_frames && options->group.by == GROUP_BY_STACK,
	};
	struct place_table *table;
	struct group_set set;
	struct source source;
	struct tree tree = {NULL};
	struct report_mapped_lines lines;
	struct report_mapped mapped;
	bool has_lines;

	report_load(options, operand, NULL, &source);
	report_mapped_init(&mapped, options, &source);
	has_lines = shows_lines(options, &mapped);
	if (has_lines)
		report_mapped_lines_init(&lines, &mapped, options, &source);
	options->group.mapped = mapped.sites;
	options->group.mapped_count = mapped.count;
	table = place_table_new(&places);
	group_profile(source.profile, &source.at, &options->group, table, NULL, &set);
	rank_groups(&set, options->group.by, options->column, table);
	if (options->tree)
		make_tree(options, callers_of, &set, table, &tree);
	report(options, &source,
	       &(struct view_top){
		       .profile = source.profile,
		       .at = source.at,
		       .options = &options->group,
		       .column = options->column,
		       .set = &set,
		       .table = table,
		       .tree = options->tree ? &tree : NULL,
		       .callers_of = callers_of,
		       .shows_rules = shows_rules,
		       .rows = options->tree && !options->rows_given ? 0 : options->rows,
		       .frames = options->frames,
		       .most_recent_last = options->most_recent_last,
		       .full_names = options->full_names,
		       .mapped = mapped.is_known ? &mapped.sum : NULL,
		       .lines = has_lines ? &lines.view : NULL,
	       });
	if (has_lines)
		report_mapped_lines_release(&lines);
	report_mapped_release(&mapped);
	tree_release(&tree);
	group_set_release(&set);
	place_table_free(table);
	source_release(&source);
}

int
cmd_top(int argc, char **argv)
{
	struct arguments arguments = {.operand = NULL};
	int status = COMMAND_OK;

	report_options_init(&arguments.options, REPORT_TOP);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	if (arguments.refresh_seconds > 0)
		status = refresh(&arguments);
	else
		report_once(&arguments.options, arguments.operand, arguments.callers_of,
			    arguments.show_system_rules);
	report_options_release(&arguments.options);
	return status;
}
