/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_file.c - put a tally in its place, whole or not at all
 */
#include "config.h"
#include "read/tally_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/tally.h"
#include "util/xalloc.h"

bool
tally_file_is_taken(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

char *
tally_file_make_path(const char *command, long pid)
{
	char *stem = xasprintf("heaptally.%.64s.%ld", command, pid);
	char *path;

	for (char *c = stem; *c != '\0'; c++)
		if (strchr("_+-.", *c) == NULL && (*c < '0' || *c > '9') &&
		    ((*c | 0x20) < 'a' || (*c | 0x20) > 'z'))
			*c = '_';
	path = xasprintf("%s" TALLY_SUFFIX, stem);
	for (unsigned n = 2; tally_file_is_taken(path); n++) {
		free(path);
		path = xasprintf("%s-%u" TALLY_SUFFIX, stem, n);
	}
	free(stem);
	return path;
}

/* A device or pipe, such as /dev/null: written into, and not replaced by a file. */
static bool
is_written_in_place(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* The place itself when path is a link, so that the link stays one. */
static char *
follow_links(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : xstrdup(path);
}

static void
allow_as_usual(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

static int
open_temporary(struct tally_file *file)
{
	file->temporary = xasprintf("%s.XXXXXX", file->path);
	file->fd = mkostemp(file->temporary, O_CLOEXEC);
	if (file->fd < 0)
		return -errno;
	allow_as_usual(file->fd);
	return 0;
}

static void
release(struct tally_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->temporary);
	*file = (struct tally_file){.fd = -1};
}

int
tally_file_begin(const char *path, struct tally_file *ret_file)
{
	struct tally_file file = {.fd = -1};
	int result = 0;

	if (path[0] == '\0')
		return -ENOENT;
	if (is_written_in_place(path)) {
		file.path = xstrdup(path);
		file.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		result = file.fd < 0 ? -errno : 0;
	} else {
		file.path = follow_links(path);
		result = open_temporary(&file);
	}
	if (result != 0) {
		release(&file);
		return result;
	}
	*ret_file = file;
	return 0;
}

int
tally_file_commit(struct tally_file *file)
{
	int result = 0;

	if (file->temporary != NULL && rename(file->temporary, file->path) != 0) {
		result = -errno;
		unlink(file->temporary);
	}
	release(file);
	return result;
}

void
tally_file_abandon(struct tally_file *file)
{
	if (file->temporary != NULL)
		unlink(file->temporary);
	release(file);
}

int
tally_file_check(const char *path)
{
	struct tally_file file;
	int result = tally_file_begin(path, &file);

	if (result == 0)
		tally_file_abandon(&file);
	return result;
}
