/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_reader.h - what the processes of a run note about the programs they start
 */
#ifndef EXEC_READER_H
#define EXEC_READER_H

#include <stdbool.h>
#include <stdint.h>

struct exec_reader;

/* One note; `path` is valid until the next is read. */
struct exec_note {
	uint64_t time_ns; /* CLOCK_MONOTONIC, before the program started */
	uint32_t pid;
	uint32_t uid;
	uint32_t flags;   /* enum exec_log_flag bits */
	const char *path; /* a name without slash was looked for in PATH */
};

/* Make the file for the notes of a run in its directory. 0 or -errno; without it nothing is noted.
 */
int exec_reader_make_file(const char *directory);

/* Nobody that starts from now on makes notes. */
void exec_reader_remove_file(const char *directory);

/* 0, or -errno: -ENOENT where there is no such file. */
int exec_reader_new(const char *directory, struct exec_reader **ret_reader);

/* The next note: false when there is none yet. */
bool exec_reader_next(struct exec_reader *reader, struct exec_note *ret_note);

/* NULL is accepted. */
void exec_reader_free(struct exec_reader *reader);

#endif
