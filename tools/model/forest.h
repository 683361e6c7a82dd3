/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * forest.h - whole stacks as a tree that is small enough to look at, with many numbers of each node
 *
 * All sites of one profile, or of the two that are compared, as one tree of places from the
 * outermost on. What is small in every column is cut; what a cut stack holds goes into the rest of
 * the innermost node that is kept, so that sums stay exact:
 *
 *     a column of a node = own + rest + the column of its children
 *
 * Beside the tree stand the lines that name the sites, cut in the same way.
 */
#ifndef FOREST_H
#define FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "model/place.h"
#include "model/profile.h"
#include "model/selection.h"

#define FOREST_NONE  UINT32_MAX
#define FOREST_SIDES 2

/* One number of every site. */
struct forest_column {
	unsigned side;
	const struct profile_moment *moment; /* of the profile of that side */
	size_t offset;                       /* in struct profile_values, of a number of 64 bits */
};

struct forest_node {
	uint32_t parent; /* smaller than the own index; or FOREST_NONE */
	uint32_t place;
	uint32_t cut; /* sites in its rest */
};

struct forest_line {
	uint32_t place; /* of its largest site */
};

struct forest {
	const struct profile *sides[FOREST_SIDES]; /* the second may be NULL */
	struct forest_node *nodes;
	size_t count;
	struct forest_line *lines;
	size_t line_count;
	uint32_t cut, lines_cut;            /* sites without any node, and without a line */
	uint32_t *own_nodes[FOREST_SIDES];  /* by site: the node it is the own of, or FOREST_NONE */
	uint32_t *rest_nodes[FOREST_SIDES]; /* by site: the node it is in the rest of, likewise */
	uint32_t *site_lines[FOREST_SIDES]; /* by site: the line, or FOREST_NONE */
	uint8_t *kept[FOREST_SIDES];        /* by site: whether it passes the filters */
};

struct forest_options {
	const struct selection *selection;
	const uint32_t *alias; /* by place: the one that stands for it; or NULL */
	double least;          /* share of a column that is worth a node */
	size_t nodes, lines;   /* at most */
};

/* profiles are symbolized; columns are those that decide what is kept. The table takes up places.
 */
void forest_init(struct forest *forest, const struct profile *const *profiles,
		 const struct forest_options *options, const struct forest_column *columns,
		 size_t column_count, struct place_table *table);
void forest_release(struct forest *forest);

/*
 * The values of a column: own of each node in the first `count` numbers, rest of each in the next,
 * and at last that of what has no node. ret_values has 2 * count + 1 numbers.
 */
void forest_get_nodes(const struct forest *forest, const struct forest_column *column,
		      int64_t *ret_values);

/* The same of each line, and at last of what has none; ret_values has line_count + 1 numbers. */
void forest_get_lines(const struct forest *forest, const struct forest_column *column,
		      int64_t *ret_values);

#endif
