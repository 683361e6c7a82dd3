/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/leaks.c - heaptally leaks: which blocks nothing points at any more
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/leak_look.h"
#include "model/leak_report.h"
#include "read/graph_file.h"
#include "read/look.h"
#include "read/snapshot.h"
#include "read/source.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "view/leaks.h"

enum {
	OPTION_ALL = 512, /* apart from those of `report_options` */
	OPTION_HEURISTICS,
	OPTION_MAX_BYTES,
	OPTION_MAX_BLOCKS,
	OPTION_WAIT,
	OPTION_SETTLE,
	OPTION_YES,
};

#define WAIT_NS       (5 * CLOCK_SECOND_NS)
#define SETTLE_NS     (2 * CLOCK_SECOND_NS)
#define WAIT_MOST     (24 * 3600 * CLOCK_SECOND_NS)
#define PAUSE_MOST_NS (CLOCK_SECOND_NS / 10) /* without --yes */

struct arguments {
	struct report_options options;
	const char *operand;
	enum reach_heuristics heuristics;
	bool heuristics_given, all;
	int64_t max_bytes; /* INT64_MAX: any */
	bool limits_bytes, limits_blocks;
	uint64_t max_blocks;
	uint64_t wait_ns, settle_ns;
	bool yes;
	char *recording; /* of a living process, or NULL */
	struct graph graphs[2];
	unsigned looks;
};

static const struct argp_option option_table[] = {
	{"all", OPTION_ALL, NULL, 0, "show what is held and what system libraries keep, too", 1},
	{"heuristics", OPTION_HEURISTICS, "WHICH", 0,
	 "which pointers into a block count as pointers to its start: all (default), memcheck or "
	 "none",
	 1},
	{"max-bytes", OPTION_MAX_BYTES, "SIZE", 0,
	 "allow up to SIZE lost; alone, any number of blocks (default: 0)", 1},
	{"max-blocks", OPTION_MAX_BLOCKS, "N", 0,
	 "allow up to N blocks lost; alone, of any size (default: 0)", 1},
	{"wait", OPTION_WAIT, "SECONDS", 0,
	 "how long to wait until a process allocates or frees (default: 5)", 1},
	{"settle", OPTION_SETTLE, "SECONDS", 0,
	 "look at a process again after so long; 0: look once (default: 2)", 1},
	{"yes", OPTION_YES, NULL, 0, "also when a process will be paused for more than 100 ms", 1},
	{0},
};

static uint64_t
parse_time(const char *word, const char *option, struct argp_state *state)
{
	uint64_t time_ns = 0;

	if (human_parse_duration(word, &time_ns) != 0 || time_ns > WAIT_MOST)
		argp_error(state, "--%s %s: not a time up to 1d", option, word);
	return time_ns;
}

static void
parse_heuristics(struct arguments *arguments, const char *word, struct argp_state *state)
{
	static const char *const names[] = {"none", "memcheck", "all"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		arguments->heuristics = (enum reach_heuristics)i;
		arguments->heuristics_given = true;
		return;
	}
	argp_error(state, "--heuristics %s: not one of all, memcheck, none", word);
}

static uint64_t
parse_blocks(const char *word, struct argp_state *state)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || errno != 0)
		argp_error(state, "--max-blocks %s: not a number", word);
	return number;
}

/* One limit alone is the only one. */
static void
choose_limits(struct arguments *arguments)
{
	if (arguments->limits_bytes && !arguments->limits_blocks)
		arguments->max_blocks = UINT64_MAX;
	if (arguments->limits_blocks && !arguments->limits_bytes)
		arguments->max_bytes = INT64_MAX;
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_ALL:
		arguments->all = true;
		return 0;
	case OPTION_HEURISTICS:
		parse_heuristics(arguments, word, state);
		return 0;
	case OPTION_MAX_BYTES:
		if (human_parse_size(word, &arguments->max_bytes) != 0 || arguments->max_bytes < 0)
			argp_error(state, "--max-bytes %s: not a size", word);
		arguments->limits_bytes = true;
		return 0;
	case OPTION_MAX_BLOCKS:
		arguments->max_blocks = parse_blocks(word, state);
		arguments->limits_blocks = true;
		return 0;
	case OPTION_WAIT:
		arguments->wait_ns = parse_time(word, "wait", state);
		return 0;
	case OPTION_SETTLE:
		arguments->settle_ns = parse_time(word, "settle", state);
		return 0;
	case OPTION_YES:
		arguments->yes = true;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	case ARGP_KEY_END:
		choose_limits(arguments);
		if (arguments->options.group.by > GROUP_BY_MODULE)
			argp_error(state, "--by %s: leaks go by line, function, file or module",
				   group_by_names[arguments->options.group.by]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_LEAKS], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[FILE|PID]",
	.doc = "Say which blocks nothing points at any more, by line: what is lost, cycles of it, "
	       "and what may be. Of a running process a copy looks, twice; it is neither stopped "
	       "nor slowed but for the moment that the copy takes. One that exits must have been "
	       "started with `heaptally run --leaks`.\v"
	       "Examples:\n"
	       "  heaptally run --leaks -- ./app\n"
	       "  heaptally leaks                    the newest tally of this folder\n"
	       "  heaptally leaks --all app.tally\n"
	       "  heaptally leaks 4711\n\n"
	       "Exit status: 0 nothing is lost; 1 something is, or more than may be; 2 trouble; 3 "
	       "nobody has looked.\n",
	.children = children,
};

/* --- a process that lives --- */

/* End the command with why there is no answer. */
static _Noreturn void
refuse(const struct request_answer *answer, const char *why)
{
	die(COMMAND_NO_ANSWER, "%s %u: there is no answer: %s", answer->command, answer->pid, why);
}

static void
check_answer(const struct arguments *arguments, const struct request_answer *answer)
{
	char wait[HUMAN_BYTES], line[160];

	switch (answer->outcome) {
	case REQUEST_IS_DONE:
		break;
	case REQUEST_IS_PENDING:
		snprintf(line, sizeof(line), "it %shas neither allocated nor freed for %s (--wait)",
			 answer->is_stopped ? "is stopped and " : "",
			 human_duration(arguments->wait_ns, wait));
		refuse(answer, line);
	case REQUEST_IS_BEHIND:
		refuse(answer, "it has not carried out an earlier request yet");
	case REQUEST_IS_LOCKED:
		refuse(answer, "another heaptally is sending it a request");
	case REQUEST_IS_LATE:
		refuse(answer, "it ended first");
	case REQUEST_IS_REFUSED:
		refuse(answer, "its tables are busy");
	}
	if (answer->look_error != 0)
		refuse(answer, view_leaks_explain(answer->look_error));
}

static void
look_once(struct arguments *arguments, struct graph *ret_graph)
{
	struct request_answer answer = {0};
	int result = look_make(arguments->recording, arguments->wait_ns, &answer, ret_graph);

	if (result == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: the process ended", arguments->operand);
	if (result == -EPERM)
		die(COMMAND_TROUBLE, "%s: belongs to another user", arguments->operand);
	if (result == -ECHILD)
		refuse(&answer, "the copy of it that looked was killed");
	if (result != 0)
		die_errno(COMMAND_NO_ANSWER, result, "%s: there is no answer", arguments->operand);
	check_answer(arguments, &answer);
	if (ret_graph->error != 0)
		refuse(&answer, view_leaks_explain(ret_graph->error));
}

static void
check_danger(const struct arguments *arguments, const struct snapshot_identity *identity)
{
	uint64_t pause_ns;
	char *danger = NULL, *warning, text[HUMAN_BYTES];

	/* Neither what it may not do nor its copy can be seen from here. */
	if (!identity->this_namespace)
		die(COMMAND_NO_ANSWER,
		    "%s is of another namespace of process numbers, in which it has to be asked",
		    arguments->operand);
	danger = look_find_danger((pid_t)identity->pid, &pause_ns, &warning);
	if (danger != NULL)
		die(COMMAND_NO_ANSWER, "%s %u is not asked: %s", identity->command, identity->pid,
		    danger);
	if (pause_ns > PAUSE_MOST_NS && !arguments->yes)
		die(COMMAND_NO_ANSWER,
		    "%s %u would be paused for about %s for each look; --yes allows that",
		    identity->command, identity->pid, human_duration(pause_ns, text));
	if (warning != NULL)
		warn("warning: %s %u: %s", identity->command, identity->pid, warning);
	free(warning);
}

/* Let the process look, if it is one that lives; what it has found is read with its recording. */
static void
look(struct arguments *arguments)
{
	struct snapshot_identity identity;
	struct timespec settle = {(time_t)(arguments->settle_ns / CLOCK_SECOND_NS),
				  (long)(arguments->settle_ns % CLOCK_SECOND_NS)};
	char *why;

	if (arguments->operand == NULL || source_is_tally(arguments->operand) ||
	    source_find_recording(arguments->operand, &arguments->recording, &why) != 0)
		return;
	if (snapshot_identify(arguments->recording, SNAPSHOT_ANY_OWNER, &identity) != 0 ||
	    !identity.readable || !identity.alive)
		return;
	check_danger(arguments, &identity);
	look_once(arguments, &arguments->graphs[arguments->looks++]);
	if (arguments->settle_ns == 0)
		return;
	nanosleep(&settle, NULL);
	look_once(arguments, &arguments->graphs[arguments->looks++]);
}

/* What both have found, of the recording as it is now. */
static void
take_looks(struct arguments *arguments, struct source *source)
{
	struct profile *profile = source->profile;

	for (unsigned i = 0; i < arguments->looks; i++)
		if (arguments->graphs[i].site_count > profile->site_count)
			die(COMMAND_TROUBLE, "%s: its graph is damaged", source->name);
	if (arguments->looks == 1)
		leak_look(&profile->leaks, &arguments->graphs[0], profile, arguments->heuristics);
	else
		leak_look_twice(&profile->leaks, &arguments->graphs[0], &arguments->graphs[1],
				profile, arguments->heuristics);
	for (unsigned i = 0; i < arguments->looks; i++)
		graph_release(&arguments->graphs[i]);
}

/* --- one that has ended --- */

/* The graph that is left beside a recording. */
static void
read_graph(const struct arguments *arguments, struct source *source)
{
	struct profile *profile = source->profile;
	char *path = graph_file_make_path(source->path);
	struct snapshot_identity identity;
	struct graph graph;
	int result = graph_file_read(path, profile->site_count, &graph);

	free(path);
	if (result == -ENOENT)
		return;
	/* One of an earlier run of the same name says nothing of this one. */
	if (result == 0 && (snapshot_identify(source->path, SNAPSHOT_ANY_OWNER, &identity) != 0 ||
			    graph.start_monotonic_ns != identity.start_monotonic_ns)) {
		graph_release(&graph);
		return;
	}
	if (result != 0)
		die_errno(COMMAND_TROUBLE, result, "%s: its graph cannot be read", source->name);
	leak_look(&profile->leaks, &graph, profile, arguments->heuristics);
	graph_release(&graph);
}

static void
load(struct arguments *arguments, struct source *ret_source)
{
	look(arguments);
	report_load(&arguments->options, arguments->operand, NULL, ret_source);
	if (arguments->looks != 0)
		take_looks(arguments, ret_source);
	else if (!ret_source->is_tally)
		read_graph(arguments, ret_source);
	else if (arguments->heuristics_given)
		die(COMMAND_TROUBLE,
		    "%s: --heuristics: a tally has only what was found with all of them",
		    ret_source->name);
	if (!ret_source->profile->leaks.is_known)
		die(COMMAND_NO_ANSWER,
		    "%s: its memory was not looked at for leaks: start the program with "
		    "`heaptally run --leaks`, which does that when it calls exit()",
		    ret_source->name);
	if (ret_source->profile->leaks.error != 0)
		die(COMMAND_NO_ANSWER, "%s: there is no answer: %s", ret_source->name,
		    view_leaks_explain(ret_source->profile->leaks.error));
}

static void
report(struct report_options *options, const struct view_leaks *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->leaks(&term, view);
	report_output_close(&options->output, &term);
}

static bool
is_too_much(const struct arguments *arguments, const struct leak_values *sum)
{
	return sum->bytes[REACH_DEFINITE] + sum->bytes[REACH_INDIRECT] >
		       (uint64_t)arguments->max_bytes ||
	       sum->blocks[REACH_DEFINITE] + sum->blocks[REACH_INDIRECT] > arguments->max_blocks;
}

int
cmd_leaks(int argc, char **argv)
{
	struct arguments arguments = {
		.heuristics = REACH_HEURISTICS_ALL, .wait_ns = WAIT_NS, .settle_ns = SETTLE_NS};
	struct report_options *options = &arguments.options;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct leak_report leaks;
	struct attribution attribution;
	struct source source;
	bool too_much;

	report_options_init(options, REPORT_LEAKS);
	argp_err_exit_status = COMMAND_TROUBLE;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	load(&arguments, &source);
	options->group.selection.system_rules = true;
	attribution_init(&attribution, source.profile, &options->group.selection, table, NULL);
	leak_report_init(&leaks, source.profile, &attribution, &options->group);
	report(options, &(struct view_leaks){
				.profile = source.profile,
				.at = source.at,
				.report = &leaks,
				.attribution = &attribution,
				.options = &options->group,
				.rows = options->rows,
				.all = arguments.all,
				.full_names = options->full_names,
			});
	too_much = is_too_much(&arguments, &leaks.sum);
	leak_report_release(&leaks);
	attribution_release(&attribution);
	place_table_free(table);
	source_release(&source);
	report_options_release(options);
	free(arguments.recording);
	return too_much ? COMMAND_EXCEEDED : COMMAND_OK;
}
