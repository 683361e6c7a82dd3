/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.h - whole stacks as a tree, from the program's entry down to its sites, or from a function
 * up to its callers
 *
 * Made of the groups of a profile by whole stack. A node is a function in its place in the tree,
 * and holds what all stacks through it hold; below a function, each line of it that allocates is a
 * node of its own unless there is just one. Runs of frames of one system library are one node, and
 * what leads from the start of a thread to its first own frame is none. Sums are exact, in every
 * column:
 *
 *     values of a node = its own + its children that are kept + those that are cut
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"

#define TREE_NONE UINT32_MAX

struct tree_options {
	const struct column *column; /* that orders children, and that is looked at when cutting */
	const char *callers_of;      /* glob on the name of a function: turn the tree; or NULL */
	bool whole;                  /* fold no frames of libraries */
	double least;                /* cut what holds less than this share of all; 0: nothing */
	size_t most;                 /* children of a node; 0: all */
};

struct tree_node {
	uint32_t parent; /* in `nodes`, and smaller than the own index; or TREE_NONE */
	uint32_t depth;  /* 0 for a root */
	uint32_t stack;  /* of the one place that is shown, for views */
	bool several;    /* places are in it: lines of the function, or frames of a library */
	bool is_site;    /* blocks were allocated here, or with callers: nobody is known to call */
	const char *library;                /* of a run of frames, else NULL */
	uint32_t frames_least, frames_most; /* in that run, by stack */
	uint32_t children;                  /* that are kept */
	uint32_t cut_count;                 /* those that are not */
	struct profile_values values, own, cut;
};

struct tree {
	struct tree_node *nodes; /* in preorder, children in the order of the column */
	size_t count;
	struct profile_values sum; /* over all roots, and what is cut of them */
	struct profile_values cut;
	uint32_t cut_count;
	uint32_t roots; /* that are kept */
};

/*
 * Make a tree of the groups of set, which are whole stacks of table; the table takes up what the
 * nodes show.
 */
void tree_init(struct tree *tree, const struct group_set *set, struct place_table *table,
	       const struct tree_options *options);
void tree_release(struct tree *tree);

#endif
