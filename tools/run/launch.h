/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.h - start a program under the runtime, wait for it, pass signals on
 *
 * The program stays in our process group, so the terminal's signals reach it by themselves; those
 * that are sent to us alone are passed on. Its signal mask and dispositions are those we were
 * started with.
 *
 *     launch_prepare(&launch, arguments, library, options);
 *     launch_start(&launch);
 *     while (launch_wait(&launch, 10 * 1000 * 1000) == 0)
 *             ...;
 *     status = launch_get_exit_status(launch.wait_status);
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses that are not the program's. */
enum launch_status {
	LAUNCH_FAILED = 125,         /* we could not do our part */
	LAUNCH_NOT_EXECUTABLE = 126, /* it cannot be executed, or not traced */
	LAUNCH_NOT_FOUND = 127,
};

struct launch {
	pid_t pid;
	int wait_status;   /* once `launch_wait` returned 1 */
	int start, report; /* pipes to and from the child before exec */
	sigset_t old_mask;
	struct sigaction old_child_action;
};

/* What the options of `run` ask of the runtime. */
struct launch_options {
	const char *directory; /* for the recordings */
	uint32_t frames;       /* 0: all */
	bool no_children;
	const char *realloc; /* "last", "origin" or NULL */
	const char *python;  /* "on", "objects", "frames", "off" or NULL */
	bool threads;
	bool blocks;
	bool leaks;
	bool mmap;
	const char *start; /* "on", "off" or NULL */
};

/*
 * The value of HEAPTALLY for the program: the words of `inherited` (may be NULL) that no option
 * replaces, then ours. 0 with text to free; -EINVAL with a sentence to free when a word is wrong.
 */
int launch_make_options(const struct launch_options *options, const char *inherited,
			char **ret_text, char **ret_why);

/*
 * The path of the runtime: HEAPTALLY_LIBRARY, the installed one, or that of the build tree we are
 * in. To free; NULL if there is none.
 */
char *launch_find_library(void);

/* Whether LD_PRELOAD can hold the path: no blank, no colon, no $. */
bool launch_can_preload(const char *path);

/*
 * A path for library that LD_PRELOAD can hold: itself, or a link in directory, which has to outlive
 * the run, because processes that were started in it may start others later. 0 with a path to free,
 * or -errno; -EINVAL when LD_PRELOAD cannot hold the directory either.
 */
int launch_make_library_path(const char *library, const char *directory, char **ret_path);

/*
 * Make the process that will become the program; it waits for `launch_start`. Signals that are
 * passed on are blocked from here to `launch_release`. 0, or -errno; then there is no process.
 */
int launch_prepare(struct launch *launch, char *const *arguments, const char *library,
		   const char *options);

/* Let it become the program. 0, or -errno of exec; then the process is gone and all released. */
int launch_start(struct launch *launch);

/* Wait until it ended (1) or timeout_ns are over (0), passing signals on. */
int launch_wait(struct launch *launch, uint64_t timeout_ns);

/* Restore our own signals. Those that came for the program and found it gone are forgotten. */
void launch_release(struct launch *launch);

/* The program's status as a shell gives it: 128 + signal when it was killed. */
int launch_get_exit_status(int wait_status);

#endif
