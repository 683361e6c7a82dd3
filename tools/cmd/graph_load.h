/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/graph_load.h - who points at whom: from a living process, or from a graph that was kept
 *
 *     PID, NAME, recording of a living process    its copy looks now
 *     recording of one that has ended             the graph beside it, of its exit
 *     tally                                       the graph beside it: NAME.graph or NAME.PID.graph
 *     graph                                       names come from the recording or the tally beside
 *     with a core file                            what it shows; the operand has the names
 *
 * The first is what `graph_ask` does, those that were kept `graph_kept`, the last `graph_core`.
 *
 * A command puts `graph_load_argp` into the children of its own argp, with a struct graph_load as
 * its input, and `graph_load_outside_argp` if it can do without the help of the process. Whatever
 * goes wrong ends the command.
 */
#ifndef GRAPH_LOAD_H
#define GRAPH_LOAD_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "cmd/report_options.h"
#include "model/graph.h"
#include "read/source.h"

struct graph_load {
	const char *operand;
	const char *command; /* to offer with --outside, or NULL */
	const char *rest;    /* of its words, behind the operand; or NULL */
	uint64_t wait_ns;    /* for the process to answer */
	uint64_t settle_ns;  /* between two looks; 0: one is enough */
	bool yes;            /* also for a long pause */
	const char *core;    /* file to look at instead of the process, or NULL */
	bool outside;        /* read the memory of the process, without asking it */
	bool tally_answers; /* what a tally says of its leaks is enough: its graph may be damaged */
	struct graph graphs[2];
	unsigned count; /* of `graphs`; 0 when none is known */
	bool is_live;   /* they are of now */
	char *recording;
};

extern const struct argp graph_load_argp, graph_load_outside_argp;

void graph_load_init(struct graph_load *load);
void graph_load_release(struct graph_load *load);

/* The time of an option: "2", "500ms". */
uint64_t graph_load_parse_time(const char *word, const char *option,
			       const struct argp_state *state);

/* Read the graph, and what it is of, with names and lines. Of tallies without a graph, and of
 * recordings of programs that did not look, the source alone. */
void graph_load_read(struct graph_load *load, struct report_options *options,
		     struct source *ret_source);

/* The same in two steps: let the process look, if it is one that lives; when the source has been
 * read, take what it has found, or what is kept beside the source, which must be there. */
void graph_load_look(struct graph_load *load);
void graph_load_check(struct graph_load *load, const struct source *source);

/* End the command with status 3 if there is no graph. */
void graph_load_need(const struct graph_load *load, const struct source *source);

#endif
