/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_title.c - the command line of a process, which many replace by a title while they live
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "read/snapshot.h"
#include "read/snapshot_life.h"
#include "read/snapshot_private.h"
#include "util/intern.h"
#include "util/xalloc.h"

/* As much as the runtime keeps of a command line. */
#define TITLE_BYTES ((size_t)32 << 10)

/* Its words, parted by blanks. False if there are none. */
static bool
read_command_line(uint32_t pid, char *text, size_t bytes)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, bytes - 1);
	close(fd);
	if (length == (ssize_t)bytes - 1)
		memcpy(text + length - 3, "...", 3);
	while (length > 0 && (text[length - 1] == '\0' || text[length - 1] == ' '))
		length--;
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

void
snapshot_update_title(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;
	char *text = xmalloc(TITLE_BYTES);
	uint32_t pid = snapshot->identity.alive ? snapshot_life_get_pid(&snapshot->file.header) : 0;

	/* By exec the process would be another program, which has no share in this recording. */
	if (pid != 0 && read_command_line(pid, text, TITLE_BYTES) &&
	    snapshot_life_is_locked(&snapshot->file))
		profile->arguments = intern_insert_string(profile->strings, text);
	free(text);
}
