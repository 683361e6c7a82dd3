/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output.h - every file that the command writes: never in the place of what is not its own
 *
 * A file is written without a name, or under another one in the same directory, and takes its place
 * when it is complete: whatever goes wrong before leaves the old file as it was, and nothing beside
 * it. A link stays a link to the new file. A FIFO is written into; it has a second for its reader
 * to come.
 *
 *     struct output_rule rule = {.magic = "heaptally tally ", .inputs = {path_that_is_read}};
 *
 *     result = output_begin(path, &rule, &output, &why);
 *     ...write to output.fd...
 *     result = output_commit(&output);
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* What may be replaced: what is empty, and these. Never a directory, a device, a socket, an input
 * that is named here or was noted. */
struct output_rule {
	const char *magic; /* how files of this kind begin; NULL: each that is not empty is kept */
	const char *kind;  /* what such a file is called, with `magic` */
	bool force;        /* any other regular file, too */
	const char *no_stdout;     /* why "-" cannot be standard output; NULL if it can */
	const char *const *inputs; /* paths that this command will read; NULLs are ignored */
	size_t input_count;
};

struct output {
	char *path;      /* where it will be */
	char *temporary; /* its name until then; NULL when it has none, or is written in place */
	int fd;
	bool replaces; /* something had this name at the beginning */
	bool in_place;
};

/*
 * Whether a file could be written at path: 0; or -errno, and when it is refused a sentence to free
 * in *ret_why, which is NULL when the system refuses it. Leaves nothing behind, and waits for
 * nobody.
 */
int output_check(const char *path, const struct output_rule *rule, char **ret_why);

/* The same, and begin. After an error there is nothing to release but the sentence. From now on
 * SIGXFSZ is ignored, so that a limit is an error of write. */
int output_begin(const char *path, const struct output_rule *rule, struct output *ret_output,
		 char **ret_why);

/* Give it its name, in place of what had it at the beginning; -EEXIST when another has taken it
 * since, or when that turned out to be an input. 0, or -errno; then nothing is left behind. */
int output_commit(struct output *output);

/* Forget it. */
void output_abandon(struct output *output);

/* What is open there is read by this command, and from now on no output replaces it. */
void output_note_input(int fd);

/* Whether something would be lost by writing there: a file that is not empty. */
bool output_is_taken(const char *path);

#endif
