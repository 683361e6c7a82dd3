/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/refs.c - heaptally refs: who points at a block
 */
#include "config.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/graph_load.h"
#include "cmd/graph_names.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/site_match.h"
#include "util/error.h"
#include "util/xalloc.h"
#include "view/refs.h"

enum {
	OPTION_SITE = 512,
};

struct arguments {
	struct report_options options;
	struct graph_load graph;
	const char *operands[2]; /* where, and the address */
	const char *site;
	uint64_t address;
};

static const struct argp_option option_table[] = {
	{"site", OPTION_SITE, "PLACE", 0,
	 "say how all blocks of a place are held: a function, FILE:LINE, or a filter as in "
	 "--include of top",
	 1},
	{0},
};

static void
check_operands(struct arguments *arguments, struct argp_state *state)
{
	/* The process of a core file is found. */
	if (arguments->graph.core != NULL && arguments->site == NULL &&
	    arguments->operands[1] == NULL) {
		arguments->operands[1] = arguments->operands[0];
		arguments->operands[0] = NULL;
	}
	if (arguments->site != NULL && arguments->operands[1] != NULL)
		argp_error(state, "%s: an address or --site, not both", arguments->operands[1]);
	if (arguments->site == NULL && arguments->operands[1] == NULL)
		argp_error(state, "a process or file and an address are needed, or --site");
	if (arguments->site == NULL)
		arguments->address = arguments_parse_address(arguments->operands[1], state);
	arguments->graph.operand = arguments->operands[0];
	arguments->graph.rest = arguments->operands[1];
	if (arguments->site != NULL)
		arguments->graph.rest = xasprintf("--site %s", arguments->site);
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
	case OPTION_SITE:
		arguments->site = word;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num >= 2)
			argp_error(state, "%s: one process or file and one address at a time",
				   word);
		arguments->operands[state->arg_num] = word;
		return 0;
	case ARGP_KEY_END:
		check_operands(arguments, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_REFS], 0, NULL, 0},
					     {&graph_load_argp, 0, NULL, 0},
					     {&graph_load_outside_argp, 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc =
		"PID|FILE|GRAPH ADDRESS\n--site PLACE [PID|FILE|GRAPH]\n--core CORE [FILE] ADDRESS",
	.doc = "Say who points at a block: which blocks of which line, at which place in them, "
	       "which variables and threads; and a path from a root. The address may be anywhere "
	       "in the block. Of a running process a copy looks; it is neither stopped nor slowed "
	       "but for the moment that the copy takes.\v"
	       "Examples:\n"
	       "  heaptally refs 4711 0x55d0c3a02ab0\n"
	       "  heaptally refs --site cell.c:40 4711\n"
	       "  heaptally refs --site session_new app.graph\n"
	       "  heaptally refs --core core 0x55d0c3a02ab0\n\n"
	       "Exit status: 0; 1 the address is in no live block, or the place has none; 2 "
	       "trouble; 3 nobody has looked, or there was no answer.\n",
	.children = children,
};

static void
report(struct report_options *options, const struct view_refs *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->refs(&term, view);
	report_output_close(&options->output, &term);
}

/* The blocks of a group, or those of groups that match; the first of the largest of them. */
static bool *
mark_targets(const struct graph_names *names, const struct graph *graph, const bool *matches,
	     struct view_refs *view)
{
	bool *targets = xcalloc(graph->block_count + 1, sizeof(*targets));
	uint64_t most = 0;

	for (size_t i = 0; i < graph->block_count; i++) {
		uint32_t group = site_group_find(&names->groups, graph, i);

		if (group == SITE_GROUP_NONE || !matches[group])
			continue;
		targets[i] = true;
		if (view->site != NULL && names->groups.groups[group].bytes + 1 > most) {
			most = names->groups.groups[group].bytes + 1;
			view->group = group;
			view->block = i;
		}
	}
	return targets;
}

/* Which blocks it is about; false when there are none. */
static bool *
find_targets(const struct arguments *arguments, const struct graph_names *names,
	     const struct graph *graph, struct view_refs *view)
{
	bool *matches = xcalloc((size_t)names->groups.count + 1, sizeof(*matches)), *targets;

	if (arguments->site != NULL) {
		uint32_t count;
		char *why;

		if (site_match(&names->groups, names->table, arguments->site, matches, &count,
			       &why) != 0)
			die(COMMAND_TROUBLE, "--site %s", why);
		if (count == 0)
			die(COMMAND_NOT_FOUND, "%s: no live block is of this place",
			    arguments->site);
		view->others = count - 1;
	} else {
		view->block = graph_find(graph, arguments->address);
		if (view->block == SIZE_MAX)
			die(COMMAND_NOT_FOUND, "%#" PRIx64 " is in no live block",
			    arguments->address);
		view->group = site_group_find(&names->groups, graph, view->block);
		if (view->group != SITE_GROUP_NONE)
			matches[view->group] = true;
	}
	targets = mark_targets(names, graph, matches, view);
	targets[view->block] = true;
	free(matches);
	return targets;
}

static void
run(struct arguments *arguments, const struct source *source, const struct graph_names *names)
{
	const struct graph *graph = &arguments->graph.graphs[0];
	struct report_options *options = &arguments->options;
	struct owner_paths paths;
	struct view_refs view = {
		.profile = source->profile,
		.at = source->at,
		.names = {.graph = graph,
			  .owners = &names->owners,
			  .paths = &paths,
			  .groups = &names->groups,
			  .likeness = &names->likeness,
			  .likeness_of_groups = &names->likeness_of_groups,
			  .attribution = &names->attribution,
			  .options = &options->group,
			  .full_names = options->full_names},
		.site = arguments->site,
		.address = arguments->address,
		.group = SITE_GROUP_NONE,
		.rows = options->rows,
	};
	bool *targets = find_targets(arguments, names, graph, &view);
	uint32_t *groups = site_group_list(&names->groups, graph);
	struct referrer_set referrers;

	referrer_set_init(&referrers, graph, &names->owners, groups, targets,
			  arguments->site == NULL ? view.block : SIZE_MAX);
	owner_paths_init(&paths, graph, &names->owners);
	view.referrers = &referrers;
	report(options, &view);
	owner_paths_release(&paths);
	referrer_set_release(&referrers);
	free(groups);
	free(targets);
}

int
cmd_refs(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct report_options *options = &arguments.options;
	struct graph_names names;
	struct source source;

	report_options_init(options, REPORT_REFS);
	graph_load_init(&arguments.graph);
	arguments.graph.command = "refs";
	arguments_parse(&argp, argc, argv, 0, &arguments);
	graph_load_read(&arguments.graph, options, &source);
	graph_load_need(&arguments.graph, &source);
	graph_names_init(&names, options, &source, &arguments.graph.graphs[0], false);
	graph_names_find_likeness(&names, &source, &arguments.graph.graphs[0], options->online);
	run(&arguments, &source, &names);
	graph_names_release(&names);
	graph_load_release(&arguments.graph);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
