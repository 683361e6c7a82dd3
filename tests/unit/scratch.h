/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scratch.h - what the unit tests of the command share: a directory for each test, and main
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <check.h>

/* Checked fixtures: an empty directory of the test's own is the working directory. */
void scratch_enter(void);
void scratch_leave(void);

/* Make a file of these bytes, in the place of one that is there. */
void scratch_write(const char *path, const void *bytes, size_t length);
void scratch_write_text(const char *path, const char *text);

/* The path of a file in memory, for tests that write thousands. It lasts as long as the test. */
const char *scratch_memory_file(void);

/* A character device of the kernel's memory driver (3 is null, 7 is full) in the working directory.
 * Without the right to make one, a link to the machine's, which that user cannot harm. */
void scratch_device(const char *name, unsigned minor);

/* Run the suite; the result of main. */
int scratch_run(Suite *suite);

#endif
