/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/leaks_options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "util/clock.h"
#include "util/human.h"

enum {
	OPTION_ALL = 512, /* apart from those of `report_options` */
	OPTION_HEURISTICS,
	OPTION_MAX_BYTES,
	OPTION_MAX_BLOCKS,
	OPTION_SETTLE,
};

#define SETTLE_NS (2 * CLOCK_SECOND_NS)

static const struct argp_option option_table[] = {
	{"all", OPTION_ALL, NULL, 0, "show what is held and what system libraries keep, too", 1},
	{"heuristics", OPTION_HEURISTICS, "WHICH", 0,
	 "which pointers into a block count as pointers to its start: all (default), memcheck or "
	 "none",
	 1},
	{"max-bytes", OPTION_MAX_BYTES, "SIZE", 0,
	 "allow up to SIZE lost; alone, any number of blocks (default: 0)", 1},
	{"max-blocks", OPTION_MAX_BLOCKS, "N", 0,
	 "allow up to N blocks lost; alone, of any size (default: 0)", 1},
	{"settle", OPTION_SETTLE, "SECONDS", 0,
	 "look at a process again after so long; 0: look once (default: 2)", 1},
	{0},
};

static void
parse_heuristics(struct leaks_options *options, const char *word, struct argp_state *state)
{
	static const char *const names[] = {"none", "memcheck", "all"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		options->heuristics = (enum reach_heuristics)i;
		options->heuristics_given = true;
		return;
	}
	argp_error(state, "--heuristics %s: not one of all, memcheck, none", word);
}

static uint64_t
parse_blocks(const char *word, struct argp_state *state)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || errno != 0)
		argp_error(state, "--max-blocks %s: not a number", word);
	return number;
}

/* One limit alone is the only one. */
static void
choose_limits(struct leaks_options *options)
{
	if (options->limits_bytes && !options->limits_blocks)
		options->max_blocks = UINT64_MAX;
	if (options->limits_blocks && !options->limits_bytes)
		options->max_bytes = INT64_MAX;
}

/* Of two, the first is what the second is compared with. */
static void
take_operand(struct leaks_options *options, const char *word, const struct argp_state *state)
{
	if (state->arg_num == 0) {
		options->graph.operand = word;
	} else {
		if (state->arg_num == 1)
			options->before.operand = options->graph.operand;
		else
			argp_error(state, "%s: two at a time are compared", word);
		options->graph.operand = word;
	}
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct leaks_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->report;
		state->child_inputs[1] = state->child_inputs[2] = &options->graph;
		return 0;
	case OPTION_ALL:
		options->all = true;
		return 0;
	case OPTION_HEURISTICS:
		parse_heuristics(options, word, state);
		return 0;
	case OPTION_MAX_BYTES:
		if (human_parse_size(word, &options->max_bytes) != 0 || options->max_bytes < 0)
			argp_error(state, "--max-bytes %s: not a size", word);
		options->limits_bytes = true;
		return 0;
	case OPTION_MAX_BLOCKS:
		options->max_blocks = parse_blocks(word, state);
		options->limits_blocks = true;
		return 0;
	case OPTION_SETTLE:
		options->graph.settle_ns = graph_load_parse_time(word, "settle", state);
		return 0;
	case ARGP_KEY_ARG:
		take_operand(options, word, state);
		return 0;
	case ARGP_KEY_END:
		choose_limits(options);
		if (options->before.operand != NULL &&
		    (options->graph.core != NULL || options->graph.outside))
			argp_error(state, "--core, --outside: one process at a time");
		if (options->report.group.by > GROUP_BY_MODULE)
			report_options_refuse_key(&options->report,
						  "leaks go by line, function, file or module");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_LEAKS], 0, NULL, 0},
					     {&graph_load_argp, 0, NULL, 0},
					     {&graph_load_outside_argp, 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[[BEFORE] FILE|PID|GRAPH]\n--core CORE [FILE]\n--outside PID",
	.doc = "Say which blocks nothing points at any more, by line: what is lost, cycles of it, "
	       "and what may be. Of a running process a copy looks, twice; it is neither stopped "
	       "nor slowed but for the moment that the copy takes. One that exits must have been "
	       "started with `heaptally run --leaks`. With BEFORE, only what is lost and was not "
	       "then.\v"
	       "Examples:\n"
	       "  heaptally run --leaks -- ./app\n"
	       "  heaptally leaks                    the newest tally of this folder\n"
	       "  heaptally leaks --all app.tally\n"
	       "  heaptally leaks 4711\n"
	       "  heaptally leaks old.tally new.tally\n"
	       "  heaptally leaks --core core\n\n"
	       "Exit status: 0 nothing is lost; 1 something is, or more than may be; 2 trouble; 3 "
	       "nobody has looked.\n",
	.children = children,
};

void
leaks_options_parse(struct leaks_options *options, int argc, char **argv)
{
	*options = (struct leaks_options){.heuristics = REACH_HEURISTICS_ALL};
	report_options_init(&options->report, REPORT_LEAKS);
	graph_load_init(&options->graph);
	options->graph.settle_ns = SETTLE_NS;
	options->graph.command = "leaks";
	arguments_parse(&argp, argc, argv, 0, options);
	options->before.wait_ns = options->graph.wait_ns;
	options->before.yes = options->graph.yes;
}

void
leaks_options_release(struct leaks_options *options)
{
	graph_load_release(&options->graph);
	graph_load_release(&options->before);
	report_options_release(&options->report);
}
