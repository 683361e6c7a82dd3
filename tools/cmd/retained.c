/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/retained.c - heaptally retained: who keeps how much alive
 */
#include "config.h"

#include <argp.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/graph_load.h"
#include "cmd/graph_names.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "view/retained.h"

struct arguments {
	struct report_options options;
	struct graph_load graph;
};

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		state->child_inputs[1] = state->child_inputs[2] = &arguments->graph;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->graph.operand, word, state);
		return 0;
	case ARGP_KEY_END:
		if (arguments->options.group.by > GROUP_BY_MODULE)
			report_options_refuse_key(&arguments->options,
						  "sites go by line, function, file or module");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_RETAINED], 0, NULL, 0},
					     {&graph_load_argp, 0, NULL, 0},
					     {&graph_load_outside_argp, 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[PID|FILE|GRAPH]",
	.doc = "Say who keeps how much alive: variables, threads, mappings, and the lines that "
	       "allocated. What a root retains would be lost without it: every way there leads "
	       "through it. What is reachable from it others may hold, too. Of a running process "
	       "a copy looks; it is neither stopped nor slowed but for the moment that the copy "
	       "takes.\v"
	       "Examples:\n"
	       "  heaptally retained 4711\n"
	       "  heaptally retained --by module app.graph\n"
	       "  heaptally run --graph -- ./app; heaptally retained\n\n"
	       "Exit status: 0; 2 trouble; 3 nobody has looked, or there was no answer.\n",
	.children = children,
};

static void
report(struct report_options *options, const struct view_retained *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->retained(&term, view);
	report_output_close(&options->output, &term);
}

/* What takes long on a large heap. */
static void
compute(struct retained_report *retained, const struct graph *graph,
	const struct graph_names *names, size_t rows)
{
	struct term_progress progress;

	term_progress_init(&progress, "adding up what is retained", false);
	retained_report_init(retained, graph, &names->owners, &names->groups, rows,
			     &(struct dominators_progress){term_progress_update, &progress});
	term_progress_release(&progress);
}

int
cmd_retained(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct report_options *options = &arguments.options;
	struct retained_report retained;
	struct graph_names names;
	struct graph *graph = &arguments.graph.graphs[0];
	struct source source;

	report_options_init(options, REPORT_RETAINED);
	graph_load_init(&arguments.graph);
	arguments.graph.command = "retained";
	arguments_parse(&argp, argc, argv, 0, &arguments);
	graph_load_read(&arguments.graph, options, &source);
	graph_load_need(&arguments.graph, &source);
	graph_names_init(&names, options, &source, graph, false);
	graph_names_find_likeness(&names, &source, graph, options->online);
	compute(&retained, graph, &names, options->rows);
	report(options, &(struct view_retained){
				.profile = source.profile,
				.at = source.at,
				.report = &retained,
				.owners = &names.owners,
				.groups = &names.groups,
				.names = {.graph = graph,
					  .owners = &names.owners,
					  .groups = &names.groups,
					  .likeness = &names.likeness,
					  .likeness_of_groups = &names.likeness_of_groups,
					  .attribution = &names.attribution,
					  .options = &options->group,
					  .full_names = options->full_names},
				.quality = &graph->quality,
				.attribution = &names.attribution,
				.options = &options->group,
				.full_names = options->full_names,
			});
	retained_report_release(&retained);
	graph_names_release(&names);
	graph_load_release(&arguments.graph);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
