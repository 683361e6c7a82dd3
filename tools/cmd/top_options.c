/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/top_options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "view/top.h"

#define REFRESH_LEAST 0.01 /* seconds */
#define REFRESH_MOST  1e6

enum {
	OPTION_REFRESH = 512, /* apart from those of `report_options` */
	OPTION_COUNT,
	OPTION_AGES,
	OPTION_CALLERS_OF,
	OPTION_NO_SYSTEM_RULES,
	OPTION_SHOW_SYSTEM_RULES,
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
check_tree(struct top_options *options, struct argp_state *state)
{
	struct report_options *report = &options->report;
	const char *name = options->callers_of != NULL ? "--callers-of" : "--by tree";

	if (options->callers_of != NULL && !report->tree && report->group.by != GROUP_BY_LINE)
		argp_error(state, "--callers-of does not go with --by %s",
			   group_by_names[report->group.by]);
	if (options->callers_of != NULL)
		report->tree = true;
	if (!report->tree)
		return;
	report->group.by = GROUP_BY_STACK;
	if (report->group.cumulative)
		argp_error(state, "--cumulative does not go with %s", name);
	if (report->group.ages)
		argp_error(state, "--ages does not go with %s", name);
	if (options->refresh_seconds > 0)
		argp_error(state, "--refresh does not go with %s", name);
	if (report->format->top != view_top_text && report->format->top != view_top_json)
		argp_error(state, "%s is text or JSON, not %s", name, report->format->name);
	/* What calls an allocator, or a wrapper of one, may be asked too. */
	report->group.selection.whole_stacks = options->callers_of != NULL;
}

/* What does not go together with --refresh, or only with it. */
static void
check_options(const struct top_options *options, struct argp_state *state)
{
	const char *at = options->report.at;

	if (options->refresh_seconds <= 0) {
		if (options->count != 0)
			argp_error(state, "--count goes with --refresh only");
		return;
	}
	if (options->operand == NULL)
		argp_error(state, "--refresh: no process given");
	if (column_is_of_look(options->report.column))
		argp_error(state,
			   "--refresh looks for nothing that is lost: heaptally leaks PID does");
	if (at != NULL && strcmp(at, "now") != 0 && strcmp(at, "peak") != 0)
		argp_error(state, "--refresh shows now or peak, not %s", at);
	if (options->report.process != NULL || options->report.group.by == GROUP_BY_PROCESS)
		argp_error(state, "processes are told apart in files; --refresh takes a PID");
	if (options->report.output.path != NULL)
		argp_error(state, "--refresh does not go with --output");
}

static bool
names_moment(const struct top_options *options)
{
	return options->report.at != NULL ||
	       (options->operand != NULL && strchr(options->operand, '@') != NULL);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct top_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->report;
		return 0;
	case OPTION_AGES:
		options->report.group.ages = true;
		return 0;
	case OPTION_NO_SYSTEM_RULES:
		options->no_system_rules = true;
		return 0;
	case OPTION_SHOW_SYSTEM_RULES:
		options->show_system_rules = true;
		return 0;
	case OPTION_CALLERS_OF:
		options->callers_of = word;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&options->operand, word, state);
		return 0;
	case OPTION_REFRESH:
		options->refresh_seconds = parse_refresh(word, state);
		return 0;
	case OPTION_COUNT:
		options->count = parse_count(word, state);
		return 0;
	case ARGP_KEY_END:
		check_tree(options, state);
		/* At other moments nothing is left out. */
		if (options->show_system_rules && !names_moment(options))
			options->report.at = "exit";
		/* Numbers for programs are those of everything that was seen. */
		options->report.group.selection.system_rules =
			!options->no_system_rules && options->report.format->is_for_people;
		check_options(options, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_TOP], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[FILE[@MOMENT]|PID]",
	.doc = "Show which lines hold the memory of a program: now, if it runs, at its peak, "
	       "or at another moment.\n\n"
	       "  heaptally top                      the newest tally of this folder\n"
	       "  heaptally top 4711                 a running process, now\n"
	       "  heaptally top --refresh 2 4711     the same, again and again\n"
	       "  heaptally top --by stack -n 3 heaptally.app.4711.tally\n",
	.children = children,
};

void
top_options_parse(struct top_options *options, int argc, char **argv)
{
	*options = (struct top_options){.operand = NULL};
	report_options_init(&options->report, REPORT_TOP);
	arguments_parse(&argp, argc, argv, 0, options);
}

void
top_options_release(struct top_options *options)
{
	report_options_release(&options->report);
}
