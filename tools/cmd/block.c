/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/block.c - heaptally block: what an address belongs to, or belonged to
 */
#include "config.h"

#include <argp.h>
#include <stdlib.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/attribution.h"
#include "util/error.h"
#include "view/block.h"

struct arguments {
	struct report_options options;
	const char *operands[2]; /* where, and the address */
	uint64_t address;
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
		if (state->arg_num >= 2)
			argp_error(state, "%s: one process or file and one address at a time",
				   word);
		arguments->operands[state->arg_num] = word;
		return 0;
	case ARGP_KEY_END:
		if (arguments->operands[1] == NULL)
			argp_error(state, "a process or file and an address are needed");
		arguments->address = arguments_parse_address(arguments->operands[1], state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_BLOCK], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "FILE|PID ADDRESS",
	.doc = "Say which block an address is in, or was in before it was freed: its size, its "
	       "age, and the stack that allocated it. The program must have been started with "
	       "`heaptally run --blocks`. Exit status: 1 if it is in none.\v"
	       "Examples:\n"
	       "  heaptally block 4711 0x55d0c3a02ab0\n"
	       "  heaptally block --format json app.tally 0x7f21b4000b60\n",
	.children = children,
};

/* The block that holds the address, or who is near. */
static void
find(struct view_block *view)
{
	const struct block_set *set = &view->profile->blocks;
	const struct block *below = block_find(set, view->address);
	const struct block *above = below != NULL ? below + 1 : set->blocks;

	view->below = below;
	view->above = above != NULL && above < set->blocks + set->count ? above : NULL;
	if (below != NULL && block_holds(below, view->address)) {
		view->block = below;
		view->below = below > set->blocks ? below - 1 : NULL;
	} else if (set->freed_count != 0) {
		view->freed = &set->freed[0];
	}
}

static void
report(struct report_options *options, const struct view_block *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->block(&term, view);
	report_output_close(&options->output, &term);
}

int
cmd_block(int argc, char **argv)
{
	struct arguments arguments = {.operands = {NULL}};
	struct report_options *options = &arguments.options;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct view_block view = {.profile = NULL};
	struct attribution attribution;
	struct source source;
	int status;

	report_options_init(options, REPORT_BLOCK);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	report_load(options, arguments.operands[0], &arguments.address, &source);
	attribution_init(&attribution, source.profile, &options->group.selection, table, NULL);
	view = (struct view_block){
		.profile = source.profile,
		.at = source.at,
		.attribution = &attribution,
		.address = arguments.address,
		.frames = options->frames,
		.most_recent_last = options->most_recent_last,
		.full_names = options->full_names,
		.only_living = source.is_tally,
	};
	find(&view);
	if (view.block != NULL)
		attribution_prepare_stacks(&attribution, view.block->site, 1);
	else if (view.freed != NULL)
		attribution_prepare_stacks(&attribution, view.freed->block.site, 1);
	status = view.block != NULL || view.freed != NULL ? COMMAND_OK : COMMAND_NOT_FOUND;
	report(options, &view);
	attribution_release(&attribution);
	place_table_free(table);
	source_release(&source);
	report_options_release(options);
	return status;
}
