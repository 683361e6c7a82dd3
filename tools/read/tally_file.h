/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_file.h - put a tally in its place, whole or not at all
 *
 * It is written beside its place, under another name, and takes its name when it is complete.
 */
#ifndef TALLY_FILE_H
#define TALLY_FILE_H

#include <stdbool.h>

struct tally_file {
	char *path;      /* where it will be */
	char *temporary; /* where it is now; NULL when written in place */
	int fd;
};

/* The name that a tally has when the user gives none: heaptally.COMMAND.PID.tally, or
 * with -2 and so on after the PID where that is taken. To free. */
char *tally_file_make_path(const char *command, long pid);

/* Whether something would be lost by writing there: a file that is not empty. */
bool tally_file_is_taken(const char *path);

/* Whether a tally could be written at path: 0 or -errno. Leaves nothing behind. */
int tally_file_check(const char *path);

/* Begin. 0, or -errno; then nothing is left behind. */
int tally_file_begin(const char *path, struct tally_file *ret_file);

/* Give it its name, in place of what has it now. 0, or -errno; then nothing is left behind. */
int tally_file_commit(struct tally_file *file);

/* Forget it. */
void tally_file_abandon(struct tally_file *file);

#endif
