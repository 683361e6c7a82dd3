/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_options.h - the command line of `heaptally run`
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "run/launch.h"

struct run_options {
	const char *output; /* or NULL */
	uint64_t every_ns;  /* 0: only at the end */
	bool force, quiet, no_cache;
	bool leaks_fail; /* something lost is a failure */
	bool graph;      /* graphs are kept beside the tally */
	struct launch_options launch;
	const char **wrappers; /* for the card */
	size_t wrapper_count;
	char **arguments; /* of the program, with a NULL at the end */
};

/* Fills what is zero. Ends the program where the words are wrong, or only help is wanted. */
void run_options_parse(struct run_options *options, int argc, char **argv);

#endif
