/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runtime.h - a recording of this process, for the unit tests of the runtime
 *
 * The tests link the runtime without its hooks, so that their own malloc stays libc's.
 */
#ifndef UNIT_RUNTIME_H
#define UNIT_RUNTIME_H

/* Create a recording in a fresh directory and its trace table; fails the test if it cannot. */
void runtime_start(void);

/* The same with more words of HEAPTALLY, each behind a colon. */
void runtime_start_with(const char *words);

/* Remove the file. Check forks each test, so the mapping goes with the process. */
void runtime_stop(void);

#endif
