/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/block.c - heaptally block: what an address belongs to, or belonged to
 */
#include "config.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "model/attribution.h"
#include "util/error.h"
#include "view/block.h"

struct arguments {
	struct cmd_report report;
	const char *operands[2]; /* where, and the address */
	uint64_t address;
};

/* As a debugger prints it, with 0x, or in decimal. */
static void
parse_address(struct arguments *arguments, const char *word, struct argp_state *state)
{
	bool hex = strncmp(word, "0x", 2) == 0 || strncmp(word, "0X", 2) == 0;
	const char *digits = hex ? word + 2 : word;
	char *end;

	errno = 0;
	arguments->address = strtoull(digits, &end, hex ? 16 : 10);
	if (!isxdigit((unsigned char)*digits) || *end != '\0' || errno != 0)
		argp_error(state, "%s: not an address; one is 0x55d0c3a02ab0, or decimal", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->report;
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
		parse_address(arguments, arguments->operands[1], state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&cmd_report_block_argp, 0, NULL, 0}, {0}};

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
print(const struct cmd_report *report, const struct view_block *view)
{
	struct term term;

	if (report->format == REPORT_JSON) {
		view_block_json(stdout, view);
	} else if (report->format == REPORT_CSV) {
		view_block_csv(stdout, view);
	} else {
		term_init(&term, stdout, report->color);
		view_block_text(&term, view);
	}
}

int
cmd_block(int argc, char **argv)
{
	struct arguments arguments = {.operands = {NULL}};
	struct cmd_report *report = &arguments.report;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct view_block view = {.profile = NULL};
	struct attribution attribution;
	struct source source;
	int status;

	cmd_report_init(report);
	report->about_blocks = true;
	report->frames = 0;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	report->freed_at = &arguments.address;
	cmd_report_read(report, arguments.operands[0], "exit", &source);
	attribution_init(&attribution, source.profile, &report->group.selection, table, NULL);
	view = (struct view_block){
		.profile = source.profile,
		.at = source.at,
		.attribution = &attribution,
		.address = arguments.address,
		.frames = report->frames,
		.most_recent_last = report->most_recent_last,
		.full_names = report->full_names,
		.only_living = source.is_tally,
	};
	find(&view);
	if (view.block != NULL)
		attribution_prepare_stacks(&attribution, view.block->site, 1);
	else if (view.freed != NULL)
		attribution_prepare_stacks(&attribution, view.freed->block.site, 1);
	status = view.block != NULL || view.freed != NULL ? COMMAND_OK : COMMAND_NOT_FOUND;
	print(report, &view);
	cmd_report_finish();
	attribution_release(&attribution);
	place_table_free(table);
	source_release(&source);
	cmd_report_release(report);
	return status;
}
