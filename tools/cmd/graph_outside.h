/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_outside.h - who points at whom in a process that is not asked: --outside
 */
#ifndef GRAPH_OUTSIDE_H
#define GRAPH_OUTSIDE_H

struct graph;

/* Look once at the living process of a recording, which the user has called `operand`; the graph is
 * to be released. Whatever goes wrong ends the command. */
void graph_outside_look(const char *recording, const char *operand, struct graph *ret_graph);

#endif
