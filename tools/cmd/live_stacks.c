/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_stacks.c - heaptally live: the stacks and the callers of a row
 */
#include "config.h"

#include "cmd/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "model/rank.h"
#include "model/tree.h"
#include "tui/tui.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/stack.h"
#include "view/top.h"

#define STACKS 5

static void
forget_lines(struct live *live)
{
	array_each (&live->lines, line)
		free(*line);
	live->lines.count = 0;
}

static bool
is_of_row(const struct live *live, const struct group *stack, const struct group *row)
{
	static const enum place_key keys[] = {
		[GROUP_BY_LINE] = PLACE_KEY_LINE,
		[GROUP_BY_FUNCTION] = PLACE_KEY_FUNCTION,
		[GROUP_BY_FILE] = PLACE_KEY_FILE,
		[GROUP_BY_MODULE] = PLACE_KEY_MODULE,
	};

	return column_get(live->column, &stack->values) > 0 && stack->stack != 0 &&
	       place_table_insert_key(live->table, place_table_get_place(live->table, stack->stack),
				      keys[live->options.by]) == row->key;
}

static void
write_stack(const struct live *live, const struct term *term, const struct group *stack)
{
	uint64_t count = (uint64_t)column_get_blocks(live->column, &stack->values);
	int64_t value = column_get(live->column, &stack->values);
	char size[HUMAN_BYTES], blocks[HUMAN_BYTES];

	if (live->column->unit == COLUMN_BYTES)
		fprintf(term->stream, "%s in %s block%s:\n", human_size(value, size),
			human_count(count, blocks), text_plural(count));
	else
		fprintf(term->stream, "%s %s:\n", human_count((uint64_t)value, size),
			live->column->title);
	view_stack_text(term, live->table, stack->stack, NULL,
			&(struct view_stack_options){.frames = 0});
	fputc('\n', term->stream);
}

/* The stacks of the row, ranked. */
static void
group_stacks(const struct live *live, const struct group *row, struct group_set *ret_set)
{
	const struct profile_at at = {.moment = &live->profile->moments[0]};
	struct group_options options = live->options;
	size_t kept = 0;

	options.by = GROUP_BY_STACK;
	group_profile(live->profile, &at, &options, live->table, NULL, ret_set);
	ret_set->sum = (struct profile_values){0};
	for (size_t i = 0; i < ret_set->count; i++) {
		if (!is_of_row(live, &ret_set->groups[i], row))
			continue;
		ret_set->groups[kept++] = ret_set->groups[i];
		profile_values_add(&ret_set->sum, &ret_set->groups[kept - 1].values);
	}
	ret_set->count = kept;
	rank_groups(ret_set, options.by, live->column, live->table);
}

static void
write_callers(const struct live *live, const struct term *term, const struct group_set *set)
{
	const struct tree_options options = {.column = live->column};
	struct tree tree;
	struct view_top view = {
		.profile = live->profile,
		.options = &live->options,
		.column = live->column,
		.set = set,
		.table = live->table,
		.tree = &tree,
	};

	tree_init(&tree, set, live->table, &options);
	view_top_tree(term, &view);
	tree_release(&tree);
}

/* The largest stacks of the row and the tree of all, as lines. */
void
live_open_stacks(struct live *live)
{
	struct group_set set;
	struct term term;
	char *text = NULL, *at_line, *line;
	size_t length;
	unsigned rows;

	if (live->rows.count == 0)
		return;
	term_init(&term, stdout, TERM_COLOR_NEVER);
	tui_get_size(&rows, &term.width);
	group_stacks(live, live->rows.items[live->chosen], &set);
	term.stream = open_memstream(&text, &length);
	for (size_t i = 0; term.stream != NULL && i < set.count && i < STACKS; i++)
		write_stack(live, &term, &set.groups[i]);
	if (term.stream != NULL && set.count > 1)
		write_callers(live, &term, &set);
	if (term.stream != NULL)
		fclose(term.stream);
	forget_lines(live);
	for (at_line = text; at_line != NULL && (line = strsep(&at_line, "\n")) != NULL;)
		*array_push(&live->lines) = xstrdup(line);
	free(text);
	group_set_release(&set);
	live->screen = SCREEN_STACKS;
	live->first = 0;
}
