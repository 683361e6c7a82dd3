/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/timeline.c - heaptally timeline: the size of the heap over time
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "export/svg.h"
#include "model/curve.h"
#include "util/error.h"
#include "view/timeline.h"

#define SECONDS_MOST 1e9

enum {
	OPTION_WINDOW = 512, /* apart from those of `report_options` */
	OPTION_SVG,
};

struct arguments {
	struct report_options options;
	const char *operand, *svg;
	bool has_window;
	double from, to; /* seconds; to may be infinite */
};

static const struct argp_option option_table[] = {
	{"window", OPTION_WINDOW, "A,B", 0,
	 "show only what was between A and B seconds after the start; B may be left out", 1},
	{"svg", OPTION_SVG, "FILE", 0, "write a picture to FILE, and no text", 3},
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
		argp_error(state, "%s: not a window of time like 1.5,8 or 1.5,", word);
	if (arguments->from >= arguments->to)
		argp_error(state, "%s: the window ends before it begins", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_WINDOW:
		parse_window(arguments, word, state);
		return 0;
	case OPTION_SVG:
		arguments->svg = word;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_TIMELINE], 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[FILE|PID]",
	.doc = "Draw the size of the heap over time, and say who made it grow and fall.\n\n"
	       "  heaptally timeline                        the newest tally of this folder\n"
	       "  heaptally timeline --window 2,8 --svg heap.svg app.tally\n"
	       "  heaptally timeline --format mprof app.tally > app.dat; mprof plot app.dat\n",
	.children = children,
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

static struct report_output
get_picture(const struct arguments *arguments)
{
	return (struct report_output){
		.path = arguments->svg,
		.magic = EXPORT_SVG_MAGIC,
		.kind = "a picture of heaptally timeline",
		.force = arguments->options.force,
		.input = arguments->operand,
	};
}

static void
write_picture(const struct arguments *arguments, const char *input,
	      const struct view_timeline *view)
{
	struct report_output output = get_picture(arguments);
	struct term term;

	output.input = input;
	report_output_open(&output, TERM_COLOR_NEVER, &term);
	export_svg(&term, view);
	report_output_close(&output, &term);
}

static void
report(struct report_options *options, const struct view_timeline *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->timeline(&term, view);
	report_output_close(&options->output, &term);
}

int
cmd_timeline(int argc, char **argv)
{
	struct arguments arguments = {.operand = NULL};
	struct report_options *options = &arguments.options;
	struct view_timeline view = {.from_ns = 0};
	struct report_output picture;
	struct source source;
	struct curve curve;

	report_options_init(options, REPORT_TIMELINE);
	options->history = true;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	picture = get_picture(&arguments);
	report_output_check(&picture);
	report_load(options, arguments.operand, NULL, &source);
	view.profile = source.profile;
	curve_init(&curve, source.profile);
	view.curve = &curve;
	choose_window(&arguments, &source, &view);
	if (arguments.svg != NULL)
		write_picture(&arguments, source.path, &view);
	/* A picture takes the place of the text. */
	if (arguments.svg == NULL || !options->format->is_for_people)
		report(options, &view);
	curve_release(&curve);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
