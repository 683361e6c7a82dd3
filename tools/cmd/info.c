/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/info.c - heaptally info: the totals and the quality of a recording or a tally
 */
#include "config.h"

#include <argp.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/group.h"
#include "read/source.h"
#include "symbols/symbolize.h"
#include "util/error.h"
#include "util/term.h"
#include "view/info.h"
#include "view/processes.h"

struct arguments {
	struct report_options options;
	const char *operand;
};

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_INFO], 0, NULL, 0}, {0}};

/* What keeps the program's own names from being found is no trouble here. */
static void
name_frames(struct profile *profile)
{
	uint32_t notes = profile->note_count;
	bool symbolized = profile->symbolized;

	symbolize_profile(profile, NULL);
	if (symbolized)
		return;
	profile->note_count = notes;
	for (uint32_t i = 0; i < profile->module_count; i++)
		profile->modules[i].file = PROFILE_FILE_AS_MAPPED;
}

/* Totals need no names, but for what system libraries keep when a process has ended. */
static void
load(const struct arguments *arguments, struct source *ret_source)
{
	const struct source_request request = {
		.operand = arguments->operand,
		.process = arguments->options.all_processes ? NULL : arguments->options.process,
		.sums = arguments->options.all_processes,
		.moment = arguments->options.at != NULL ? arguments->options.at : "exit",
	};
	char *why;

	if (source_read(&request, ret_source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (group_is_end_of_run(ret_source->profile, &ret_source->at))
		name_frames(ret_source->profile);
}

static void
report(struct report_options *options, const struct source *source)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->info(&term, &(struct view_info){
					     .name = source->name,
					     .profile = source->profile,
					     .at = source->at,
					     .processes = &source->processes,
					     .chosen = source->profile->process_count == 0
							       ? source->chosen
							       : VIEW_PROCESSES_NONE,
					     .rows = options->rows,
				     });
	report_output_close(&options->output, &term);
}

int
cmd_info(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "[FILE[@MOMENT]|PID]",
		.doc = "Show the totals of a process, how it ended, and how good the data are.\v"
		       "Examples:\n"
		       "  heaptally info\n"
		       "  heaptally info --format json build.tally | jq .peak_bytes\n"
		       "  heaptally info 41873\n",
		.children = children,
	};
	struct arguments arguments = {.operand = NULL};
	struct source source;

	report_options_init(&arguments.options, REPORT_INFO);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	load(&arguments, &source);
	arguments.options.output.input = source.path;
	report(&arguments.options, &source);
	source_release(&source);
	report_options_release(&arguments.options);
	return COMMAND_OK;
}
