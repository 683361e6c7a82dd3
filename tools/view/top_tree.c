/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_tree.c - callers down to sites, or a function and its callers, as text
 *
 * A row goes one step to the right only where its parent has other rows too; without a branch to
 * begin it, a row goes on with the row above. So deep stacks fit into few columns.
 *
 *     80.0 KiB  100.0  main           demo.c:20
 *     64.0 KiB   80.0  |-load         demo.c:14
 *     64.0 KiB   80.0  | parse        demo.c:9      the only one that load calls
 *     16.0 KiB   20.0  `-keep         demo.c:5
 */
#include "config.h"

#include "view/top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/place_fit.h"

#define WIDTH_LEAST 48 /* narrower, a line that wraps says more than a stump */
#define NUMBERS     3

/* What is on a row before the tree: the value, its share, and blocks. */
struct numbers {
	char texts[NUMBERS][HUMAN_BYTES];
};

struct drawing {
	const struct term *term;
	const struct view_top *view;
	const struct tree *tree;
	unsigned widths[NUMBERS];
	uint32_t *left; /* rows below a node that are still to come; roots are those of the last one
			 */
	char **rails;   /* what rows below a node begin with */
};

static void
format_numbers(const struct view_top *view, const struct profile_values *values,
	       struct numbers *ret_numbers)
{
	double whole = (double)column_get(view->column, &view->set->sum);
	int64_t value = column_get(view->column, values);

	column_format(view->column, value, ret_numbers->texts[0]);
	human_percent((double)value, whole, ret_numbers->texts[1]);
	human_count((uint64_t)column_get_blocks(view->column, values), ret_numbers->texts[2]);
}

/* Nothing is in a column of the others, so a row of them would say nothing. */
static bool
has_cut(const struct drawing *drawing, const struct profile_values *cut, uint32_t count)
{
	return count > 0 && column_get(drawing->view->column, cut) != 0;
}

/* What a node holds besides its children. */
static bool
has_own(const struct drawing *drawing, const struct tree_node *node)
{
	return node->is_site && node->children + node->cut_count > 0 &&
	       column_get(drawing->view->column, &node->own) != 0;
}

static uint32_t
count_rows(const struct drawing *drawing, const struct tree_node *node)
{
	return node->children + has_own(drawing, node) +
	       has_cut(drawing, &node->cut, node->cut_count);
}

static void
widen(struct drawing *drawing, const struct profile_values *values)
{
	struct numbers numbers;

	format_numbers(drawing->view, values, &numbers);
	for (size_t i = 0; i < NUMBERS; i++)
		if (term_columns(numbers.texts[i]) > drawing->widths[i])
			drawing->widths[i] = term_columns(numbers.texts[i]);
}

static void
print_numbers(const struct drawing *drawing, const char *const *texts, enum term_style style)
{
	const struct term *term = drawing->term;

	fputs(term_style(term, style), term->stream);
	for (size_t i = 0; i < NUMBERS; i++) {
		term_pad(term->stream, texts[i], -(int)drawing->widths[i]);
		fputs("  ", term->stream);
	}
	fputs(style != TERM_PLAIN ? term_style(term, TERM_PLAIN) : "", term->stream);
}

static unsigned
count_number_columns(const struct drawing *drawing)
{
	unsigned used = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		used += drawing->widths[i] + 2;
	return used;
}

/* Rails that would leave no room for names are a number. */
static char *
make_lead(const struct drawing *drawing, size_t parent, uint32_t depth, const char *branch)
{
	unsigned width = drawing->term->width;
	char *lead = xasprintf("%s%s", drawing->rails[parent], branch);

	if (width < WIDTH_LEAST || drawing->view->full_names ||
	    term_columns(lead) <= (width - count_number_columns(drawing)) / 2)
		return lead;
	free(lead);
	return xasprintf("(%" PRIu32 " down) ", depth);
}

/* The branch of the next row below a parent; what comes below that row begins with *ret_rail. */
static const char *
next_branch(const struct drawing *drawing, size_t parent, uint32_t rows, const char **ret_rail)
{
	bool last = --drawing->left[parent] == 0, utf8 = drawing->term->utf8;

	*ret_rail = "";
	if (rows <= 1)
		return "";
	*ret_rail = last ? "  " : utf8 ? "│ " : "| ";
	if (last)
		return utf8 ? "└─" : "`-";
	return utf8 ? "├─" : "|-";
}

static void
print_row(const struct drawing *drawing, const struct profile_values *values, const char *lead,
	  struct view_place *place, enum term_style style)
{
	const struct term *term = drawing->term;
	unsigned used = count_number_columns(drawing) + term_columns(lead);
	struct numbers numbers;
	const char *texts[NUMBERS];

	format_numbers(drawing->view, values, &numbers);
	for (size_t i = 0; i < NUMBERS; i++)
		texts[i] = numbers.texts[i];
	if (!drawing->view->full_names && term->width >= WIDTH_LEAST && term->width > used)
		view_place_fit(place, term->width - used);
	print_numbers(drawing, texts, style);
	fprintf(term->stream, "%s%s", lead, place->name);
	if (*place->position)
		fprintf(term->stream, "%s%s%s%s", *place->name ? "  " : "",
			term_style(term, place->is_own ? TERM_BOLD : TERM_DIM), place->position,
			term_style(term, TERM_PLAIN));
	putc('\n', term->stream);
}

static void
print_note(const struct drawing *drawing, const struct profile_values *values, const char *lead,
	   const char *note)
{
	struct view_place place = {.name = xstrdup(note), .position = xstrdup("")};

	/* A place is cut to the width where it stands. */
	print_row(drawing, values, lead, &place, TERM_DIM);
	view_place_release(&place);
}

/* "(6 frames of libstdc++)" */
static char *
format_run(const struct tree_node *node)
{
	if (node->frames_least == node->frames_most)
		return xasprintf("(%" PRIu32 " frame%s of %s)", node->frames_most,
				 text_plural(node->frames_most), node->library);
	return xasprintf("(%" PRIu32 " to %" PRIu32 " frames of %s)", node->frames_least,
			 node->frames_most, node->library);
}

/* What stands below all children: the node itself, and what is cut. */
static void
print_others(const struct drawing *drawing, size_t parent, const struct tree_node *node,
	     uint32_t rows)
{
	const char *rail,
		*own = drawing->view->callers_of != NULL ? "(no caller)" : "(allocated here)";
	char *lead, *note;
	char count[HUMAN_BYTES];

	if (has_own(drawing, node)) {
		lead = make_lead(drawing, parent, node->depth + 1,
				 next_branch(drawing, parent, rows, &rail));
		print_note(drawing, &node->own, lead, own);
		free(lead);
	}
	if (!has_cut(drawing, &node->cut, node->cut_count))
		return;
	lead = make_lead(drawing, parent, node->depth + 1,
			 next_branch(drawing, parent, rows, &rail));
	note = xasprintf("(%s more%s)", human_count(node->cut_count, count),
			 drawing->view->rows == 0 ? " below 1 %" : "");
	print_note(drawing, &node->cut, lead, note);
	free(note);
	free(lead);
}

static void
print_node(const struct drawing *drawing, size_t index, size_t parent, uint32_t rows)
{
	const struct tree_node *node = &drawing->tree->nodes[index];
	const char *rail, *branch = next_branch(drawing, parent, rows, &rail);
	char *lead = make_lead(drawing, parent, node->depth, branch);
	struct view_place place;

	drawing->rails[index] = xasprintf("%s%s", drawing->rails[parent], rail);
	drawing->left[index] = count_rows(drawing, node);
	if (node->library != NULL) {
		place = (struct view_place){.name = format_run(node), .position = xstrdup("")};
	} else {
		view_place_init(&place, drawing->view->table, node->stack, PLACE_NONE,
				node->several ? GROUP_BY_FUNCTION : GROUP_BY_STACK,
				drawing->view->full_names);
	}
	print_row(drawing, &node->values, lead, &place, TERM_PLAIN);
	view_place_release(&place);
	free(lead);
}

/* After the last row of a node, the rows of its parents may end too. */
static void
print_ends(const struct drawing *drawing, size_t index, const struct tree_node *top)
{
	const struct tree *tree = drawing->tree;

	for (;;) {
		bool is_root = index == tree->count;
		const struct tree_node *node = is_root ? top : &tree->nodes[index];
		uint32_t rows = count_rows(drawing, node);

		if (drawing->left[index] != rows - node->children)
			return;
		if (rows > node->children)
			print_others(drawing, index, node, rows);
		if (is_root)
			return;
		index = node->parent == TREE_NONE ? tree->count : node->parent;
	}
}

static void
print_tree(struct drawing *drawing)
{
	const struct tree *tree = drawing->tree;
	const struct tree_node top = {.children = tree->roots,
				      .cut_count = tree->cut_count,
				      .cut = tree->cut,
				      .depth = UINT32_MAX};

	drawing->rails[tree->count] = xstrdup("");
	drawing->left[tree->count] = count_rows(drawing, &top);
	for (size_t i = 0; i < tree->count; i++) {
		uint32_t number = tree->nodes[i].parent;
		size_t parent = number == TREE_NONE ? tree->count : number;
		const struct tree_node *above = number == TREE_NONE ? &top : &tree->nodes[number];

		print_node(drawing, i, parent, count_rows(drawing, above));
		print_ends(drawing, i, &top);
	}
	if (tree->count == 0)
		print_ends(drawing, 0, &top);
}

/* A name that has the word in it may be the one that was meant. */
static const char *
find_similar(const struct place_table *table, const char *word)
{
	size_t length = strcspn(word, "*?[");
	const char *best = NULL;

	for (uint32_t i = 0; length > 0 && i < place_table_count(table); i++) {
		const char *name = place_table_get(table, i)->function;

		if (name != NULL && memmem(name, strlen(name), word, length) != NULL &&
		    (best == NULL || strlen(name) < strlen(best)))
			best = name;
	}
	return best;
}

static void
print_nothing(const struct term *term, const struct view_top *view)
{
	const char *similar = find_similar(view->table, view->callers_of);
	char *word = term_escape(view->callers_of);
	char *name = similar != NULL ? term_escape(similar) : NULL;

	fprintf(term->stream, "no function on these stacks is called %s%s%s%s\n\n", word,
		name != NULL ? "; there is " : "", name != NULL ? name : "",
		name != NULL ? ", and GLOBs like '*NAME*' are understood" : "");
	free(word);
	free(name);
}

static bool
has_any_cut(const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->nodes[i].cut_count > 0)
			return true;
	return tree->cut_count > 0;
}

void
view_top_tree(const struct term *term, const struct view_top *view)
{
	const struct tree *tree = view->tree;
	struct drawing drawing = {.term = term, .view = view, .tree = tree};
	const char *const titles[NUMBERS] = {view->column->title, "%", "blocks"};

	if (tree->count + tree->cut_count == 0 && view->callers_of != NULL) {
		print_nothing(term, view);
		return;
	}
	for (size_t i = 0; i < NUMBERS; i++)
		drawing.widths[i] = term_columns(titles[i]);
	widen(&drawing, &tree->cut);
	for (size_t i = 0; i < tree->count; i++) {
		widen(&drawing, &tree->nodes[i].values);
		widen(&drawing, &tree->nodes[i].cut);
	}
	drawing.left = xcalloc(tree->count + 1, sizeof(*drawing.left));
	drawing.rails = xcalloc(tree->count + 1, sizeof(*drawing.rails));
	print_numbers(&drawing, titles, TERM_DIM);
	fprintf(term->stream, "where\n");
	print_tree(&drawing);
	for (size_t i = 0; i <= tree->count; i++)
		free(drawing.rails[i]);
	free(drawing.rails);
	free(drawing.left);
	fputs(has_any_cut(tree) ? "(-n 0 for all)\n\n" : "\n", term->stream);
}
