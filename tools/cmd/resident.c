/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/resident.c - heaptally resident: where the resident memory of a process is
 */
#include "config.h"

#include <argp.h>
#include <errno.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_mapped.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/pin.h"
#include "model/resident.h"
#include "read/source.h"
#include "symbols/symbolize.h"
#include "util/error.h"
#include "util/term.h"
#include "view/mapped.h"
#include "view/pins.h"
#include "view/pmap.h"
#include "view/waterfall.h"

enum {
	OPTION_PINS = 512,
	OPTION_PMAP,
};

struct arguments {
	struct report_options options;
	const char *operand;
	struct report_output pmap; /* no path: not asked for */
	bool pins;
};

static const struct argp_option option_table[] = {
	{"pins", OPTION_PINS, NULL, 0,
	 "name the lines whose few live blocks keep pages, and draw how full the heap is", 0},
	{"pmap", OPTION_PMAP, "FILE", 0,
	 "write each mapping to FILE: class, size, what is resident, live, pinned, free", 0},
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
	case OPTION_PINS:
		arguments->pins = true;
		return 0;
	case OPTION_PMAP:
		arguments->pmap.path = word;
		return 0;
	case ARGP_KEY_ARG:
		arguments_take_one(&arguments->operand, word, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&report_options_argp[REPORT_RESIDENT], 0, NULL, 0},
					     {0}};

/* Without it there is nothing to say. */
static void
refuse(const struct source *source)
{
	const char *name = source->name;

	if (source->is_tally)
		die(COMMAND_TROUBLE,
		    "%s: nothing is known of resident pages then: `heaptally run --every SECONDS` "
		    "keeps that, and so do each mark and `heaptally snapshot PID`; or ask for the "
		    "process while it lives",
		    name);
	switch (source->memory_error) {
	case -ESRCH:
		die(COMMAND_TROUBLE,
		    "%s: the process has ended, or cannot be seen in /proc: what was resident is "
		    "not "
		    "known any more",
		    name);
	case -EACCES:
		die(COMMAND_TROUBLE,
		    "%s: its memory cannot be looked at: it is of another user, or may not be "
		    "dumped "
		    "(see prctl(2), PR_SET_DUMPABLE)",
		    name);
	default:
		die_errno(COMMAND_TROUBLE, source->memory_error, "%s: its pages in /proc", name);
	}
}

/* What is kept of the moment that is asked for; NULL where the process itself is. */
static const struct profile_resident *
find_summary(const struct source *source)
{
	const struct profile_resident *summary;

	if (source_is_now(source))
		return NULL;
	summary = profile_find_resident(source->profile, source->at.moment->time_ns);
	if (summary == NULL)
		refuse(source);
	return summary;
}

static void
load(const struct arguments *arguments, struct source *ret_source)
{
	const struct source_request request = {
		.operand = arguments->operand,
		.process = arguments->options.process,
		.moment = arguments->options.at != NULL ? arguments->options.at : "now",
		.memory = true,
	};
	char *why;

	if (source_read(&request, ret_source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
}

static void
write_report(struct arguments *arguments, const struct source *source,
	     const struct resident *resident, const struct view_pins *pins,
	     const struct view_mapped *mapped)
{
	struct report_options *options = &arguments->options;
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->resident(&term, &(struct view_waterfall){
						 .profile = source->profile,
						 .at = source->at,
						 .resident = resident,
						 .summary = find_summary(source),
						 .pins = pins,
						 .mapped = mapped,
						 .rows = options->rows,
					 });
	report_output_close(&options->output, &term);
}

static void
write_pmap(struct arguments *arguments, const struct source *source,
	   const struct resident *resident)
{
	struct term term;

	arguments->pmap.force = arguments->options.force;
	arguments->pmap.input = source->path;
	report_output_open(&arguments->pmap, TERM_COLOR_NEVER, &term);
	view_pmap_text(&term, resident);
	report_output_close(&arguments->pmap, &term);
}

static void
report_with_names(struct arguments *arguments, const struct source *source,
		  const struct resident *resident, const struct report_mapped *mapped,
		  bool has_pins)
{
	const struct report_options *options = &arguments->options;
	struct report_mapped_lines lines;
	struct pin_list pins = {0};
	const struct view_pins view = {&pins, &lines.attribution, options->full_names};

	symbolize_profile(source->profile, &(struct symbolize_options){.online = false});
	report_mapped_lines_init(&lines, mapped, options, source);
	if (has_pins)
		pin_list_init(&pins, resident->memory, &lines.attribution,
			      (size_t)VIEW_PINS_COLUMNS * VIEW_PINS_LINES);
	write_report(arguments, source, resident, has_pins ? &view : NULL,
		     mapped->is_known ? &lines.view : NULL);
	pin_list_release(&pins);
	report_mapped_lines_release(&lines);
}

static void
report(struct arguments *arguments, const struct source *source)
{
	const struct profile_resident *summary = find_summary(source);
	/* Where blocks are missing, nobody can be charged. */
	bool all_seen = summary == NULL && source->memory->unseen == MEMORY_ALL_SEEN;
	bool has_pins = arguments->pins && all_seen;
	struct report_mapped mapped;
	struct resident resident;
	struct memory nothing;

	memory_init(&nothing);
	if (summary != NULL)
		resident_init_summary(&resident, &nothing, summary);
	else
		resident_init(&resident, source->memory);
	report_mapped_find(&mapped, source->profile, summary, &resident);
	if (has_pins || mapped.is_known)
		report_with_names(arguments, source, &resident, &mapped, has_pins);
	else
		write_report(arguments, source, &resident, NULL, NULL);
	if (arguments->pins && !all_seen)
		warn("--pins: of this process not every block is known page by page now");
	if (arguments->pmap.path != NULL && summary != NULL)
		die(COMMAND_TROUBLE, "--pmap: mappings are known of a process that runs, now");
	if (arguments->pmap.path != NULL)
		write_pmap(arguments, source, &resident);
	report_mapped_release(&mapped);
	resident_release(&resident);
	memory_release(&nothing);
}

int
cmd_resident(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[PID|FILE[@MOMENT]]",
		.doc = "Say where the resident memory of a process is, to the byte: live "
		       "blocks, rounding, headers, holes, free pages, stacks, files, the rest. The "
		       "process is not stopped, and need not record single blocks.\v"
		       "Examples:\n"
		       "  heaptally resident 4711\n"
		       "  heaptally resident --pins server        whose blocks keep pages\n"
		       "  heaptally resident run.tally@snap:2      of `heaptally run --every`\n"
		       "  heaptally resident --format json server | jq .parts\n",
		.children = children,
	};
	struct arguments arguments = {.operand = NULL};
	struct source source;

	report_options_init(&arguments.options, REPORT_RESIDENT);
	arguments_parse(&argp, argc, argv, 0, &arguments);
	if (arguments.pmap.path != NULL)
		report_output_check(&arguments.pmap);
	load(&arguments, &source);
	arguments.options.output.input = source.path;
	report(&arguments, &source);
	source_release(&source);
	report_options_release(&arguments.options);
	return COMMAND_OK;
}
