/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_notes.h - note which programs this process starts, for the command
 *
 * Only where `heaptally run` made a file for it (exec_log.h); else every call does nothing.
 */
#ifndef EXEC_NOTES_H
#define EXEC_NOTES_H

#include "base/base.h"

/* Map the file in the directory of the recordings. library is the path of the runtime. [init] */
void exec_notes_open(const char *directory, const char *library);

/* Whether notes are kept: what has to be found out for one can be spared otherwise. [signal] */
bool exec_notes_are_kept(void);

/* Processes of this id begin the program at path with environment at time_ns; searched: path is a
 * name that is looked for in PATH if it has no slash. [signal] */
void exec_notes_insert(uint32_t pid, uint64_t time_ns, const char *path, bool searched,
		       char *const *environment);

/* What this process noted last did not happen. [signal] */
void exec_notes_take_back(void);

/* A shell that libc starts by itself, whose number nobody is told: noted only where no recording
 * can come of it, by its environment. [signal] */
void exec_notes_insert_shell(uint64_t time_ns, char *const *environment);

#endif
