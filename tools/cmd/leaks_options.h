/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/leaks_options.h - the command line of `heaptally leaks`
 */
#ifndef LEAKS_OPTIONS_H
#define LEAKS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/graph_load.h"
#include "cmd/report_options.h"
#include "model/reach.h"

struct leaks_options {
	struct report_options report;
	struct graph_load graph;
	struct graph_load before; /* what it is compared with, if it has an operand */
	enum reach_heuristics heuristics;
	bool heuristics_given;
	bool all;            /* also what is held, and what system libraries keep */
	int64_t max_bytes;   /* that may be lost; INT64_MAX: any */
	uint64_t max_blocks; /* UINT64_MAX: any */
	bool limits_bytes, limits_blocks;
};

/* Ends the program where the words are wrong, or only help is wanted. */
void leaks_options_parse(struct leaks_options *options, int argc, char **argv);
void leaks_options_release(struct leaks_options *options);

#endif
