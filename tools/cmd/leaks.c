/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/leaks.c - heaptally leaks: which blocks nothing points at any more
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/graph_load.h"
#include "cmd/graph_names.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/leak_look.h"
#include "model/leak_report.h"
#include "model/owner_growth.h"
#include "model/owner_path.h"
#include "read/source.h"
#include "symbols/class_names.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "view/leaks.h"

enum {
	OPTION_ALL = 512, /* apart from those of `report_options` */
	OPTION_HEURISTICS,
	OPTION_MAX_BYTES,
	OPTION_MAX_BLOCKS,
	OPTION_SETTLE,
};

#define SETTLE_NS (2 * CLOCK_SECOND_NS)

struct arguments {
	struct report_options options;
	struct graph_load graph, before;
	enum reach_heuristics heuristics;
	bool heuristics_given, all;
	int64_t max_bytes; /* INT64_MAX: any */
	bool limits_bytes, limits_blocks;
	uint64_t max_blocks;
};

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
parse_heuristics(struct arguments *arguments, const char *word, struct argp_state *state)
{
	static const char *const names[] = {"none", "memcheck", "all"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		arguments->heuristics = (enum reach_heuristics)i;
		arguments->heuristics_given = true;
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
choose_limits(struct arguments *arguments)
{
	if (arguments->limits_bytes && !arguments->limits_blocks)
		arguments->max_blocks = UINT64_MAX;
	if (arguments->limits_blocks && !arguments->limits_bytes)
		arguments->max_bytes = INT64_MAX;
}

/* Of two, the first is what the second is compared with. */
static void
take_operand(struct arguments *arguments, const char *word, const struct argp_state *state)
{
	if (state->arg_num == 0) {
		arguments->graph.operand = word;
	} else {
		if (state->arg_num == 1)
			arguments->before.operand = arguments->graph.operand;
		else
			argp_error(state, "%s: two at a time are compared", word);
		arguments->graph.operand = word;
	}
}

/* What was seen last; an empty graph when nothing is known but kinds. */
static const struct graph *
get_last(const struct graph_load *load)
{
	return &load->graphs[load->count != 0 ? load->count - 1 : 0];
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		state->child_inputs[1] = state->child_inputs[2] = &arguments->graph;
		return 0;
	case OPTION_ALL:
		arguments->all = true;
		return 0;
	case OPTION_HEURISTICS:
		parse_heuristics(arguments, word, state);
		return 0;
	case OPTION_MAX_BYTES:
		if (human_parse_size(word, &arguments->max_bytes) != 0 || arguments->max_bytes < 0)
			argp_error(state, "--max-bytes %s: not a size", word);
		arguments->limits_bytes = true;
		return 0;
	case OPTION_MAX_BLOCKS:
		arguments->max_blocks = parse_blocks(word, state);
		arguments->limits_blocks = true;
		return 0;
	case OPTION_SETTLE:
		arguments->graph.settle_ns = graph_load_parse_time(word, "settle", state);
		return 0;
	case ARGP_KEY_ARG:
		take_operand(arguments, word, state);
		return 0;
	case ARGP_KEY_END:
		choose_limits(arguments);
		if (arguments->before.operand != NULL &&
		    (arguments->graph.core != NULL || arguments->graph.outside))
			argp_error(state, "--core, --outside: one process at a time");
		if (arguments->options.group.by > GROUP_BY_MODULE)
			report_options_refuse_key(&arguments->options,
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

/* What a look has found; of two, what both have. */
static void
take_graphs(const struct arguments *arguments, const struct graph_load *load,
	    struct profile *profile)
{
	const struct graph *graphs = load->graphs;

	leak_set_release(&profile->leaks);
	if (load->count == 1)
		leak_look(&profile->leaks, &graphs[0], profile, arguments->heuristics);
	else
		leak_look_twice(&profile->leaks, &graphs[0], &graphs[1], profile,
				arguments->heuristics);
}

static void
load_one(struct arguments *arguments, struct graph_load *load, struct source *ret_source)
{
	load->tally_answers = !arguments->heuristics_given;
	graph_load_read(load, &arguments->options, ret_source);
	/* What a tally says of its own is of the same moment, and may be of two looks. */
	if (load->count != 0 &&
	    (!ret_source->is_tally || load->core != NULL || arguments->heuristics_given ||
	     !ret_source->profile->leaks.is_known))
		take_graphs(arguments, load, ret_source->profile);
	else if (arguments->heuristics_given && ret_source->is_tally)
		die(COMMAND_TROUBLE,
		    "%s: --heuristics: a tally has only what was found with all of them",
		    ret_source->name);
	if (!ret_source->profile->leaks.is_known)
		die(COMMAND_NO_ANSWER,
		    "%s: its memory was not looked at for leaks: start the program with "
		    "`heaptally run --leaks`, which does that when it calls exit()",
		    ret_source->name);
	if (ret_source->profile->leaks.error != 0)
		die(COMMAND_NO_ANSWER, "%s: there is no answer: %s", ret_source->name,
		    view_leaks_explain(ret_source->profile->leaks.error));
	class_names_take_leaks(ret_source->profile, arguments->options.online);
}

/* --- two looks at one process --- */

/* The earlier of two: the first look, or what the report is compared with, if that is an earlier
 * one of the same process; NULL. */
static const struct graph *
find_earlier(const struct arguments *arguments)
{
	const struct graph_load *load = &arguments->graph, *before = &arguments->before;
	const struct graph *last, *earlier;

	if (load->count == 2)
		return &load->graphs[0];
	if (load->count == 0 || before->count == 0)
		return NULL;
	last = &load->graphs[0];
	earlier = &before->graphs[before->count - 1];
	return earlier->start_monotonic_ns == last->start_monotonic_ns &&
			       earlier->pid == last->pid &&
			       earlier->quality.taken_ns < last->quality.taken_ns
		       ? earlier
		       : NULL;
}

struct growth {
	struct owner_paths paths;
	struct owner_growth growth;
	uint32_t *groups;
	bool is_known;
};

/* Who holds what has come; noted in the profile, too. */
static void
find_growth(const struct arguments *arguments, const struct graph_names *names,
	    struct profile *profile, struct growth *ret_growth)
{
	const struct graph *graph = get_last(&arguments->graph);
	const struct graph *earlier = find_earlier(arguments);
	struct owner_growth *growth = &ret_growth->growth;

	*ret_growth = (struct growth){.is_known = earlier != NULL};
	if (earlier == NULL)
		return;
	owner_paths_init(&ret_growth->paths, graph, &names->owners);
	ret_growth->groups = site_group_list(&names->groups, graph);
	owner_growth_init(growth, earlier, graph, &names->owners, &ret_growth->paths,
			  ret_growth->groups, names->groups.count);
	leak_set_take_changes(&profile->leaks, growth->came, growth->went, growth->site_count);
	profile->leaks.apart_ns = graph->quality.taken_ns - earlier->quality.taken_ns;
}

static void
release_growth(struct growth *growth)
{
	if (growth->is_known) {
		owner_growth_release(&growth->growth);
		owner_paths_release(&growth->paths);
		free(growth->groups);
	}
}

/* --- the report --- */

static void
report(struct report_options *options, const struct view_leaks *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->leaks(&term, view);
	report_output_close(&options->output, &term);
}

static bool
is_too_much(const struct arguments *arguments, const struct leak_values *sum)
{
	return leak_values_get_lost_bytes(sum) > (uint64_t)arguments->max_bytes ||
	       leak_values_get_lost_blocks(sum) > arguments->max_blocks;
}

/* Leave what was lost before. */
static void
compare(struct leak_report *leaks, struct graph_names *names, const struct source *before,
	const struct group_options *options)
{
	struct attribution attribution;
	struct leak_report earlier;

	attribution_init(&attribution, before->profile, &options->selection, names->table, NULL);
	leak_report_init(&earlier, before->profile, &attribution, options);
	leak_report_subtract(leaks, &earlier);
	leak_report_release(&earlier);
	attribution_release(&attribution);
}

/* `before` is NULL, or what it is compared with. Whether too much is lost. */
static bool
show(struct arguments *arguments, struct source *source, const struct source *before)
{
	struct report_options *options = &arguments->options;
	struct graph_names names;
	struct leak_report leaks;
	struct growth growth;
	bool too_much;

	graph_names_init(&names, options, source, get_last(&arguments->graph), before != NULL);
	find_growth(arguments, &names, source->profile, &growth);
	leak_report_init(&leaks, source->profile, &names.attribution, &options->group);
	if (before != NULL)
		compare(&leaks, &names, before, &options->group);
	report(options, &(struct view_leaks){
				.profile = source->profile,
				.at = source->at,
				.report = &leaks,
				.attribution = &names.attribution,
				.options = &options->group,
				.before = before != NULL ? before->profile : NULL,
				.before_name = before != NULL ? before->name : NULL,
				.before_at = before != NULL ? before->at : source->at,
				.growth = growth.is_known ? &growth.growth : NULL,
				.names = {.graph = get_last(&arguments->graph),
					  .owners = &names.owners,
					  .paths = &growth.paths,
					  .groups = &names.groups,
					  .attribution = &names.attribution,
					  .options = &options->group,
					  .full_names = options->full_names},
				.rows = options->rows,
				.all = arguments->all,
				.full_names = options->full_names,
			});
	too_much = is_too_much(arguments, &leaks.sum);
	leak_report_release(&leaks);
	release_growth(&growth);
	graph_names_release(&names);
	return too_much;
}

int
cmd_leaks(int argc, char **argv)
{
	struct arguments arguments = {.heuristics = REACH_HEURISTICS_ALL};
	struct report_options *options = &arguments.options;
	struct source source, before;
	bool too_much, compares;

	report_options_init(options, REPORT_LEAKS);
	graph_load_init(&arguments.graph);
	arguments.graph.settle_ns = SETTLE_NS;
	arguments.graph.command = "leaks";
	arguments_parse(&argp, argc, argv, 0, &arguments);
	compares = arguments.before.operand != NULL;
	if (compares) {
		arguments.before.wait_ns = arguments.graph.wait_ns;
		arguments.before.yes = arguments.graph.yes;
		load_one(&arguments, &arguments.before, &before);
		options->output.other_input = before.path;
	}
	load_one(&arguments, &arguments.graph, &source);
	too_much = show(&arguments, &source, compares ? &before : NULL);
	graph_load_release(&arguments.graph);
	graph_load_release(&arguments.before);
	source_release(&source);
	if (compares)
		source_release(&before);
	report_options_release(options);
	return too_much ? COMMAND_EXCEEDED : COMMAND_OK;
}
