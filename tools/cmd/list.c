/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/list.c - heaptally list: the recordings of this user, and what became of their processes
 */
#include "config.h"

#include <argp.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "read/locate.h"
#include "util/clock.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/list.h"

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	(void)word;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_LIST], 0, NULL, 0}, {0}};

/* The strings are those of the list. */
static void
show(const struct recording_list *list, struct view_list_row *row, size_t i)
{
	const struct snapshot_identity *identity = &list->files[i].identity;
	uint64_t now_ns = clock_get_ns(CLOCK_REALTIME), start_ns = identity->start_realtime_ns;

	*row = (struct view_list_row){
		.pid = identity->pid,
		.parent_pid = identity->parent_pid,
		.command = identity->command,
		.path = list->files[i].path,
		.state = identity->state,
		.layout = identity->layout,
		.disk_bytes = list->files[i].disk_bytes,
		.age_ns = now_ns > start_ns ? now_ns - start_ns : 0,
		.is_readable = identity->readable,
		.live_bytes = identity->live_bytes,
		.peak_bytes = identity->peak_bytes,
		.duration_ns = identity->duration_ns,
	};
}

int
cmd_list(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.doc = "List the recordings of this user: of processes that run, and those that "
		       "were left by processes that were killed or started without \"heaptally "
		       "run\".\v"
		       "Examples:\n"
		       "  heaptally list\n"
		       "  heaptally list --format json | jq '.recordings[].path'\n",
		.children = children,
	};
	struct report_options options;
	struct view_list_row *rows;
	struct recording_list list;
	struct term term;
	size_t shown = 0;

	report_options_init(&options, REPORT_LIST);
	arguments_parse(&argp, argc, argv, 0, &options);
	locate_all(&list);
	rows = xcalloc(list.count + 1, sizeof(*rows));
	/* The newest first; what runs before what has ended. */
	for (int ended = 0; ended <= 1; ended++)
		for (size_t i = 0; i < list.count; i++)
			if (list.files[i].identity.alive != ended)
				show(&list, &rows[shown++], i);
	report_output_open(&options.output, options.color, &term);
	options.format->list(&term, &(struct view_list){rows, list.count});
	report_output_close(&options.output, &term);
	free(rows);
	recording_list_release(&list);
	report_options_release(&options);
	return COMMAND_OK;
}
