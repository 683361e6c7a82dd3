/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/growth.c - heaptally growth: who grows, how fast, and whether it goes on
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
#include "model/growth.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/growth.h"

#define WATCH_NS     (5 * CLOCK_SECOND_NS)
#define WATCH_LEAST  (CLOCK_SECOND_NS / 100)
#define WATCH_MOST   (24 * 3600 * CLOCK_SECOND_NS)
#define WATCH_LOOKS  21
#define WATCH_ENOUGH 6 /* moments that need no watching */

enum {
	OPTION_WATCH = 512, /* apart from those of `report_options` */
};

struct arguments {
	struct report_options options;
	const char **operands;
	size_t operand_count;
	uint64_t watch_ns;
	bool watches; /* also when there is history */
};

static const struct argp_option option_table[] = {
	{"watch", OPTION_WATCH, "SECONDS", 0,
	 "look at a running process for so long, even if earlier moments of it are known (default: "
	 "5 s when too few are)",
	 1},
	{0},
};

static void
parse_watch(struct arguments *arguments, const char *word, struct argp_state *state)
{
	if (human_parse_duration(word, &arguments->watch_ns) != 0 ||
	    arguments->watch_ns < WATCH_LEAST || arguments->watch_ns > WATCH_MOST)
		argp_error(state, "--watch %s: not a time from 10ms to 1d", word);
	arguments->watches = true;
}

static bool
has_groups(enum group_by by)
{
	return by <= GROUP_BY_MODULE || by == GROUP_BY_ALLOCATOR || by == GROUP_BY_DOMAIN;
}

static error_t
parse_argument(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_WATCH:
		parse_watch(arguments, word, state);
		return 0;
	case ARGP_KEY_ARG:
		arguments->operands =
			xreallocarray(arguments->operands, arguments->operand_count + 1,
				      sizeof(*arguments->operands));
		arguments->operands[arguments->operand_count++] = word;
		return 0;
	case ARGP_KEY_END:
		if (!has_groups(arguments->options.group.by))
			report_options_refuse_key(&arguments->options,
						  "growth goes by line, function, file, module, "
						  "allocator or domain");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_GROWTH], 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_argument,
	.args_doc = "[FILE...|PID]",
	.doc = "Name who grows: what each line held at every moment that is known, how fast it "
	       "grows, and whether it goes on.\n\n"
	       "  heaptally growth                   the newest tally of this folder\n"
	       "  heaptally growth 4711              a running process, watched for 5 s\n"
	       "  heaptally growth --watch 1min 4711\n"
	       "  heaptally growth 1.tally 2.tally 3.tally 4.tally\n",
	.children = children,
};

/* Several snapshots of one process: the moments of the earlier ones go before those of the last. */
static void
load_all(struct arguments *arguments, struct source *ret_source)
{
	struct report_options *options = &arguments->options;
	size_t count = arguments->operand_count;
	struct source earlier;

	if (count == 0) {
		report_load(options, NULL, NULL, ret_source);
		return;
	}
	report_load(options, arguments->operands[count - 1], NULL, ret_source);
	for (size_t i = count - 1; i-- > 0;) {
		report_load(options, arguments->operands[i], NULL, &earlier);
		if (profile_insert_history(ret_source->profile, earlier.profile) != 0)
			die(COMMAND_TROUBLE,
			    "%s: no earlier snapshot of the process of %s: give snapshots of one "
			    "process, the oldest first",
			    arguments->operands[i], arguments->operands[i + 1]);
		source_release(&earlier);
		ret_source->is_watched = true;
	}
}

static void
load(struct arguments *arguments, struct source *ret_source)
{
	struct term_progress progress;
	struct source_watch watch = {
		.enough = arguments->watches ? UINT32_MAX : WATCH_ENOUGH,
		.looks = WATCH_LOOKS,
		.interval_ns = arguments->watch_ns / (WATCH_LOOKS - 1),
		.progress = term_progress_update,
		.context = &progress,
	};

	arguments->options.history = true;
	arguments->options.watch = &watch;
	term_progress_init(&progress, "watching", false);
	load_all(arguments, ret_source);
	term_progress_release(&progress);
	arguments->options.watch = NULL;
}

static void
report(struct report_options *options, const struct view_growth *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->growth(&term, view);
	report_output_close(&options->output, &term);
}

int
cmd_growth(int argc, char **argv)
{
	struct arguments arguments = {.watch_ns = WATCH_NS};
	struct report_options *options = &arguments.options;
	struct growth_options how = {.to_ns = UINT64_MAX};
	struct growth growth;
	struct source source;

	report_options_init(options, REPORT_GROWTH);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	load(&arguments, &source);
	how.group = &options->group;
	how.is_watched = source.is_watched;
	growth_init(&growth, source.profile, &how);
	report(options, &(struct view_growth){
				.profile = source.profile,
				.growth = &growth,
				.options = &options->group,
				.rows = options->rows,
				.full_names = options->full_names,
			});
	growth_release(&growth);
	source_release(&source);
	free(arguments.operands);
	report_options_release(options);
	return COMMAND_OK;
}
