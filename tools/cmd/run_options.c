/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/arguments.h"
#include "cmd/run_options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

enum option_key {
	OPTION_FRAMES = 256,
	OPTION_EVERY,
	OPTION_NO_CHILDREN,
	OPTION_REALLOC,
	OPTION_THREADS,
	OPTION_PYTHON,
	OPTION_BLOCKS,
	OPTION_START,
	OPTION_WRAPPER,
	OPTION_LEAKS,
	OPTION_NO_CACHE,
	OPTION_GRAPH,
	OPTION_DOMAIN,
};

static const struct argp_option option_table[] = {
	{"output", 'o', "FILE", 0, "write FILE instead of heaptally.NAME.PID.tally", 0},
	{"force", 'f', NULL, 0, "replace FILE if it exists", 0},
	{"frames", OPTION_FRAMES, "N", 0, "keep the N innermost frames of each stack", 0},
	{"every", OPTION_EVERY, "SECONDS", 0, "take a snapshot every so many seconds", 0},
	{"no-children", OPTION_NO_CHILDREN, NULL, 0, "record the command only", 0},
	{"realloc", OPTION_REALLOC, "last|origin", 0,
	 "whose block it is after a realloc: that of the last call (default) or of the first", 0},
	{"threads", OPTION_THREADS, NULL, 0, "note which thread allocates, for --by thread", 0},
	{"blocks", OPTION_BLOCKS, NULL, 0,
	 "note size, birth and thread of every block, for heaptally block and blocks", 0},
	{"python", OPTION_PYTHON, "on|objects|frames|off", 0,
	 "lines of Python code, and the blocks of CPython's own allocators (default: on)", 0},
	{"start", OPTION_START, "on|off", 0,
	 "off: record nothing until `heaptally resume PID` (default: on)", 0},
	{"wrapper", OPTION_WRAPPER, "GLOB", 0,
	 "on the card, take these functions for allocator wrappers too", 0},
	{"leaks", OPTION_LEAKS, "fail", OPTION_ARG_OPTIONAL,
	 "look at exit which blocks nothing points at any more, for heaptally leaks; with =fail "
	 "the status is 1 then, if the program's is 0, and 3 when that is not known",
	 0},
	{"no-cache", OPTION_NO_CACHE, NULL, 0,
	 "neither use nor keep names in the cache directory of the user", 0},
	{"graph", OPTION_GRAPH, NULL, 0,
	 "look as --leaks does, and keep beside the tally who pointed at whom, for heaptally "
	 "retained and refs",
	 0},
	{"domain", OPTION_DOMAIN, "mmap", 0,
	 "record what the program maps by itself (mmap, mremap, munmap), too, for heaptally "
	 "resident",
	 0},
	{"quiet", 'q', NULL, 0, "print no card", 0},
	{0},
};

static uint32_t
parse_frames(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long frames;

	errno = 0;
	frames = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || frames < 1 ||
	    frames > 65535)
		argp_error(state, "--frames %s: not a number from 1 to 65535", text);
	return (uint32_t)frames;
}

static uint64_t
parse_seconds(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0.001 || seconds > 1e9)
		argp_error(state, "--every %s: not a number of seconds, at least 0.001", text);
	return (uint64_t)(seconds * 1e9);
}

static void
insert_wrapper(struct run_options *run, const char *glob)
{
	run->wrappers =
		xreallocarray(run->wrappers, run->wrapper_count + 1, sizeof(*run->wrappers));
	run->wrappers[run->wrapper_count++] = glob;
}

static void
parse_leaks(struct run_options *run, const char *word, struct argp_state *state)
{
	if (word != NULL && strcmp(word, "fail") != 0)
		argp_error(state, "--leaks=%s: only =fail is known", word);
	run->launch.leaks = true;
	run->leaks_fail |= word != NULL;
}

static void
parse_python(struct run_options *run, const char *word, struct argp_state *state)
{
	if (strcmp(word, "on") != 0 && strcmp(word, "objects") != 0 &&
	    strcmp(word, "frames") != 0 && strcmp(word, "off") != 0)
		argp_error(state, "--python %s: neither on nor objects nor frames nor off", word);
	run->launch.python = word;
}

static void
parse_domain(struct run_options *run, const char *word, struct argp_state *state)
{
	if (strcmp(word, "mmap") != 0)
		argp_error(state, "--domain %s: only mmap is known", word);
	run->launch.mmap = true;
}

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct run_options *run = state->input;

	switch (key) {
	case 'o':
		run->output = argument;
		return 0;
	case 'f':
		run->force = true;
		return 0;
	case 'q':
		run->quiet = true;
		return 0;
	case OPTION_FRAMES:
		run->launch.frames = parse_frames(argument, state);
		return 0;
	case OPTION_EVERY:
		run->every_ns = parse_seconds(argument, state);
		return 0;
	case OPTION_WRAPPER:
		insert_wrapper(run, argument);
		return 0;
	case OPTION_NO_CHILDREN:
		run->launch.no_children = true;
		return 0;
	case OPTION_REALLOC:
		if (strcmp(argument, "last") != 0 && strcmp(argument, "origin") != 0)
			argp_error(state, "--realloc %s: neither last nor origin", argument);
		run->launch.realloc = argument;
		return 0;
	case OPTION_PYTHON:
		parse_python(run, argument, state);
		return 0;
	case OPTION_NO_CACHE:
		run->no_cache = true;
		return 0;
	case OPTION_THREADS:
		run->launch.threads = true;
		return 0;
	case OPTION_BLOCKS:
		run->launch.blocks = true;
		return 0;
	case OPTION_START:
		if (strcmp(argument, "on") != 0 && strcmp(argument, "off") != 0)
			argp_error(state, "--start %s: neither on nor off", argument);
		run->launch.start = argument;
		return 0;
	case OPTION_GRAPH:
		run->graph = run->launch.leaks = true;
		return 0;
	case OPTION_DOMAIN:
		parse_domain(run, argument, state);
		return 0;
	case OPTION_LEAKS:
		parse_leaks(run, argument, state);
		return 0;
	case ARGP_KEY_ARG:
		/* The first word that is no option begins the command; the rest is its own. */
		run->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void
run_options_parse(struct run_options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "COMMAND [ARG...]",
		.doc = "Run a program and record what it and its descendants allocate.\v"
		       "Examples:\n"
		       "  heaptally run -- ./server --port 80\n"
		       "  heaptally run --every 1 -o build.tally -- make -j4\n"
		       "  heaptally run --frames 8 python3 script.py\n",
	};

	argp_err_exit_status = LAUNCH_FAILED;
	arguments_parse(&argp, argc, argv, ARGP_IN_ORDER, options);
}
