/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/resident.c - heaptally resident: where the resident memory of a living process is
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/resident.h"
#include "read/source.h"
#include "util/error.h"
#include "util/term.h"
#include "view/waterfall.h"

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
		if (arguments->operand != NULL)
			argp_error(state, "%s: one process at a time", word);
		arguments->operand = word;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which process? `heaptally list` shows those that live");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_RESIDENT], 0, NULL, 0},
					     {0}};

/* Without it there is nothing to say. */
static void
refuse(const struct source *source)
{
	const char *name = source->name;

	if (source->is_tally)
		die(COMMAND_TROUBLE,
		    "%s: a file has no pages: ask for the process while it lives, "
		    "`heaptally resident PID`",
		    name);
	switch (source->memory_error) {
	case -ESRCH:
		die(COMMAND_TROUBLE,
		    "%s: the process has ended, or cannot be seen in /proc: what was resident is "
		    "not "
		    "known any more",
		    name);
	case -EACCES:
		die(COMMAND_TROUBLE,
		    "%s: its memory cannot be looked at: it is of another user, or may not be "
		    "dumped "
		    "(see prctl(2), PR_SET_DUMPABLE)",
		    name);
	default:
		die_errno(COMMAND_TROUBLE, source->memory_error, "%s: its pages in /proc", name);
	}
}

static void
load(const struct arguments *arguments, struct source *ret_source)
{
	const struct source_request request = {
		.operand = arguments->operand,
		.process = arguments->options.process,
		.moment = "now",
		.memory = true,
	};
	char *why;

	if (source_read(&request, ret_source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (ret_source->memory == NULL)
		refuse(ret_source);
}

static void
report(struct report_options *options, const struct source *source)
{
	struct resident resident;
	struct term term;

	resident_init(&resident, source->memory);
	report_output_open(&options->output, options->color, &term);
	options->format->resident(&term, &(struct view_waterfall){
						 .profile = source->profile,
						 .at = source->at,
						 .resident = &resident,
						 .rows = options->rows,
					 });
	report_output_close(&options->output, &term);
	resident_release(&resident);
}

int
cmd_resident(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "PID",
		.doc = "Say where the resident memory of a living process is, to the byte: live "
		       "blocks, rounding, headers, holes, free pages, stacks, files, the rest. The "
		       "process is not stopped, and need not record single blocks.\v"
		       "Examples:\n"
		       "  heaptally resident 4711\n"
		       "  heaptally resident --format json server | jq .parts\n",
		.children = children,
	};
	struct arguments arguments = {.operand = NULL};
	struct source source;

	report_options_init(&arguments.options, REPORT_RESIDENT);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	load(&arguments, &source);
	arguments.options.output.input = source.path;
	report(&arguments.options, &source);
	source_release(&source);
	report_options_release(&arguments.options);
	return COMMAND_OK;
}
