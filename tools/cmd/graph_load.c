/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/graph_outside.h"
#include "cmd/report_load.h"
#include "model/leak.h"
#include "read/graph_file.h"
#include "read/look.h"
#include "read/snapshot.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/leaks.h"

enum {
	OPTION_WAIT = 768, /* apart from those of `report_options` and of commands */
	OPTION_YES,
	OPTION_CORE,
	OPTION_OUTSIDE,
};

#define WAIT_NS       (5 * CLOCK_SECOND_NS)
#define WAIT_MOST     (24 * 3600 * CLOCK_SECOND_NS)
#define PAUSE_MOST_NS (CLOCK_SECOND_NS / 10) /* without --yes */

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

/* --- a process that lives --- */

/* What to do instead, to be put behind why there is no answer. To free. */
static char *
make_offer(const struct graph_load *load)
{
	if (load->command == NULL)
		return xstrdup("");
	return xasprintf("; `heaptally %s --outside %s%s%s` reads its memory without its help",
			 load->command, load->operand, load->rest != NULL ? " " : "",
			 load->rest != NULL ? load->rest : "");
}

/* End the command with why there is no answer. */
static _Noreturn void
refuse(const struct graph_load *load, const struct request_answer *answer, const char *why)
{
	die(COMMAND_NO_ANSWER, "%s %u: there is no answer: %s%s", answer->command, answer->pid, why,
	    make_offer(load));
}

static void
check_answer(const struct graph_load *load, const struct request_answer *answer)
{
	char wait[HUMAN_BYTES], line[160];

	switch (answer->outcome) {
	case REQUEST_IS_DONE:
		break;
	case REQUEST_IS_PENDING:
		snprintf(line, sizeof(line), "it %shas neither allocated nor freed for %s (--wait)",
			 answer->is_stopped ? "is stopped and " : "",
			 human_duration(load->wait_ns, wait));
		refuse(load, answer, line);
	case REQUEST_IS_BEHIND:
		refuse(load, answer, "it has not carried out an earlier request yet");
	case REQUEST_IS_LOCKED:
		refuse(load, answer, "another heaptally is sending it a request");
	case REQUEST_IS_LATE:
		die(COMMAND_NO_ANSWER, "%s %u: there is no answer: it ended first", answer->command,
		    answer->pid);
	case REQUEST_IS_REFUSED:
		refuse(load, answer, "its tables are busy");
	}
	if (answer->look_error != 0)
		refuse(load, answer, view_leaks_explain(answer->look_error));
}

/* Of all looks of this command, which alone knows it. */
static uint32_t
make_key(void)
{
	uint32_t key;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key))
		key = (uint32_t)clock_get_ns(CLOCK_MONOTONIC);
	return key != 0 ? key : 1;
}

static void
look_once(struct graph_load *load, struct graph *ret_graph)
{
	struct request_answer answer = {0};
	int result = look_make(load->recording, load->wait_ns, load->key, &answer, ret_graph);

	if (result == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: the process ended", load->operand);
	if (result == -EPERM)
		die(COMMAND_TROUBLE, "%s: belongs to another user", load->operand);
	if (result == -ECHILD)
		refuse(load, &answer, "the copy of it that looked was killed");
	if (result != 0)
		die_errno(COMMAND_NO_ANSWER, result, "%s: there is no answer", load->operand);
	check_answer(load, &answer);
	if (ret_graph->error != 0)
		refuse(load, &answer, view_leaks_explain(ret_graph->error));
}

static void
make_look(struct graph_load *load, struct graph *ret_graph)
{
	if (load->outside)
		graph_outside_look(load->recording, load->operand, ret_graph);
	else
		look_once(load, ret_graph);
}

static void
check_danger(const struct graph_load *load, const struct snapshot_identity *identity)
{
	uint64_t pause_ns;
	char *danger = NULL, *warning, text[HUMAN_BYTES];

	/* Neither what it may not do nor its copy can be seen from here. */
	if (!identity->this_namespace)
		die(COMMAND_NO_ANSWER,
		    "%s is of another namespace of process numbers, in which it has to be asked",
		    load->operand);
	danger = look_find_danger((pid_t)identity->pid, &pause_ns, &warning);
	if (danger != NULL)
		die(COMMAND_NO_ANSWER, "%s %u is not asked: %s%s", identity->command, identity->pid,
		    danger, make_offer(load));
	if (pause_ns > PAUSE_MOST_NS && !load->yes)
		die(COMMAND_NO_ANSWER,
		    "%s %u would be paused for about %s for each look; --yes allows that%s",
		    identity->command, identity->pid, human_duration(pause_ns, text),
		    make_offer(load));
	if (warning != NULL)
		warn("warning: %s %u: %s", identity->command, identity->pid, warning);
	free(warning);
}

void
graph_load_look(struct graph_load *load)
{
	struct snapshot_identity identity;
	struct timespec settle = clock_to(load->settle_ns);
	char *why;

	if (load->operand == NULL || source_is_tally(load->operand) ||
	    source_find_recording(load->operand, &load->recording, &why) != 0)
		return;
	if (snapshot_identify(load->recording, SNAPSHOT_ANY_OWNER, &identity) != 0 ||
	    !identity.readable || !identity.alive)
		return;
	if (!load->outside)
		check_danger(load, &identity);
	load->key = load->settle_ns != 0 ? make_key() : 0;
	make_look(load, &load->graphs[load->count++]);
	if (load->settle_ns == 0)
		return;
	nanosleep(&settle, NULL);
	make_look(load, &load->graphs[load->count++]);
}

/* What was looked at cannot have more sites than the recording has by now. */
static void
check_looks(const struct graph_load *load, const struct source *source)
{
	for (unsigned i = 0; i < load->count; i++)
		if (load->graphs[i].site_count > source->profile->site_count)
			die(COMMAND_TROUBLE, "%s: its graph is damaged", source->name);
}

/* --- one that has ended --- */

/* A graph of an earlier run of the same name says nothing of this one. A tally has what came of the
 * graph. */
static bool
is_of_source(const struct graph *graph, const struct source *source)
{
	struct snapshot_identity identity;

	if (source->is_tally)
		return leak_set_is_of(&source->profile->leaks, graph);
	return snapshot_identify(source->path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	       graph->start_monotonic_ns == identity.start_monotonic_ns;
}

/* The graph is of no use: end the command, unless the tally has the answer. */
static void
leave_graph(const struct graph_load *load, const struct source *source, int error)
{
	bool has_answer =
		load->tally_answers && source->is_tally && source->profile->leaks.is_known;

	if (error == -EBADMSG && has_answer)
		warn("warning: %s: its graph is damaged; this is what the tally has", source->name);
	else if (error == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: its graph cannot be read: not a graph, or damaged",
		    source->name);
	else if (has_answer)
		warn_errno(error,
			   "warning: %s: its graph cannot be read; this is what the tally has",
			   source->name);
	else
		die_errno(COMMAND_TROUBLE, error, "%s: its graph cannot be read", source->name);
}

/* False when there is none of this name, or it is of another process, or of no use. */
static bool
read_graph(struct graph_load *load, const struct source *source, const char *path)
{
	struct graph *graph = &load->graphs[0];
	/* One of another run may know of more sites. */
	int result = graph_file_read(path, GRAPH_FILE_SITES_MAX, graph);

	if (result == -ENOENT)
		return false;
	if (result == 0 && !is_of_source(graph, source)) {
		graph_release(graph);
		return false;
	}
	if (result == 0 && graph->site_count > source->profile->site_count) {
		graph_release(graph);
		result = -EBADMSG;
	}
	if (result != 0) {
		leave_graph(load, source, result);
		return false;
	}
	graph->site_count = source->profile->site_count;
	load->count = 1;
	return true;
}

static void
read_beside(struct graph_load *load, const struct source *source)
{
	char *path;

	if (!source->is_tally) {
		path = graph_file_make_path(source->path);
		if (!read_graph(load, source, path))
			source_take_look_error(source);
		free(path);
		return;
	}
	path = graph_file_make_path_beside(source->path, 0);
	if (!read_graph(load, source, path)) {
		free(path);
		path = graph_file_make_path_beside(source->path, source->profile->pid);
		read_graph(load, source, path);
	}
	free(path);
}

/* --- a graph by its name --- */

/* What has the names of a graph's sites: "x.4711.graph" may be of "x.tally". To free; NULL. */
static char *
find_names(const char *graph)
{
	static const char *const endings[] = {".recording", ".tally"};
	int stem = (int)(strlen(graph) - strlen(".graph")), shorter = stem;

	while (shorter > 0 && graph[shorter - 1] >= '0' && graph[shorter - 1] <= '9')
		shorter--;
	shorter = shorter > 1 && graph[shorter - 1] == '.' ? shorter - 1 : stem;
	for (unsigned i = 0; i < 2 * sizeof(endings) / sizeof(*endings); i++) {
		char *path = xasprintf("%.*s%s", i < 2 ? stem : shorter, graph, endings[i % 2]);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static void
read_named(struct graph_load *load, struct report_options *options, struct source *ret_source)
{
	struct graph graph;
	char *names = find_names(load->operand);
	int result = graph_file_read(load->operand, GRAPH_FILE_SITES_MAX, &graph);

	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: not a graph, or damaged", load->operand);
	if (result != 0)
		die_errno(COMMAND_TROUBLE, result, "%s", load->operand);
	if (names == NULL)
		die(COMMAND_TROUBLE,
		    "%s: the recording or the tally that it belongs to has to be beside it",
		    load->operand);
	if (source_is_tally(names))
		options->graph = &graph;
	report_load(options, names, NULL, ret_source);
	options->graph = NULL;
	graph_release(&graph);
	load->tally_answers = false; /* who names the graph means it */
	if (!read_graph(load, ret_source, load->operand))
		die(COMMAND_TROUBLE, "%s: it is not of the same run as %s", load->operand, names);
	free(names);
}

/* --- any --- */

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
		read_beside(load, source);
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
		read_named(load, options, ret_source);
		return;
	}
	if (load->core != NULL) {
		graph_outside_read_core(load->core, load->operand, options, &load->graphs[0],
					ret_source);
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
