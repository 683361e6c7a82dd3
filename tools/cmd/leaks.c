/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/leaks.c - heaptally leaks: which blocks nothing points at any more
 */
#include "config.h"

#include "cmd/command.h"
#include "cmd/graph_load.h"
#include "cmd/graph_names.h"
#include "cmd/leaks_options.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "model/leak_growth.h"
#include "model/leak_look.h"
#include "model/leak_report.h"
#include "read/source.h"
#include "symbols/class_names.h"
#include "util/error.h"
#include "view/leaks.h"

/* What was seen last; an empty graph when nothing is known but kinds. */
static const struct graph *
get_last(const struct graph_load *load)
{
	return &load->graphs[load->count != 0 ? load->count - 1 : 0];
}

/* What a look has found; of two, what both have. */
static void
take_graphs(const struct leaks_options *options, const struct graph_load *load,
	    struct profile *profile)
{
	const struct graph *graphs = load->graphs;

	leak_set_release(&profile->leaks);
	if (load->count == 1)
		leak_look(&profile->leaks, &graphs[0], profile, options->heuristics);
	else
		leak_look_twice(&profile->leaks, &graphs[0], &graphs[1], profile,
				options->heuristics);
}

static void
load_one(struct leaks_options *options, struct graph_load *load, struct source *ret_source)
{
	load->tally_answers = !options->heuristics_given;
	graph_load_read(load, &options->report, ret_source);
	/* What a tally says of its own is of the same moment, and may be of two looks. */
	if (load->count != 0 && (!ret_source->is_tally || load->core != NULL ||
				 options->heuristics_given || !ret_source->profile->leaks.is_known))
		take_graphs(options, load, ret_source->profile);
	else if (options->heuristics_given && ret_source->is_tally)
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
	class_names_take_leaks(ret_source->profile, options->report.online);
}

/* The earlier of two: the first look, or what the report is compared with, if that is an earlier
 * one of the same process; NULL. */
static const struct graph *
find_earlier(const struct leaks_options *options)
{
	const struct graph_load *load = &options->graph, *before = &options->before;
	const struct graph *earlier;

	if (load->count == 2)
		return &load->graphs[0];
	if (load->count == 0 || before->count == 0)
		return NULL;
	earlier = get_last(before);
	return leak_growth_is_between(earlier, &load->graphs[0]) ? earlier : NULL;
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
is_too_much(const struct leaks_options *options, const struct leak_values *sum)
{
	return leak_values_get_lost_bytes(sum) > (uint64_t)options->max_bytes ||
	       leak_values_get_lost_blocks(sum) > options->max_blocks;
}

/* Leave what was lost before. */
static void
compare(struct leak_report *leaks, struct graph_names *names, const struct source *before,
	const struct group_options *options)
{
	struct attribution attribution;
	struct leak_report earlier;

	attribution_init(&attribution, before->profile, &options->selection, names->table, NULL);
	leak_report_init(&earlier, before->profile, &attribution, options);
	leak_report_subtract(leaks, &earlier);
	leak_report_release(&earlier);
	attribution_release(&attribution);
}

/* `before` is NULL, or what it is compared with. Whether too much is lost. */
static bool
show(struct leaks_options *options, struct source *source, const struct source *before)
{
	const struct graph *graph = get_last(&options->graph);
	const struct group_options *group = &options->report.group;
	struct graph_names names;
	struct leak_growth growth;
	struct leak_report leaks;
	bool too_much;

	graph_names_init(&names, &options->report, source, graph, before != NULL);
	leak_growth_init(&growth, find_earlier(options), graph, &names.owners, &names.groups,
			 &source->profile->leaks);
	leak_report_init(&leaks, source->profile, &names.attribution, group);
	if (before != NULL)
		compare(&leaks, &names, before, group);
	report(&options->report, &(struct view_leaks){
					 .profile = source->profile,
					 .at = source->at,
					 .report = &leaks,
					 .attribution = &names.attribution,
					 .options = group,
					 .before = before != NULL ? before->profile : NULL,
					 .before_name = before != NULL ? before->name : NULL,
					 .before_at = before != NULL ? before->at : source->at,
					 .growth = growth.is_known ? &growth.growth : NULL,
					 .names = {.graph = graph,
						   .owners = &names.owners,
						   .paths = &growth.paths,
						   .groups = &names.groups,
						   .attribution = &names.attribution,
						   .options = group,
						   .full_names = options->report.full_names},
					 .rows = options->report.rows,
					 .all = options->all,
					 .full_names = options->report.full_names,
				 });
	too_much = is_too_much(options, &leaks.sum);
	leak_report_release(&leaks);
	leak_growth_release(&growth);
	graph_names_release(&names);
	return too_much;
}

int
cmd_leaks(int argc, char **argv)
{
	struct leaks_options options;
	struct source source, before;
	bool too_much, compares;

	leaks_options_parse(&options, argc, argv);
	compares = options.before.operand != NULL;
	if (compares) {
		load_one(&options, &options.before, &before);
		options.report.output.other_input = before.path;
	}
	load_one(&options, &options.graph, &source);
	too_much = show(&options, &source, compares ? &before : NULL);
	leaks_options_release(&options);
	source_release(&source);
	if (compares)
		source_release(&before);
	return too_much ? COMMAND_EXCEEDED : COMMAND_OK;
}
