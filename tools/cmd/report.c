/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report.c - heaptally report: one page about a whole run
 */
#include "config.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "util/xalloc.h"
#include "view/page.h"

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
			argp_error(state, "%s: one file or process at a time", word);
		arguments->operand = word;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_PAGE], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[FILE[@MOMENT]|PID]",
	.doc = "Write one page about a whole run: totals, the largest lines and stacks, growth, "
	       "and the "
	       "commands to drill down.\n\n"
	       "  heaptally report                     the newest tally of this folder\n"
	       "  heaptally report -o app.md app.tally\n"
	       "  heaptally report 4711                a running process, now\n",
	.children = children,
};

static bool
is_number(const char *word)
{
	return *word != '\0' && strspn(word, "0123456789") == strlen(word);
}

static void
write_page(struct report_options *options, const char *operand, const struct source *source)
{
	struct term term;

	report_output_open(&options->output, TERM_COLOR_NEVER, &term);
	/* It is to be read elsewhere, where there is more room or less. */
	term.width = 0;
	options->format->page(
		&term,
		&(struct view_page){
			.operand = operand != NULL && is_number(operand) ? operand : source->path,
			.profile = source->profile,
			.at = source->at,
			.options = &options->group,
			.rows = options->rows,
			.process_count = process_list_count(&source->processes),
		});
	report_output_close(&options->output, &term);
}

int
cmd_report(int argc, char **argv)
{
	struct arguments arguments = {.operand = NULL};
	struct report_options *options = &arguments.options;
	struct source source;

	report_options_init(options, REPORT_PAGE);
	options->history = true;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	report_output_check(&options->output);
	report_load(options, arguments.operand, NULL, &source);
	write_page(options, arguments.operand, &source);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
