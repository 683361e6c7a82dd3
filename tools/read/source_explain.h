/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_explain.h - sentences for what went wrong with what an operand names
 *
 * Each is to print and free, and begins with the name: "big.tally: cut: its end is missing".
 */
#ifndef SOURCE_EXPLAIN_H
#define SOURCE_EXPLAIN_H

struct process_list;
struct profile;

/* What went wrong with the file that operand names. */
char *source_explain(const char *operand, int error);

/* The same of the file at path, or NULL, that is called name. */
char *source_explain_file(const char *name, const char *path, int error);

/* That a profile has no such moment, and which it has; error is that of `profile_find_moment`. */
char *source_explain_moment(const char *name, const char *moment, const struct profile *profile,
			    int error);

/* That a file has no such process, and which it has. */
char *source_explain_process(const char *name, const char *wanted,
			     const struct process_list *processes);

#endif
