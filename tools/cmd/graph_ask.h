/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_ask.h - let a living process look who points at whom, or look at it from outside
 */
#ifndef GRAPH_ASK_H
#define GRAPH_ASK_H

#include <stdbool.h>
#include <stdint.h>

struct graph;

struct graph_ask {
	const char *recording; /* its path */
	const char *operand;   /* what the user called it */
	const char *command;   /* to offer with --outside, or NULL */
	const char *rest;      /* of its words, behind the operand; or NULL */
	uint64_t wait_ns;      /* for the process to answer */
	uint64_t settle_ns;    /* between two looks; 0: one is enough */
	bool yes;              /* also for a long pause */
	bool outside;          /* read its memory, without asking it */
};

/*
 * Look once or twice, into ret_graphs, which has room for two. The number of graphs, to be
 * released: 0 if the process does not live, or is of another version. Ends the command with the
 * reason when one that lives gives no answer.
 */
unsigned graph_ask_look(const struct graph_ask *ask, struct graph *ret_graphs);

#endif
