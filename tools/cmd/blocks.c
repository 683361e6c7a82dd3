/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/blocks.c - heaptally blocks: the single blocks that live
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/listing.h"
#include "view/blocks.h"

enum {
	OPTION_SORT = 512,
};

struct arguments {
	struct report_options options;
	enum listing_order order;
	const char *operand;
};

static const struct argp_option option_table[] = {
	{"sort", OPTION_SORT, "ORDER", 0, "age (default: the oldest first), size or address", 0},
	{0},
};

static void
parse_order(struct arguments *arguments, const char *word, struct argp_state *state)
{
	for (unsigned i = 0; listing_order_names[i] != NULL; i++) {
		if (strcmp(listing_order_names[i], word) == 0) {
			arguments->order = (enum listing_order)i;
			return;
		}
	}
	arguments_refuse_word(state, word, "age, size, address");
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_SORT:
		parse_order(arguments, word, state);
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_BLOCKS], 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[FILE|PID]",
	.doc = "List the blocks that live: address, size, age, thread, and where each was "
	       "allocated. The program must have been started with `heaptally run --blocks`.\v"
	       "Examples:\n"
	       "  heaptally blocks 4711                          the oldest of a running process\n"
	       "  heaptally blocks --sort size -n 5 app.tally\n"
	       "  heaptally blocks --include 'age=1h..,size=64K..' 4711\n",
	.children = children,
};

static void
report(struct report_options *options, const struct view_blocks *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->blocks(&term, view);
	report_output_close(&options->output, &term);
}

int
cmd_blocks(int argc, char **argv)
{
	struct arguments arguments = {.order = LISTING_BY_AGE};
	struct report_options *options = &arguments.options;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct listing listing;
	struct attribution attribution;
	struct source source;

	report_options_init(options, REPORT_BLOCKS);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	report_load(options, arguments.operand, NULL, &source);
	attribution_init(&attribution, source.profile, &options->group.selection, table, NULL);
	listing_init(&listing, source.profile, &attribution, arguments.order, options->rows);
	report(options, &(struct view_blocks){
				.profile = source.profile,
				.at = source.at,
				.listing = &listing,
				.attribution = &attribution,
				.order = listing_order_names[arguments.order],
				.filtered = options->group.selection.filters.count != 0,
				.full_names = options->full_names,
			});
	listing_release(&listing);
	attribution_release(&attribution);
	place_table_free(table);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
