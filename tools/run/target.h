/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * target.h - can this program be traced, and if not, why
 *
 * The runtime is preloaded by the dynamic loader of glibc. A program that is not started by that
 * loader, or whose loader must ignore the environment, would run without it and leave nothing; one
 * that brings its own malloc would leave an empty report. Both are found out here, before exec.
 */
#ifndef TARGET_H
#define TARGET_H

enum target_verdict {
	TARGET_TRACEABLE,
	TARGET_NOT_FOUND,
	TARGET_NOT_EXECUTABLE,
	TARGET_UNTRACEABLE,
	TARGET_RUNS_NOTHING, /* the dynamic loader, asked for what it knows */
};

struct target {
	enum target_verdict verdict;
	char *path;    /* of the program, scripts and the loader followed; NULL if none */
	char *name;    /* of the process, if that is not arguments[0]; else NULL */
	char *reason;  /* a sentence if it is not to be started, else NULL */
	char *warning; /* what will be missing though it can be traced, or NULL */
};

/* Look at what execvp would start for these words, of which NULL is the last. `env` in a #! line is
 * followed, and so is the dynamic loader, which is told a program by its arguments. */
void target_inspect(char *const *arguments, struct target *ret_target);

void target_release(struct target *target);

#endif
