/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_load.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/report_options.h"
#include "model/leak_look.h"
#include "read/graph_file.h"
#include "read/snapshot.h"
#include "symbols/symbolize.h"
#include "util/error.h"
#include "util/term.h"
#include "view/leaks.h"

/* Every report of the command is. */
static bool
is_about_single_blocks(const struct report_options *options)
{
	return options->kind == REPORT_BLOCKS || options->kind == REPORT_BLOCK;
}

/* It looks at several moments, of which single blocks are not known. */
static bool
is_about_moments(const struct report_options *options)
{
	return options->kind == REPORT_GROWTH;
}

/* What the program maps by itself is a row by domain. */
static bool
is_about_mappings(const struct report_options *options)
{
	return options->group.by == GROUP_BY_DOMAIN &&
	       (options->kind == REPORT_TOP || options->kind == REPORT_DIFF ||
		options->kind == REPORT_GROWTH);
}

/* A graph is of the last moment. */
static bool
is_about_a_graph(const struct report_options *options)
{
	return options->kind == REPORT_LEAKS || options->kind == REPORT_RETAINED ||
	       options->kind == REPORT_REFS;
}

/* Threads are recorded on request only: without them no group or filter has anything to look at. */
void
report_load_check_threads(const struct report_options *options, const struct profile *profile,
			  const char *name)
{
	if (options->group.by != GROUP_BY_THREAD &&
	    !filter_list_has_thread(&options->group.selection.filters))
		return;
	if (!profile_has_threads(profile))
		die(COMMAND_TROUBLE,
		    "%s: threads were not recorded, so nothing can be said by thread", name);
}

/* Whether it may be about single blocks; for threads that depends on what was recorded. */
static bool
may_need_blocks(const struct report_options *options)
{
	const struct group_options *group = &options->group;

	return is_about_single_blocks(options) || group->by >= GROUP_BY_THREAD || group->ages ||
	       group->lifetimes || filter_list_has_thread(&group->selection.filters) ||
	       filter_list_has_block(&group->selection.filters);
}

/* Threads may be known of other moments too. */
bool
report_load_is_about_blocks(const struct report_options *options)
{
	const struct group_options *group = &options->group;

	return is_about_single_blocks(options) || group->by >= GROUP_BY_SIZE || group->ages ||
	       filter_list_has_block(&group->selection.filters);
}

static bool
is_default_moment(const struct report_options *options, const char *operand)
{
	const char *at = operand != NULL ? strrchr(operand, '@') : NULL;

	return options->at == NULL && (at == NULL || strcmp(at, "@peak") != 0);
}

/* What is about single blocks needs them, and they are known at the last moment only. */
static void
check_blocks(const struct report_options *options, const char *operand, struct source *source)
{
	const struct profile *profile = source->profile;
	struct group_options group = options->group;

	if (!is_about_single_blocks(options) && !group_needs_blocks(&group, profile))
		return;
	if (profile->process_count != 0)
		die(COMMAND_TROUBLE, "%s: single blocks are those of one process: --process PID",
		    source->name);
	/* Only now it is known that threads are those of blocks. */
	if (profile->blocks.is_read && source->at.peak && is_default_moment(options, operand))
		source->at =
			(struct profile_at){.moment = &profile->moments[profile->moment_count - 1]};
	if (!profile->blocks.is_read && !report_load_is_about_blocks(options))
		report_load_check_threads(options, profile, source->name);
	report_load_need_blocks(source);
	group.ages = false;
	if (group_needs_blocks(&group, profile) && !column_is_of_blocks(options->column))
		die(COMMAND_TROUBLE, "--sort %s: only live and blocks are known of single blocks",
		    options->column->alias);
}

/* Its lines are those of blocks at one moment, whose sizes and ages it does not look at. */
static void
check_graph_filters(const struct report_options *options)
{
	if ((is_about_a_graph(options) || is_about_moments(options)) &&
	    filter_list_has_block(&options->group.selection.filters))
		die(COMMAND_TROUBLE, "filters by size, age and generation do not go with this "
				     "report, which is about places, not single blocks");
}

void
report_load(struct report_options *options, const char *operand, const uint64_t *freed_at,
	    struct source *ret_source)
{
	struct source_request request = {
		.operand = operand,
		.process = options->all_processes ? NULL : options->process,
		.sums = options->all_processes || options->group.by == GROUP_BY_PROCESS,
		.by_process = options->group.by == GROUP_BY_PROCESS,
		.graph = options->graph,
		.moment = options->at,
		.blocks = may_need_blocks(options),
		.freed_at = freed_at,
		.mapped = is_about_mappings(options),
		.history = options->history,
		.resident = options->resident,
		.watch = options->watch,
	};
	bool suppresses = options->group.selection.suppressions.count > 0;
	struct term_progress progress;
	struct symbolize_options symbols = {
		.online = options->online,
		.progress = term_progress_update,
		.context = &progress,
	};
	char *why;

	check_graph_filters(options);
	/* What is never freed has to be looked at when nothing is freed any more. */
	if ((suppresses || is_about_a_graph(options) || report_load_is_about_blocks(options)) &&
	    !options->at)
		request.moment = "exit";
	if (source_read(&request, ret_source, &why) < 0)
		die(COMMAND_TROUBLE, "%s", why);
	options->output.input = ret_source->path;
	if (suppresses && ret_source->at.peak)
		die(COMMAND_TROUBLE, "--suppressions are for what is not freed, not for the peak: "
				     "--at exit");
	check_blocks(options, operand, ret_source);
	if (is_about_a_graph(options) || is_about_moments(options))
		report_load_check_threads(options, ret_source->profile, ret_source->name);
	term_progress_init(&progress, "reading symbols", false);
	symbolize_profile(ret_source->profile, &symbols);
	term_progress_release(&progress);
	if (column_is_of_look(options->column))
		report_load_need_look(ret_source);
}

static void
take_graph(const struct source *source)
{
	char *path = graph_file_make_path(source->path);
	struct snapshot_identity identity;
	struct graph graph;

	source_take_look_error(source);
	if (snapshot_identify(source->path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	    graph_file_read(path, source->profile->site_count, &graph) == 0) {
		if (graph.start_monotonic_ns == identity.start_monotonic_ns) {
			leak_set_release(&source->profile->leaks);
			leak_look(&source->profile->leaks, &graph, source->profile,
				  REACH_HEURISTICS_ALL);
		}
		graph_release(&graph);
	}
	free(path);
}

void
report_load_take_look(const struct source *source)
{
	if (!source->profile->leaks.is_known && !source->is_tally &&
	    source->profile->process_count == 0)
		take_graph(source);
}

void
report_load_need_look(const struct source *source)
{
	const struct leak_set *leaks = &source->profile->leaks;

	report_load_take_look(source);
	if (leaks->is_known && leaks->error != 0)
		die(COMMAND_TROUBLE, "%s: there is no answer to what is lost: %s", source->name,
		    view_leaks_explain(leaks->error));
	if (!leaks->is_known)
		die(COMMAND_TROUBLE,
		    "%s: nobody has looked for what is lost: start the program with `heaptally run "
		    "--leaks`, or ask `heaptally leaks`%s",
		    source->name,
		    source->profile->state == PROFILE_RUNNING ? " while it runs" : "");
}

void
report_load_need_blocks(const struct source *source)
{
	const struct profile *profile = source->profile;

	if (!source->profile->blocks.is_read)
		die(COMMAND_TROUBLE,
		    "%s: single blocks were not recorded: start the program with `heaptally run "
		    "--blocks`%s",
		    source->name,
		    source->is_tally ? ", and take snapshots of it with --blocks too" : "");
	if (source->at.peak || source->at.moment != &profile->moments[profile->moment_count - 1])
		die(COMMAND_TROUBLE,
		    "%s: single blocks are known at the last moment only, which is "
		    "\"%s\"",
		    source->name, profile->state == PROFILE_RUNNING ? "now" : "exit");
}
