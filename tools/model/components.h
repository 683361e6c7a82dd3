/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * components.h - which blocks that nothing holds hold each other
 *
 * Strong components of a part of a graph (Tarjan), with a stack of its own: a list of a million
 * blocks is as good as a ring of two.
 */
#ifndef COMPONENTS_H
#define COMPONENTS_H

#include <stdbool.h>
#include <stdint.h>

struct graph;

#define COMPONENT_NONE UINT32_MAX

struct component {
	uint32_t head; /* its block of lowest address */
	uint32_t blocks;
	bool is_entered; /* a block of another component points into it */
};

struct components {
	uint32_t *of; /* by block; COMPONENT_NONE for what is not of the part */
	struct component *components;
	uint32_t count;
};

/* Those of the blocks whose mark is `mark`. */
void components_init(struct components *components, const struct graph *graph, const uint8_t *marks,
		     uint8_t mark);
void components_release(struct components *components);

#endif
