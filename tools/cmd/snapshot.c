/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/snapshot.c - heaptally snapshot: keep what a recording holds now
 */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/graph_load.h"
#include "cmd/report_load.h"
#include "cmd/report_output.h"
#include "cmd/snapshot_output.h"
#include "model/leak_look.h"
#include "model/profile.h"
#include "read/source.h"
#include "symbols/class_names.h"
#include "symbols/name_cache.h"
#include "symbols/symbolize.h"
#include "read/tally_file.h"
#include "util/error.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"

struct arguments {
	const char *output;
	const char *operand;
	bool force, quiet, blocks, no_cache, graph;
	struct graph_load load;
};

enum {
	OPTION_BLOCKS = 256,
	OPTION_NO_CACHE,
	OPTION_GRAPH,
};

static const struct argp_option option_table[] = {
	{"output", 'o', "FILE", 0, "write FILE instead of heaptally.NAME.PID.tally", 0},
	{"force", 'f', NULL, 0, "replace FILE if it exists", 0},
	{"blocks", OPTION_BLOCKS, NULL, 0, "keep every single block, if they were recorded", 0},
	{"no-cache", OPTION_NO_CACHE, NULL, 0,
	 "neither use nor keep names in the cache directory of the user", 0},
	{"graph", OPTION_GRAPH, NULL, 0,
	 "let a copy of the process look who points at whom, and keep that beside FILE, for "
	 "heaptally retained, refs and leaks",
	 0},
	{"quiet", 'q', NULL, 0, "do not say what was written", 0},
	{0},
};

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->load;
		return 0;
	case 'o':
		arguments->output = argument;
		return 0;
	case 'f':
		arguments->force = true;
		return 0;
	case OPTION_NO_CACHE:
		arguments->no_cache = true;
		return 0;
	case OPTION_BLOCKS:
		arguments->blocks = true;
		return 0;
	case OPTION_GRAPH:
		arguments->graph = true;
		return 0;
	case 'q':
		arguments->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, argument, state);
		return 0;
	case ARGP_KEY_END:
		if (arguments->operand == NULL)
			argp_error(state, "no process or file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
add_names(struct profile *profile, const struct arguments *arguments)
{
	struct term_progress progress;
	struct symbolize_options options = {.progress = term_progress_update, .context = &progress};

	if (profile->symbolized)
		return;
	options.names = arguments->no_cache ? NULL : name_cache_new();
	term_progress_init(&progress, "reading symbols", arguments->quiet);
	symbolize_profile(profile, &options);
	term_progress_release(&progress);
	name_cache_free(options.names);
}

static void
report(const char *path, const struct profile *profile)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	char live[HUMAN_BYTES], peak[HUMAN_BYTES];
	char *command = term_escape(profile->command), *name = term_escape(path);

	printf("%s: %s (%u), %s live, peak %s\n", name, command, profile->pid,
	       human_size(last->sum.live_bytes, live), human_size(last->sum.peak_bytes, peak));
	free(command);
	free(name);
}

/* The graph first: what it knows of is in the tally then. */
static void
look(struct arguments *arguments)
{
	if (snapshot_output_is_stdout(arguments->output))
		die(COMMAND_TROUBLE, "--graph: standard output is for the tally; --output needs a "
				     "name");
	arguments->load.operand = arguments->operand;
	graph_load_look(&arguments->load);
}

/* What comes of it is in the tally, too. */
static void
take_graph(struct arguments *arguments, struct source *source)
{
	struct profile *profile = source->profile;

	graph_load_check(&arguments->load, source);
	leak_set_release(&profile->leaks);
	leak_look(&profile->leaks, &arguments->load.graphs[0], profile, REACH_HEURISTICS_ALL);
	class_names_take_leaks(profile, false);
}

int
cmd_snapshot(int argc, char **argv)
{
	static const struct argp_child children[] = {{&graph_load_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.children = children,
		.args_doc = "PID|FILE",
		.doc = "Write a snapshot of a process that runs, is stopped, or ended and left a "
		       "recording.\v"
		       "Examples:\n"
		       "  heaptally snapshot 41873\n"
		       "  heaptally snapshot -o before.tally 41873\n"
		       "  heaptally snapshot /dev/shm/heaptally-1000/ingest.41873.*.recording\n",
	};
	struct arguments arguments = {0};
	struct source_request request = {.moment = "exit", .resident = true};
	struct source source;
	char *why, *path;

	argp_err_exit_status = COMMAND_TROUBLE;
	graph_load_init(&arguments.load);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	if (arguments.output != NULL)
		snapshot_output_check(arguments.output, arguments.force, arguments.graph,
				      arguments.operand);
	if (arguments.graph)
		look(&arguments);
	request.operand = arguments.operand;
	request.blocks = arguments.blocks;
	if (source_read(&request, &source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (arguments.blocks)
		report_load_need_blocks(&source);
	if (arguments.graph)
		take_graph(&arguments, &source);
	add_names(source.profile, &arguments);
	path = arguments.output != NULL
		       ? xstrdup(arguments.output)
		       : tally_file_make_path(source.profile->command, source.profile->pid);
	snapshot_output_write(path, arguments.force, &source);
	if (arguments.graph)
		snapshot_output_write_graph(path, arguments.force, &source,
					    &arguments.load.graphs[0]);
	if (!arguments.quiet && !snapshot_output_is_stdout(path))
		report(path, source.profile);
	free(path);
	graph_load_release(&arguments.load);
	source_release(&source);
	report_output_finish();
	return COMMAND_OK;
}
