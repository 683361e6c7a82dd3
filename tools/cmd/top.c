/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top.c - heaptally top: which lines hold the memory
 */
#include "config.h"

#include <stdint.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_mapped.h"
#include "cmd/report_options.h"
#include "cmd/report_output.h"
#include "cmd/top_options.h"
#include "cmd/top_refresh.h"
#include "model/rank.h"
#include "model/tree.h"
#include "util/error.h"
#include "view/processes.h"
#include "view/top.h"

#define TREE_LEAST 0.01 /* of all, that a branch holds which is shown */

/* A file may hold a whole tree of processes. */
static void
print_others(const struct term *term, const struct source *source)
{
	/* A sum leaves none out. */
	if (source->profile->process_count == 0)
		view_processes_others(term, "others    ", &source->processes, source->chosen);
	view_processes_unseen(term, "unseen    ", &source->processes, source->chosen);
	view_processes_blind(term, "", &source->processes, source->chosen);
}

static void
report(struct report_options *options, const struct source *source, const struct view_top *view)
{
	struct term term;

	report_output_open(&options->output, options->color, &term);
	options->format->top(&term, view);
	if (options->format->is_for_people)
		print_others(&term, source);
	report_output_close(&options->output, &term);
}

static int
refresh(const struct top_options *options)
{
	if (report_load_is_about_blocks(&options->report))
		die(COMMAND_TROUBLE, "--refresh does not look at single blocks");
	return cmd_top_refresh(&options->report, options->operand,
			       (uint64_t)(options->refresh_seconds * 1e9), options->count);
}

/* In text, what is below one percent is cut, unless the number of rows is given. */
static void
make_tree(const struct report_options *options, const char *callers_of, const struct group_set *set,
	  struct place_table *table, struct tree *ret_tree)
{
	bool text = options->format->is_for_people;

	tree_init(ret_tree, set, table,
		  &(struct tree_options){
			  .column = options->column,
			  .callers_of = callers_of,
			  .whole = !text || options->group.selection.raw_frames,
			  .least = text && !options->rows_given ? TREE_LEAST : 0,
			  .most = options->rows_given ? options->rows : 0,
		  });
}

/* Filters are about what the row by domain adds up. */
static bool
shows_lines(const struct report_options *options, const struct report_mapped *mapped)
{
	return mapped->is_known && options->format->is_for_people &&
	       options->group.selection.filters.count == 0;
}

static void
report_once(struct report_options *options, const char *operand, const char *callers_of,
	    bool shows_rules)
{
	/* Raw stacks are for comparing with other tools, which know addresses. */
	const struct place_options places = {
		.exact = options->group.selection.raw_frames && options->group.by == GROUP_BY_STACK,
	};
	struct place_table *table;
	struct group_set set;
	struct source source;
	struct tree tree = {NULL};
	struct report_mapped_lines lines;
	struct report_mapped mapped;
	bool has_lines;

	report_load(options, operand, NULL, &source);
	report_mapped_init(&mapped, options, &source);
	has_lines = shows_lines(options, &mapped);
	if (has_lines)
		report_mapped_lines_init(&lines, &mapped, options, &source);
	options->group.mapped = mapped.sites;
	options->group.mapped_count = mapped.count;
	table = place_table_new(&places);
	group_profile(source.profile, &source.at, &options->group, table, NULL, &set);
	rank_groups(&set, options->group.by, options->column, table);
	if (options->tree)
		make_tree(options, callers_of, &set, table, &tree);
	report(options, &source,
	       &(struct view_top){
		       .profile = source.profile,
		       .at = source.at,
		       .options = &options->group,
		       .column = options->column,
		       .set = &set,
		       .table = table,
		       .tree = options->tree ? &tree : NULL,
		       .callers_of = callers_of,
		       .shows_rules = shows_rules,
		       .rows = options->tree && !options->rows_given ? 0 : options->rows,
		       .frames = options->frames,
		       .most_recent_last = options->most_recent_last,
		       .full_names = options->full_names,
		       .mapped = mapped.is_known ? &mapped.sum : NULL,
		       .lines = has_lines ? &lines.view : NULL,
	       });
	if (has_lines)
		report_mapped_lines_release(&lines);
	report_mapped_release(&mapped);
	tree_release(&tree);
	group_set_release(&set);
	place_table_free(table);
	source_release(&source);
}

int
cmd_top(int argc, char **argv)
{
	struct top_options options;
	int status = COMMAND_OK;

	top_options_parse(&options, argc, argv);
	if (options.refresh_seconds > 0)
		status = refresh(&options);
	else
		report_once(&options.report, options.operand, options.callers_of,
			    options.show_system_rules);
	top_options_release(&options);
	return status;
}
