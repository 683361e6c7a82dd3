/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/blocks.c - heaptally blocks: the single blocks that live
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "model/attribution.h"
#include "model/listing.h"
#include "view/blocks.h"

#define DEFAULT_ROWS 20

enum {
	OPTION_SORT = 512,
};

struct arguments {
	struct cmd_report report;
	enum listing_order order;
	const char *operand;
};

static const struct argp_option options[] = {
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
	argp_error(state, "%s: not one of age, size, address", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->report;
		return 0;
	case OPTION_SORT:
		parse_order(arguments, word, state);
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

static const struct argp_child children[] = {{&cmd_report_blocks_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = options,
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
print(const struct cmd_report *report, const struct view_blocks *view)
{
	struct term term;

	if (report->format == REPORT_JSON) {
		view_blocks_json(stdout, view);
	} else if (report->format == REPORT_CSV) {
		view_blocks_csv(stdout, view);
	} else {
		term_init(&term, stdout, report->color);
		view_blocks_text(&term, view);
	}
}

int
cmd_blocks(int argc, char **argv)
{
	struct arguments arguments = {.order = LISTING_BY_AGE};
	struct cmd_report *report = &arguments.report;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct listing listing;
	struct attribution attribution;
	struct source source;

	cmd_report_init(report);
	report->about_blocks = true;
	report->default_rows = DEFAULT_ROWS;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	cmd_report_read(report, arguments.operand, "exit", &source);
	attribution_init(&attribution, source.profile, &report->group.selection, table, NULL);
	listing_init(&listing, source.profile, &attribution, arguments.order, report->rows);
	print(report, &(struct view_blocks){
			      .profile = source.profile,
			      .at = source.at,
			      .listing = &listing,
			      .attribution = &attribution,
			      .order = listing_order_names[arguments.order],
			      .filtered = report->group.selection.filters.count != 0,
			      .full_names = report->full_names,
		      });
	cmd_report_finish();
	listing_release(&listing);
	attribution_release(&attribution);
	place_table_free(table);
	source_release(&source);
	cmd_report_release(report);
	return COMMAND_OK;
}
