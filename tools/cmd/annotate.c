/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/annotate.c - heaptally annotate: a source file with what its lines allocated
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
#include "model/annotate.h"
#include "util/error.h"
#include "util/xalloc.h"
#include "view/annotate.h"
#include "view/source_code.h"

struct arguments {
	struct report_options options;
	const char *file, *operand;
	long context;
};

static const struct argp_option option_table[] = {
	{"context", 'C', "N", 0,
	 "show only lines with numbers and N lines around them (default: the whole file)", 1},
	{0},
};

static long
parse_context(const char *word, struct argp_state *state)
{
	char *end;
	long context;

	errno = 0;
	context = strtol(word, &end, 10);
	if (*end || end == word || errno || context < 0)
		argp_error(state, "%s: not a number of lines", word);
	return context;
}

static void
insert_operand(struct arguments *arguments, const char *word, struct argp_state *state)
{
	if (!arguments->file)
		arguments->file = word;
	else if (!arguments->operand)
		arguments->operand = word;
	else
		argp_error(state, "%s: one source file and one file or process at a time", word);
}

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case 'C':
		arguments->context = parse_context(word, state);
		return 0;
	case ARGP_KEY_ARG:
		insert_operand(arguments, word, state);
		return 0;
	case ARGP_KEY_END:
		if (arguments->file == NULL)
			argp_error(state, "no source file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_ANNOTATE], 0, NULL, 0},
					     {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "SOURCE-FILE [FILE[@MOMENT]|PID]",
	.doc = "Print a source file with what each of its lines holds, held at the peak, and "
	       "allocated in all.\n\n"
	       "  heaptally annotate src/json.c                  the newest tally of this folder\n"
	       "  heaptally annotate --context 2 json.c 4711     a running process\n"
	       "  heaptally annotate --cumulative main.c app.tally\n",
	.children = children,
};

/* Numbers belong to the lines that the binary was built from. The caller frees the sentence. */
static char *
check_age(struct view_source_code *source, const char *path, const struct annotation *annotation)
{
	const char *than = view_source_code_newer_than(source, path, annotation->module);

	return than ? xasprintf("the source is newer than %s: lines may have moved", than) : NULL;
}

/* The source as the user named it, else where the debug information says that it is. */
static char *
read_source(const struct arguments *arguments, struct view_source_code *source,
	    struct view_annotate *view)
{
	const struct annotation *annotation = view->annotation;

	view->path = arguments->file;
	view->text = view_source_code_get_text(source, view->path, &view->length);
	if (!view->text) {
		view->path = annotation->file;
		view->text = view_source_code_get_text(source, view->path, &view->length);
	}
	if (view->text)
		return check_age(source, view->path, annotation);
	view->path = NULL;
	return xstrdup("the source is missing: only its numbers are shown");
}

static char *
resolve(const char *path)
{
	return realpath(path, NULL);
}

static void
find_lines(const struct arguments *arguments, const struct source *source,
	   const struct group_set *set, const struct place_table *table,
	   struct annotation *annotation)
{
	int result =
		annotate_groups(source->profile, set, table, arguments->file, resolve, annotation);

	if (result == -ENOTUNIQ)
		die(COMMAND_TROUBLE, "%s: could be %s or %s: give more of the path",
		    arguments->file, annotation->file, annotation->other);
	if (result < 0)
		die(COMMAND_TROUBLE,
		    "%s: no allocation of %s comes from this file; `heaptally top --by file` lists "
		    "the files",
		    arguments->file, source->name);
}

/* A warning is escaped where it is shown to people. */
static void
report(struct report_options *options, struct view_annotate *view, const char *warning)
{
	char *escaped =
		warning != NULL && options->format->is_for_people ? term_escape(warning) : NULL;
	struct term term;

	view->warning = escaped != NULL ? escaped : warning;
	report_output_open(&options->output, options->color, &term);
	options->format->annotate(&term, view);
	report_output_close(&options->output, &term);
	free(escaped);
}

int
cmd_annotate(int argc, char **argv)
{
	struct arguments arguments = {.context = -1};
	struct report_options *options = &arguments.options;
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	struct view_source_code *files;
	struct view_annotate view;
	struct annotation annotation;
	struct group_set set;
	struct source source;
	char *warning;

	report_options_init(options, REPORT_ANNOTATE);
	options->group.lifetimes = true;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	report_load(options, arguments.operand, NULL, &source);
	group_profile(source.profile, &source.at, &options->group, table, NULL, &set);
	find_lines(&arguments, &source, &set, table, &annotation);
	files = view_source_code_new(source.profile->start_realtime_ns);
	view = (struct view_annotate){
		.profile = source.profile,
		.at = source.at,
		.set = &set,
		.annotation = &annotation,
		.cumulative = options->group.cumulative,
		.context = arguments.context,
	};
	warning = read_source(&arguments, files, &view);
	report(options, &view, warning);
	free(warning);
	annotation_release(&annotation);
	view_source_code_free(files);
	group_set_release(&set);
	place_table_free(table);
	source_release(&source);
	report_options_release(options);
	return COMMAND_OK;
}
