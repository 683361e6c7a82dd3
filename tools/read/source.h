/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.h - what an operand of a reading command names
 *
 *     FILE[@MOMENT]    a tally or a recording
 *     PID[@MOMENT]     the recording of a process that runs, or ended and left one; a file of that
 *                      name comes first
 *     NAME[@MOMENT]    the recording of the only process with this name, if there is no such file
 *     nothing          the newest tally of the working directory
 *
 * A file with several processes yields one profile: of those that were asked for the one with the
 * largest peak, or what `process_list_choose` says. The others are only summed up. With `sums` it
 * is that of all, as `merge.h` has it.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

#include "read/source_request.h"

/*
 * 0, or -errno with a sentence to print and free: "big.tally: not a file of heaptally, or damaged".
 */
int source_read(const struct source_request *request, struct source *ret_source, char **ret_why);

/* Whether what was read of the memory is of the moment that is meant. */
bool source_is_now(const struct source *source);

/* Take over from the recording why the look at exit could leave no graph, where it could not. */
void source_take_look_error(const struct source *source);

void source_release(struct source *source);

#endif
