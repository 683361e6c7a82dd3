/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/timeline.c - heaptally timeline: the size of the heap over time
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "model/curve.h"
#include "util/error.h"
#include "util/output.h"
#include "view/timeline.h"

#define SECONDS_MOST 1e9

enum {
	OPTION_PROCESS = 256,
	OPTION_WINDOW,
	OPTION_SVG,
	OPTION_FORMAT,
	OPTION_COLOR,
};

enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_MPROF,
};

struct arguments {
	struct cmd_report report; /* its process and color */
	const char *operand, *svg;
	enum format format;
	bool force, has_window;
	double from, to; /* seconds; to may be infinite */
};

static const struct argp_option options[] = {
	{"process", OPTION_PROCESS, "PID|COMMAND", 0,
	 "which process of a file with several (default: the one with the largest peak)", 0},
	{"window", OPTION_WINDOW, "A,B", 0,
	 "show only what was between A and B seconds after the start; B may be left out", 0},
	{"svg", OPTION_SVG, "FILE", 0, "write a picture to FILE, and no text", 0},
	{"force", 'f', NULL, 0, "replace FILE even if it is no such picture", 0},
	{"format", OPTION_FORMAT, "FORMAT", 0,
	 "text (default), json, or mprof, the file that `mprof plot` reads", 0},
	{"color", OPTION_COLOR, "WHEN", 0, "auto (default), always or never", 0},
	{0},
};

/* "1.5" or "1.5s", up to the end or a comma; NULL if it is no time. */
static const char *
parse_seconds(const char *text, double *ret_seconds)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	*ret_seconds = strtod(text, &end);
	if (*end == 's')
		end++;
	return *ret_seconds <= SECONDS_MOST ? end : NULL;
}

static void
parse_window(struct arguments *arguments, const char *word, struct argp_state *state)
{
	const char *end = parse_seconds(word, &arguments->from);

	arguments->to = INFINITY;
	arguments->has_window = true;
	if (end && *end == ',' && end[1])
		end = parse_seconds(end + 1, &arguments->to);
	else if (end && *end == ',')
		end++;
	else
		end = NULL;
	if (!end || *end)
		argp_error(state, "%s: not a window of time as 1.5,8 or 1.5,", word);
	if (arguments->from >= arguments->to)
		argp_error(state, "%s: the window ends before it begins", word);
}

static void
parse_format(struct arguments *arguments, const char *word, struct argp_state *state)
{
	static const char *const names[] = {
		[FORMAT_TEXT] = "text",
		[FORMAT_JSON] = "json",
		[FORMAT_MPROF] = "mprof",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], word) == 0) {
			arguments->format = (enum format)i;
			return;
		}
	}
	argp_error(state, "%s: not one of text, json, mprof", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_PROCESS:
		arguments->report.process = word;
		return 0;
	case OPTION_WINDOW:
		parse_window(arguments, word, state);
		return 0;
	case OPTION_SVG:
		arguments->svg = word;
		return 0;
	case 'f':
		arguments->force = true;
		return 0;
	case OPTION_FORMAT:
		parse_format(arguments, word, state);
		return 0;
	case OPTION_COLOR:
		if (term_parse_color(word, &arguments->report.color) < 0)
			argp_error(state, "%s: not one of auto, always, never", word);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->operand)
			argp_error(state, "%s: one file or process at a time", word);
		arguments->operand = word;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[FILE|PID]",
	.doc = "Draw the size of the heap over time, and say who made it grow and fall.\n\n"
	       "  heaptally timeline                        the newest tally of this folder\n"
	       "  heaptally timeline --window 2,8 --svg heap.svg app.tally\n"
	       "  heaptally timeline --format mprof app.tally > app.dat; mprof plot app.dat\n",
};

/* The whole run, or what the user asked for of it. */
static void
choose_window(const struct arguments *arguments, const struct source *source,
	      struct view_timeline *view)
{
	const struct profile *profile = source->profile;
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	uint64_t end_ns =
		profile->duration_ns > last->time_ns ? profile->duration_ns : last->time_ns;

	view->to_ns = end_ns > 0 ? end_ns : 1;
	if (!arguments->has_window)
		return;
	view->from_ns = (uint64_t)(arguments->from * 1e9);
	if (view->from_ns >= view->to_ns)
		die(COMMAND_TROUBLE, "%s: it ended after %.3f s, before the window begins",
		    source->name, (double)end_ns / 1e9);
	if (arguments->to * 1e9 < (double)view->to_ns)
		view->to_ns = (uint64_t)(arguments->to * 1e9);
	if (view->to_ns <= view->from_ns)
		view->to_ns = view->from_ns + 1;
}

static void
die_of_picture(const char *path, int error, const char *why)
{
	if (why != NULL)
		die(COMMAND_TROUBLE, "%s", why);
	die_errno(COMMAND_TROUBLE, error, "%s", path);
}

static struct output_rule
get_rule(const struct arguments *arguments, const char *const *input)
{
	return (struct output_rule){
		.magic = VIEW_TIMELINE_SVG_MAGIC,
		.kind = "a picture of heaptally timeline",
		.force = arguments->force,
		.inputs = input,
		.input_count = 1,
	};
}

/* Before anything is read, as far as can be told. */
static void
check_picture(const struct arguments *arguments)
{
	struct output_rule rule = get_rule(arguments, &arguments->operand);
	char *why;
	int result;

	if (arguments->svg == NULL)
		return;
	result = output_check(arguments->svg, &rule, &why);
	if (result != 0)
		die_of_picture(arguments->svg, result, why);
}

/* 0 or the error of the stream. */
static int
draw(int fd, const struct view_timeline *view)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), error = 0;
	FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");

	if (stream == NULL)
		return errno;
	view_timeline_svg(stream, view);
	if (ferror(stream))
		error = errno != 0 ? errno : EIO;
	return fclose(stream) != 0 ? errno : error;
}

static void
write_picture(const struct arguments *arguments, const char *input,
	      const struct view_timeline *view)
{
	struct output_rule rule = get_rule(arguments, &input);
	struct output output;
	char *why;
	int result = output_begin(arguments->svg, &rule, &output, &why);

	if (result != 0)
		die_of_picture(arguments->svg, result, why);
	result = draw(output.fd, view);
	if (result == 0)
		result = output_commit(&output);
	else
		output_abandon(&output);
	if (result != 0)
		die_of_picture(arguments->svg, result, NULL);
}

static void
print(const struct arguments *arguments, const struct view_timeline *view)
{
	struct term term;

	switch (arguments->format) {
	case FORMAT_TEXT:
		if (arguments->svg)
			break;
		term_init(&term, stdout, arguments->report.color);
		view_timeline_text(&term, view);
		break;
	case FORMAT_JSON:
		view_timeline_json(stdout, view);
		break;
	case FORMAT_MPROF:
		view_timeline_mprof(stdout, view);
		break;
	}
}

int
cmd_timeline(int argc, char **argv)
{
	struct arguments arguments = {.operand = NULL};
	struct view_timeline view = {.from_ns = 0};
	struct source source;
	struct curve curve;

	cmd_report_init(&arguments.report);
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	check_picture(&arguments);
	cmd_report_read(&arguments.report, arguments.operand, "exit", &source);
	view.profile = source.profile;
	curve_init(&curve, source.profile);
	view.curve = &curve;
	choose_window(&arguments, &source, &view);
	if (arguments.svg)
		write_picture(&arguments, source.path, &view);
	print(&arguments, &view);
	cmd_report_finish();
	curve_release(&curve);
	source_release(&source);
	cmd_report_release(&arguments.report);
	return COMMAND_OK;
}
