/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * history.h - what `heaptally run` knows of a run that lasts: moments, marks and samples so far
 *
 * It keeps them to itself until the end. Whoever wants them before leaves a file in the directory
 * of the run, which `heaptally run` looks at anyway, and gets a tally in its place:
 *
 *     NAME.recording.ask.XXXXXX     made by who asks, removed by `run`
 *     NAME.recording.told.XXXXXX    written by `run`, removed by who asked
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>

struct profile;

/*
 * Ask for what is known of the recording at path. 0 with a profile to free; -ENOENT if the
 * recording is none of a run that lasts, or nothing is known of it; -ETIMEDOUT if the run did not
 * answer; else as `tally_reader_next`.
 */
int history_ask(const char *path, struct profile **ret_profile);

/* Whether the entry of a directory asks; then *ret_name is the name of the recording, to free. */
bool history_is_question(const char *entry, char **ret_name);

/* Whether it is a question or an answer, which nobody needs when the run ended. */
bool history_is_litter(const char *entry);

/*
 * Answer the question in this directory, and remove it. profile may be NULL: nothing is known. 0 or
 * -errno.
 */
int history_answer(const char *directory, const char *question, const struct profile *profile);

#endif
