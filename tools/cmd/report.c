/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report.c - heaptally report: one page about a whole run, or about what changed since another
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/compare.h"
#include "model/moment.h"
#include "model/path_map.h"
#include "util/error.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/page.h"

enum {
	OPTION_OPEN = 512,
	OPTION_WITH_SOURCE,
};

struct arguments {
	struct report_options options;
	const char *operands[2];
	size_t operand_count;
	bool opens, with_source;
	char *path; /* that was made up for --open, or NULL */
};

static const struct argp_option option_table[] = {
	{"open", OPTION_OPEN, NULL, 0,
	 "write an HTML page and open it in the browser, by xdg-open; without -o it is named after "
	 "what is read",
	 0},
	{"with-source", OPTION_WITH_SOURCE, NULL, 0,
	 "quote lines of source in the HTML page, of files below the working directory only", 0},
	{0},
};

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case OPTION_OPEN:
		arguments->opens = true;
		return 0;
	case OPTION_WITH_SOURCE:
		arguments->with_source = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->operand_count == 2)
			argp_error(state, "%s: one file or process, or two that are compared",
				   word);
		arguments->operands[arguments->operand_count++] = word;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_PAGE], 0, NULL, 0}, {0}};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[FILE[@MOMENT]|PID]\nOLD[@MOMENT] NEW[@MOMENT]",
	.doc = "Write one page about a whole run: in HTML a timeline, a flame graph and a table, "
	       "in one file that needs no network; in Markdown totals, the largest lines and "
	       "stacks, growth, and the commands to drill down. Of two runs, the HTML page shows "
	       "what changed.\n\n"
	       "  heaptally report                     Markdown of the newest tally of this "
	       "folder\n"
	       "  heaptally report -o app.html app.tally\n"
	       "  heaptally report --open old.tally new.tally\n"
	       "  heaptally report -o now.html 4711    a running process, now\n",
	.children = children,
};

static bool
is_number(const char *word)
{
	return *word != '\0' && strspn(word, "0123456789") == strlen(word);
}

/*** what goes together ***/

static void
check_options(struct arguments *arguments)
{
	struct report_options *options = &arguments->options;
	const char *path = options->output.path;
	bool is_stdout = path == NULL || strcmp(path, "-") == 0;

	if (arguments->opens && is_stdout) {
		if (path != NULL)
			die(COMMAND_TROUBLE, "--open: a browser opens a file, and this is standard "
					     "output");
		if (!options->format_given)
			options->format = report_format_find(REPORT_PAGE, "html");
	}
	if (arguments->operand_count == 2 && !options->format->compares_pages)
		die(COMMAND_TROUBLE,
		    "%s is about one run; for two, write an HTML page (-o FILE.html), or use "
		    "heaptally diff",
		    options->format->name);
	if (arguments->with_source && !options->format->compares_pages)
		die(COMMAND_TROUBLE, "--with-source: %s quotes no source", options->format->name);
	if (options->format->is_binary && is_stdout && !arguments->opens && isatty(STDOUT_FILENO))
		die(COMMAND_TROUBLE,
		    "%s is for a browser, and standard output is a terminal: "
		    "write to a file with -o, or use --open",
		    options->format->name);
}

/* "app.html" for app.tally, in this directory. */
static void
make_path(struct arguments *arguments, const struct source *source)
{
	struct report_output *output = &arguments->options.output;
	const char *name = text_base_name(source->path);
	const char *end = strrchr(name, '.');

	if (output->path != NULL || !arguments->opens)
		return;
	if (source->is_tally && end != NULL && end != name)
		arguments->path = xasprintf("%.*s.%s", (int)(end - name), name,
					    arguments->options.format->extension);
	else
		arguments->path = xasprintf("heaptally.%u.%s", source->profile->pid,
					    arguments->options.format->extension);
	output->path = arguments->path;
	report_output_check(output);
}

/*** the page ***/

/* What a command finds the same by. */
static const char *
get_operand(const struct arguments *arguments, size_t index, const struct source *source)
{
	const char *operand = index < arguments->operand_count ? arguments->operands[index] : NULL;

	return operand != NULL && is_number(operand) ? operand : source->path;
}

static void
write_page(struct arguments *arguments, const struct source *source,
	   const struct view_page_old *old)
{
	struct report_options *options = &arguments->options;
	struct term term;

	report_output_open(&options->output, TERM_COLOR_NEVER, &term);
	/* It is to be read elsewhere, where there is more room or less. */
	term.width = 0;
	options->format->page(&term,
			      &(struct view_page){
				      .operand = get_operand(arguments, old != NULL, source),
				      .profile = source->profile,
				      .at = source->at,
				      .options = &options->group,
				      .rows = options->rows,
				      .process_count = process_list_count(&source->processes),
				      .with_source = arguments->with_source,
				      .old = old,
			      });
	report_output_close(&options->output, &term);
}

/* As `heaptally diff` has it: moments of the same kind, and moved lines are the same. */
static void
compare(struct arguments *arguments, struct source *sources)
{
	struct moment_side sides[2];
	struct path_map paths = {0};
	struct comparison comparison = {.column = arguments->options.column};
	struct group_options group = arguments->options.group;
	bool same_process = strcmp(sources[0].path, sources[1].path) == 0 &&
			    sources[0].profile->pid == sources[1].profile->pid;

	for (size_t i = 0; i < 2; i++)
		sides[i] = (struct moment_side){
			.profile = sources[i].profile,
			.at = sources[i].at,
			.is_named = sources[i].is_named,
		};
	moment_fit_sides(sides, same_process);
	for (size_t i = 0; i < 2; i++) {
		sources[i].at = sides[i].at;
		comparison.sides[i] =
			(struct diff_side){.profile = sides[i].profile, .at = sides[i].at};
	}
	path_map_match(&paths, sources[0].profile, sources[1].profile);
	group.by = GROUP_BY_MODULE;
	compare_init(&comparison, &(struct compare_options){.group = &group,
							    .match_moved = true,
							    .keeps_column = true});
	write_page(arguments, &sources[1],
		   &(struct view_page_old){
			   .operand = get_operand(arguments, 0, &sources[0]),
			   .profile = sources[0].profile,
			   .at = sources[0].at,
			   .table = comparison.table,
			   .alias = comparison.diff.alias,
		   });
	compare_release(&comparison);
	path_map_release(&paths);
}

/* The page is there, whatever becomes of the browser. */
static void
open_page(const char *path)
{
	char *absolute = realpath(path, NULL);
	char *words[] = {(char *)"xdg-open", absolute, NULL};
	int status = 0, result;
	pid_t child;

	if (absolute == NULL)
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	result = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
	if (result == 0)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	free(absolute);
	if (result != 0)
		die_errno(COMMAND_TROUBLE, result, "%s is written, but xdg-open cannot be run",
			  path);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die(COMMAND_TROUBLE, "%s is written, but xdg-open could not open it", path);
}

int
cmd_report(int argc, char **argv)
{
	struct arguments arguments = {.operand_count = 0};
	struct report_options *options = &arguments.options;
	struct source sources[2] = {{0}};
	size_t count;

	report_options_init(options, REPORT_PAGE);
	options->history = options->resident = true;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	check_options(&arguments);
	report_output_check(&options->output);
	count = arguments.operand_count == 2 ? 2 : 1;
	for (size_t i = 0; i < count; i++) {
		report_load(options, arguments.operands[i], NULL, &sources[i]);
		report_load_take_look(&sources[i]);
	}
	options->output.other_input = sources[0].path;
	make_path(&arguments, &sources[count - 1]);
	if (count == 2)
		compare(&arguments, sources);
	else
		write_page(&arguments, &sources[0], NULL);
	if (arguments.opens)
		open_page(options->output.path);
	for (size_t i = 0; i < count; i++)
		source_release(&sources[i]);
	free(arguments.path);
	report_options_release(options);
	return COMMAND_OK;
}
