/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exit_graphs.h - who points at whom, as processes have left it at their exit
 */
#ifndef EXIT_GRAPHS_H
#define EXIT_GRAPHS_H

#include <stdbool.h>

#include "util/array.h"

struct profile;
struct snapshot_identity;

struct exit_graphs {
	bool keeps;          /* the files, else they are removed */
	ARRAY(char *) paths; /* of those that were kept */
};

/*
 * Take what the graph beside the recording at path tells into the profile of its process, or why
 * there is none. The file has no other reader.
 */
void exit_graphs_take(struct exit_graphs *graphs, const char *path,
		      const struct snapshot_identity *identity, struct profile *profile);

/* The files stay. */
void exit_graphs_release(struct exit_graphs *graphs);

#endif
