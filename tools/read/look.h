/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look.h - let a copy of a living process look who points at whom, and read what it found
 */
#ifndef LOOK_H
#define LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/graph.h"
#include "read/request.h"

/*
 * What the copy would do to a process: a sentence to free why it must not be asked for one, or
 * NULL. Its pause is what it will cost at most. What it may miss is a sentence, too, or NULL.
 */
char *look_find_danger(pid_t pid, uint64_t *ret_pause_ns, char **ret_warning);

/*
 * Ask the process of the recording at path, which must be ours, and wait until the copy has ended.
 * `key` is not 0 for a graph whose sums can be compared with those of another with the same key.
 * 0 with a graph to release if the answer is REQUEST_IS_DONE and has no error; -ECHILD when the
 * copy was killed; else as `request_make` and `graph_file_read`.
 */
int look_make(const char *path, uint64_t wait_ns, uint32_t key, struct request_answer *ret_answer,
	      struct graph *ret_graph);

#endif
