/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_session.h - one `heaptally run`, from the command line to the card
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include <stdint.h>

#include "cmd/run_options.h"
#include "run/launch.h"
#include "util/output.h"
#include "model/card.h"

struct collector;
struct debuginfo_cache;
struct name_cache;

struct run {
	struct run_options options;
	char *directory;    /* of the recordings */
	int directory_lock; /* held until the end */
	char *path;         /* of the tally */
	char *program_path; /* of the file that exec will load */
	char *name;         /* of the process */
	int path_error;     /* the tally cannot be where it was meant to be */
	bool is_renamed;    /* the name that it was given is another file's by now */
	struct launch launch;
	struct collector *collector;
	struct debuginfo_cache *debuginfo;
	struct name_cache *names; /* or NULL */
	uint64_t start_ns;
	uint64_t lost_blocks; /* of all processes, with --leaks */
	bool unknown_leaks;   /* the command was not looked at, with --leaks=fail */
	uint64_t cpu_ns;      /* ours, while the program ran */
	struct card card;
};

/* Whatever of these is wrong ends the program, with a sentence and the status. */

/* Can the program be traced, can the tally be written: make the process that waits for its start.
 */
void run_prepare(struct run *run);

/* Let it become the program. */
void run_start(struct run *run);

/* Write the tally from what was collected, there or elsewhere. The card has its profiles then. 0 or
 * the -errno of the first place, after it was said. */
int run_write(struct run *run);

/* --- what these share --- */

/* What the tally may replace. `inputs` is to free. */
struct output_rule run_get_rule(const struct run *run);

/* Whether the graph of --graph can be beside a tally of this name: as `output_check`. */
int run_check_graph(const struct run *run, const char *tally, char **ret_why);

/* Move the graphs of --graph beside the tally; what cannot be moved stays, and that is said. */
void run_move_graphs(const struct run *run);

/* A path for the tally where the recordings are. To free. */
char *run_make_path_with_recordings(const struct run *run);

#endif
