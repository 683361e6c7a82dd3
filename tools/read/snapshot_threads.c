/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_threads.c - names of threads that live, which may have others by now
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "model/profile.h"
#include "model/thread_name.h"
#include "read/snapshot_life.h"
#include "read/snapshot_private.h"
#include "util/intern.h"

#define NAME_BYTES 64

static bool
read_name(uint32_t pid, uint64_t thread, char *text, size_t bytes)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu64 "/comm", pid, thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, bytes - 1);
	close(fd);
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

void
snapshot_read_thread_names(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;
	/* Where its numbers are others, so are those of its threads. */
	uint32_t pid = snapshot->identity.alive && snapshot->identity.this_namespace
			       ? snapshot_life_get_pid(&snapshot->file.header)
			       : 0;
	struct thread_names threads;

	if (pid == 0)
		return;
	thread_names_init(&threads, profile);
	array_each (&threads.all, thread) {
		char text[NAME_BYTES];

		if (read_name(pid, thread->id, text, sizeof(text)) &&
		    snapshot_life_is_locked(&snapshot->file))
			profile->frames[thread->frame].name =
				intern_insert_string(profile->strings, text);
	}
	thread_names_release(&threads);
}
