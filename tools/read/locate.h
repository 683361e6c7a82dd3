/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * locate.h - where recordings live, and which belong to a process
 *
 * The runtime chooses the first of these directories that is ours, of mode 0700 and has room:
 *
 *     $XDG_RUNTIME_DIR/heaptally  /dev/shm/heaptally-UID  $TMPDIR/heaptally-UID  /tmp/heaptally-UID
 *
 * `heaptally run` makes a directory run.XXXXXX in one of them. A recording elsewhere (out=PATH) is
 * found through the mappings of its process while that lives.
 */
#ifndef LOCATE_H
#define LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "read/snapshot.h"

struct recording_file {
	char *path;
	struct snapshot_identity identity;
	uint64_t disk_bytes; /* that it takes: it has room for more */
};

struct recording_list {
	struct recording_file *files;
	size_t count;
};

/*
 * All recordings of this user, newest first: those of other versions too, which are not `readable`.
 * Those that are damaged are left out.
 */
void locate_all(struct recording_list *ret_list);

/* The same of one directory, and of the runs in it. False if there is none that is ours alone. */
bool locate_in(const char *directory, struct recording_list *ret_list);

void recording_list_release(struct recording_list *list);

/*
 * The recording of the process with this id: of the living one if there is one, also from before it
 * became another program; else of the last one that had it. 0 with a path to free; -ENOENT.
 */
int locate_process(pid_t pid, char **ret_path);

/* When the living process of this number began, in nanoseconds of CLOCK_BOOTTIME; 0 if none lives.
 * Rounded down to the clock tick. Source: starttime in proc_pid_stat(5). */
uint64_t locate_get_start_ns(pid_t pid);

/*
 * Remove a recording that nothing needs any more, and the directory of its run with the last one.
 * 0; -EBUSY while a process may write it, or the run lasts that will read it; or -errno.
 */
int locate_remove(const struct recording_file *file);

/* Whether a file name is that of a recording. */
bool locate_is_recording_name(const char *name);

/*
 * Make a private directory run.XXXXXX for the recordings of one run. 0 with a path to free and a
 * descriptor that tells others, while it is open, that the run lasts; or -errno when none of the
 * places can be used. What runs left behind that were killed more than a day ago is removed.
 */
int locate_make_run_directory(char **ret_path, int *ret_lock);

#endif
