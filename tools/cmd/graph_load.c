/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_load.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/graph_ask.h"
#include "cmd/graph_core.h"
#include "cmd/graph_kept.h"
#include "cmd/report_load.h"
#include "read/graph_file.h"
#include "read/operand.h"
#include "read/snapshot.h"
#include "read/source_file.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "view/leaks.h"

enum {
	OPTION_WAIT = 768, /* apart from those of `report_options` and of commands */
	OPTION_YES,
	OPTION_CORE,
	OPTION_OUTSIDE,
};

#define WAIT_NS   (5 * CLOCK_SECOND_NS)
#define WAIT_MOST (24 * 3600 * CLOCK_SECOND_NS)

static const struct argp_option option_table[] = {
	{"wait", OPTION_WAIT, "SECONDS", 0,
	 "how long to wait until a process allocates or frees (default: 5)", 1},
	{"yes", OPTION_YES, NULL, 0, "also when a process will be paused for more than 100 ms", 1},
	{0},
};

static const struct argp_option outside_table[] = {
	{"core", OPTION_CORE, "CORE", 0,
	 "look at a core file; the recording or the tally of its process is FILE, or is found", 1},
	{"outside", OPTION_OUTSIDE, NULL, 0,
	 "read the memory of a process without its help: what seems lost need not be", 1},
	{0},
};

uint64_t
graph_load_parse_time(const char *word, const char *option, const struct argp_state *state)
{
	uint64_t time_ns = 0;

	if (human_parse_duration(word, &time_ns) != 0 || time_ns > WAIT_MOST)
		argp_error(state, "--%s %s: not a time up to 1d", option, word);
	return time_ns;
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct graph_load *load = state->input;

	switch (key) {
	case OPTION_WAIT:
		load->wait_ns = graph_load_parse_time(word, "wait", state);
		return 0;
	case OPTION_YES:
		load->yes = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_outside(int key, char *word, struct argp_state *state)
{
	struct graph_load *load = state->input;

	switch (key) {
	case OPTION_CORE:
		load->core = word;
		return 0;
	case OPTION_OUTSIDE:
		load->outside = true;
		return 0;
	case ARGP_KEY_END:
		if (load->core != NULL && load->outside)
			argp_error(state, "--core, --outside: one at a time");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp graph_load_argp = {.options = option_table, .parser = parse_option};
const struct argp graph_load_outside_argp = {.options = outside_table, .parser = parse_outside};

void
graph_load_init(struct graph_load *load)
{
	*load = (struct graph_load){.wait_ns = WAIT_NS};
}

void
graph_load_release(struct graph_load *load)
{
	for (unsigned i = 0; i < load->count; i++)
		graph_release(&load->graphs[i]);
	free(load->recording);
	*load = (struct graph_load){0};
}

void
graph_load_look(struct graph_load *load)
{
	struct graph_ask ask = {
		.operand = load->operand,
		.command = load->command,
		.rest = load->rest,
		.wait_ns = load->wait_ns,
		.settle_ns = load->settle_ns,
		.yes = load->yes,
		.outside = load->outside,
	};
	char *why;

	if (load->operand == NULL || source_file_is_tally(load->operand) ||
	    operand_find_file(load->operand, &load->recording, &why) != 0)
		return;
	ask.recording = load->recording;
	load->count = graph_ask_look(&ask, load->graphs);
}

/* What was looked at cannot have more sites than the recording has by now. */
static void
check_looks(const struct graph_load *load, const struct source *source)
{
	for (unsigned i = 0; i < load->count; i++)
		if (load->graphs[i].site_count > source->profile->site_count)
			die(COMMAND_TROUBLE, "%s: its graph is damaged", source->name);
}

/* Which is of one process: as good as the sum. */
static bool
is_recording(const struct graph_load *load)
{
	struct snapshot_identity identity;

	return load->recording != NULL &&
	       snapshot_identify(load->recording, SNAPSHOT_ANY_OWNER, &identity) == 0;
}

static void
take(struct graph_load *load, const struct source *source)
{
	load->is_live = load->count != 0;
	if (load->is_live)
		check_looks(load, source);
	else if (load->outside)
		die(COMMAND_NO_ANSWER, "%s: --outside is for a process that lives", source->name);
	else
		load->count = graph_kept_read_beside(source, load->tally_answers, load->graphs);
}

/* Of the processes of a tally no graph is looked for. */
static void
read_sum(struct graph_load *load, struct report_options *options, struct source *ret_source)
{
	const char *process = options->process;

	if (is_recording(load)) {
		options->all_processes = false;
		options->process = NULL;
	}
	report_load(options, load->operand, NULL, ret_source);
	if (!options->all_processes)
		take(load, ret_source);
	options->all_processes = true;
	options->process = process;
}

void
graph_load_read(struct graph_load *load, struct report_options *options, struct source *ret_source)
{
	if (load->operand != NULL && graph_file_is_name(load->operand) &&
	    access(load->operand, F_OK) == 0) {
		if (options->all_processes)
			die(COMMAND_TROUBLE, "%s: --process all: a graph is that of one process",
			    load->operand);
		graph_kept_read_named(load->operand, options, &load->graphs[0], ret_source);
		load->count = 1;
		return;
	}
	if (load->core != NULL) {
		graph_core_read(load->core, load->operand, options, &load->graphs[0], ret_source);
		load->count = 1;
		return;
	}
	graph_load_look(load);
	if (options->all_processes) {
		read_sum(load, options, ret_source);
		return;
	}
	report_load(options, load->operand, NULL, ret_source);
	take(load, ret_source);
}

void
graph_load_check(struct graph_load *load, const struct source *source)
{
	take(load, source);
	graph_load_need(load, source);
}

void
graph_load_need(const struct graph_load *load, const struct source *source)
{
	if (load->count == 0)
		die(COMMAND_NO_ANSWER,
		    "%s: it is not known who pointed at whom: ask the process while it lives, or "
		    "start the program with `heaptally run --graph`, which looks when it calls "
		    "exit()",
		    source->name);
	if (load->graphs[0].error != 0)
		die(COMMAND_NO_ANSWER, "%s: there is no answer: %s", source->name,
		    view_leaks_explain(load->graphs[0].error));
}
