/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_child.h - the program that `heaptally live -- COMMAND` starts
 *
 * `heaptally run` starts it, in our process group, so that Ctrl-C ends all. What both print is kept
 * until the screen is left.
 */
#ifndef LIVE_CHILD_H
#define LIVE_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct live_child {
	pid_t pid;     /* of `run`; 0 when there is none */
	FILE *output;  /* of both, without a name */
	bool is_ended; /* and wait_status is set */
	int wait_status;
};

/* Start it. 0 or -errno. */
int live_child_start(struct live_child *child, char *const *command);

bool live_child_has_ended(struct live_child *child);

/* The path of the program's recording, to free, or NULL as long as there is none. */
char *live_child_find_recording(const struct live_child *child);

/*
 * End the program by SIGTERM, if it runs, wait, and print what it and `run` printed. After a signal
 * of the terminal, which the program has got, too, it is given time to end by that. Returns the
 * status that `run` ended with.
 */
int live_child_finish(struct live_child *child, int signal);

#endif
