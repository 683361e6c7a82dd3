/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/massif_tree.c - the callers at one moment, as massif writes them
 *
 * The tree is never built. A node is a run of an array of stacks that have the same innermost
 * frames; sorted by the next frame, the run falls into the runs of its children. Only those above
 * the threshold are looked into, so that each level costs no more than the whole array.
 */
#include "config.h"

#include "export/massif_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/wrap.h"
#include "util/xalloc.h"

#define DEPTH_MOST 30 /* massif's own */
#define THRESHOLD  "1.00"

struct branch {
	uint32_t stack, place; /* what is left of the stack, and its innermost place */
	int64_t bytes;
};

struct run {
	size_t first, count;
	int64_t bytes;
	bool is_small;
};

struct tree {
	FILE *stream;
	const struct export_input *input;
	struct branch *branches;
	int64_t all;
};

static int
compare_branches(const void *a, const void *b)
{
	const struct branch *left = a, *right = b;

	if (left->place != right->place)
		return left->place < right->place ? -1 : 1;
	return left->stack < right->stack ? -1 : left->stack > right->stack;
}

static int
compare_runs(const void *a, const void *b)
{
	const struct run *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return left->first < right->first ? -1 : left->first > right->first;
}

/* The runs of the children of a run, the largest first. To free. */
static struct run *
split(struct tree *tree, const struct run *run, size_t *ret_count)
{
	struct branch *branches = tree->branches + run->first;
	ARRAY(struct run) runs = {0};

	qsort(branches, run->count, sizeof(*branches), compare_branches);
	for (size_t i = 0; i < run->count; i++) {
		if (branches[i].stack == 0)
			continue;
		if (runs.count == 0 || branches[i].place != branches[i - 1].place)
			*array_push(&runs) = (struct run){.first = run->first + i};
		runs.items[runs.count - 1].count++;
		runs.items[runs.count - 1].bytes =
			wrap_add(runs.items[runs.count - 1].bytes, branches[i].bytes);
	}
	array_each (&runs, child)
		child->is_small = (double)child->bytes * 100 < (double)tree->all;
	if (runs.count > 0)
		qsort(runs.items, runs.count, sizeof(*runs.items), compare_runs);
	*ret_count = runs.count;
	return runs.items;
}

/* ms_print takes # for the beginning of a comment, and Rust's closures have one. */
static void
write_frame(struct tree *tree, uint32_t stack)
{
	struct export_frames frames = {0};
	struct buffer text = BUFFER_INIT;

	export_get_stack(tree->input, stack, &frames);
	export_format_frame(tree->input, &frames.items[0].place, &text);
	for (const char *at = buffer_string(&text); *at != '\0'; at++)
		putc(*at == '#' ? ':' : *at, tree->stream);
	buffer_release(&text);
	export_frames_release(&frames);
}

static void
write_small(struct tree *tree, const struct run *runs, size_t count, unsigned depth)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes = wrap_add(bytes, runs[i].bytes);
	fprintf(tree->stream, "%*sn0: %" PRId64 " in %zu place%s below massif's threshold (%s%%)\n",
		(int)depth, "", bytes, count, count == 1 ? "," : "s, all", THRESHOLD);
}

/* Let the branches of a run go on with their next frames. */
static void
move_outward(struct tree *tree, const struct run *run)
{
	enum group_by by = tree->input->options->by;
	bool whole = by == GROUP_BY_STACK || by == GROUP_BY_LINE;

	for (size_t i = run->first; i < run->first + run->count; i++) {
		struct branch *branch = &tree->branches[i];

		branch->stack =
			whole ? place_table_get_outer(tree->input->table, branch->stack) : 0;
		branch->place = place_table_get_place(tree->input->table, branch->stack);
	}
}

static void
write_node(struct tree *tree, const struct run *run, unsigned depth)
{
	uint32_t stack = tree->branches[run->first].stack;
	size_t count = 0, large = 0;
	struct run *runs = NULL;

	if (depth > 0)
		move_outward(tree, run);
	if (depth < DEPTH_MOST)
		runs = split(tree, run, &count);
	while (large < count && !runs[large].is_small)
		large++;
	fprintf(tree->stream, "%*sn%zu: %" PRId64 " ", (int)depth, "", large + (large < count),
		run->bytes);
	if (depth == 0)
		fputs("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.",
		      tree->stream);
	else
		write_frame(tree, stack);
	putc('\n', tree->stream);
	for (size_t i = 0; i < large; i++)
		write_node(tree, &runs[i], depth + 1);
	if (large < count)
		write_small(tree, runs + large, count - large, depth + 1);
	free(runs);
}

void
export_massif_tree(FILE *stream, const struct export_input *input, const struct group_set *set)
{
	struct tree tree = {.stream = stream, .input = input, .all = set->sum.live_bytes};
	struct run run = {.bytes = set->sum.live_bytes};

	tree.branches = xcalloc(set->count + 1, sizeof(*tree.branches));
	for (size_t i = 0; i < set->count; i++) {
		const struct group *group = &set->groups[i];

		if (group->values.live_bytes <= 0)
			continue;
		tree.branches[run.count++] = (struct branch){
			.stack = group->stack,
			.place = place_table_get_place(input->table, group->stack),
			.bytes = group->values.live_bytes,
		};
	}
	write_node(&tree, &run, 0);
	free(tree.branches);
}
