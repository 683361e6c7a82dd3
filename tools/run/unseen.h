/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unseen.h - which programs of a run left no recording, and why
 *
 * Of every program that was started there is a note (exec_reader.h), and of those that could be
 * recorded a recording of the same process that began later. What is left over is put together to
 * one profile a program: without numbers, with `unseen` processes and a sentence in `notes`.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include <stdint.h>

struct exec_note;
struct profile;
struct unseen;

/* Never NULL. */
struct unseen *unseen_new(void);

/* Process `note->pid` became another program. */
void unseen_insert_note(struct unseen *unseen, const struct exec_note *note);

/* There is a recording of process pid that began at start_ns (CLOCK_MONOTONIC). */
void unseen_insert_recording(struct unseen *unseen, uint32_t pid, uint64_t start_ns);

/* There is a recording, but nothing in it: the program brings its own malloc. */
void unseen_insert_empty(struct unseen *unseen, const struct profile *profile);

/* No more will come: find out why of each program that is left over. */
void unseen_finish(struct unseen *unseen);

/* After `unseen_finish`: the profile of the next program, to free; NULL after the last. */
struct profile *unseen_next(struct unseen *unseen);

/* NULL is accepted. */
void unseen_free(struct unseen *unseen);

#endif
