/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output.c - every file that the command writes
 */
#include "config.h"
#include "util/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/xalloc.h"

#define READER_WAIT_MS 1000
#define READER_STEP_MS 20
#define FD_PATH_BYTES  32

struct file_identity {
	dev_t device;
	ino_t inode;
};

/* Of the whole command: who reads a file knows nothing of what will be written. */
static struct {
	pthread_mutex_t lock;
	struct file_identity *files;
	size_t count, capacity;
} noted = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
is_noted_locked(const struct stat *status)
{
	for (size_t i = 0; i < noted.count; i++)
		if (noted.files[i].inode == status->st_ino &&
		    noted.files[i].device == status->st_dev)
			return true;
	return false;
}

static bool
is_noted(const struct stat *status)
{
	bool found;

	pthread_mutex_lock(&noted.lock);
	found = is_noted_locked(status);
	pthread_mutex_unlock(&noted.lock);
	return found;
}

void
output_note_input(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	pthread_mutex_lock(&noted.lock);
	if (!is_noted_locked(&status)) {
		if (noted.count == noted.capacity) {
			noted.capacity = noted.capacity * 2 + 16;
			noted.files =
				xreallocarray(noted.files, noted.capacity, sizeof(*noted.files));
		}
		noted.files[noted.count++] = (struct file_identity){status.st_dev, status.st_ino};
	}
	pthread_mutex_unlock(&noted.lock);
}

bool
output_is_taken(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

static bool
is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool
is_input(const struct stat *status, const struct output_rule *rule)
{
	struct stat input;

	if (is_noted(status))
		return true;
	for (size_t i = 0; i < rule->input_count; i++)
		if (rule->inputs[i] != NULL && stat(rule->inputs[i], &input) == 0 &&
		    input.st_dev == status->st_dev && input.st_ino == status->st_ino)
			return true;
	return false;
}

static bool
has_magic(const char *path, const char *magic)
{
	size_t length = strlen(magic);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *start;
	bool same;

	if (fd < 0)
		return false;
	start = xmalloc(length);
	same = read(fd, start, length) == (ssize_t)length && memcmp(start, magic, length) == 0;
	free(start);
	close(fd);
	return same;
}

static const char *
name_of_kind(mode_t mode)
{
	return S_ISDIR(mode)                    ? "a directory"
	       : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
	       : S_ISSOCK(mode)                 ? "a socket"
						: NULL;
}

/* Whether what is there may be written over. 0, or -errno with a sentence. */
static int
judge(const char *path, const struct stat *status, const struct output_rule *rule, char **ret_why)
{
	const char *kind = name_of_kind(status->st_mode);

	if (kind != NULL) {
		*ret_why = xasprintf("%s: is %s, which no file replaces", path, kind);
		return S_ISDIR(status->st_mode) ? -EISDIR : -EEXIST;
	}
	if (is_input(status, rule)) {
		*ret_why = xasprintf("%s: is read by this command, and cannot be its output", path);
		return -EEXIST;
	}
	if (!S_ISREG(status->st_mode) || status->st_size == 0 || rule->force)
		return 0;
	if (rule->magic == NULL)
		*ret_why = xasprintf("%s: exists; --force replaces it", path);
	else if (!has_magic(path, rule->magic))
		*ret_why = xasprintf("%s: exists and is not %s; --force replaces it", path,
				     rule->kind);
	return *ret_why != NULL ? -EEXIST : 0;
}

static int
judge_stdout(const struct output_rule *rule, char **ret_why)
{
	if (rule->no_stdout == NULL)
		return 0;
	*ret_why = xasprintf("-: %s", rule->no_stdout);
	return -EINVAL;
}

/* The place itself when path is a link, so that the link stays one, even to what is not there. */
static char *
follow_links(const char *path)
{
	char target[PATH_MAX];
	struct stat status;

	if (realpath(path, target) != NULL)
		return xstrdup(target);
	/* glibc leaves the path of what is missing. */
	if (errno == ENOENT && lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		return xstrdup(target);
	return xstrdup(path);
}

static void
print_fd_path(int fd, char *text)
{
	snprintf(text, FD_PATH_BYTES, "/proc/self/fd/%d", fd);
}

/* A file without a name, which is gone whatever ends us. -1 where there are none. */
static int
open_unnamed(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash == NULL   ? xstrdup(".")
			  : slash == path ? xstrdup("/")
					  : xstrndup(path, (size_t)(slash - path));
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	char own[FD_PATH_BYTES];

	free(directory);
	if (fd < 0)
		return -1;
	/* It can be given a name only where /proc is. */
	print_fd_path(fd, own);
	if (access(own, F_OK) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
allow_as_usual(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

static int
open_beside(struct output *output)
{
	output->fd = open_unnamed(output->path);
	if (output->fd >= 0)
		return 0;
	output->temporary = xasprintf("%s.XXXXXX", output->path);
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		int error = -errno;

		free(output->temporary);
		output->temporary = NULL;
		return error;
	}
	allow_as_usual(output->fd);
	return 0;
}

/* With its reader, or not at all: an ordinary open would wait for ever. */
static int
open_fifo(struct output *output)
{
	const struct timespec step = {0, READER_STEP_MS * 1000000L};

	for (int waited = 0;; waited += READER_STEP_MS) {
		output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (output->fd >= 0 || errno != ENXIO || waited >= READER_WAIT_MS)
			break;
		nanosleep(&step, NULL);
	}
	if (output->fd < 0)
		return -errno;
	fcntl(output->fd, F_SETFL, fcntl(output->fd, F_GETFL) & ~O_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int
open_stdout(struct output *output)
{
	output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return output->fd < 0 ? -errno : 0;
}

static void
release(struct output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	if (output->temporary != NULL)
		unlink(output->temporary);
	free(output->path);
	free(output->temporary);
	*output = (struct output){.fd = -1};
}

static int
begin(const char *path, const struct output_rule *rule, bool wait, struct output *output,
      char **ret_why)
{
	struct stat status;
	int result;

	output->path = xstrdup(path);
	output->in_place = true;
	if (is_stdout(path)) {
		result = judge_stdout(rule, ret_why);
		return result == 0 ? open_stdout(output) : result;
	}
	if (path[0] == '\0')
		return -ENOENT;
	if (stat(path, &status) == 0) {
		output->replaces = true;
		result = judge(path, &status, rule, ret_why);
		if (result != 0)
			return result;
		if (S_ISFIFO(status.st_mode))
			return wait ? open_fifo(output) : access(path, W_OK) == 0 ? 0 : -errno;
	}
	output->in_place = false;
	free(output->path);
	output->path = follow_links(path);
	return open_beside(output);
}

int
output_begin(const char *path, const struct output_rule *rule, struct output *ret_output,
	     char **ret_why)
{
	struct output output = {.fd = -1};
	int result;

	*ret_why = NULL;
	signal(SIGXFSZ, SIG_IGN);
	result = begin(path, rule, true, &output, ret_why);
	if (result == 0)
		*ret_output = output;
	else
		release(&output);
	return result;
}

int
output_check(const char *path, const struct output_rule *rule, char **ret_why)
{
	struct output output = {.fd = -1};
	int result;

	*ret_why = NULL;
	result = begin(path, rule, false, &output, ret_why);
	release(&output);
	return result;
}

/* Give what has none a name beside its place. */
static int
link_beside(struct output *output)
{
	struct timespec now;
	char own[FD_PATH_BYTES];
	int result = 0;

	print_fd_path(output->fd, own);
	for (int tries = 0; tries < 100; tries++) {
		clock_gettime(CLOCK_REALTIME, &now);
		output->temporary = xasprintf("%s.%06lx", output->path,
					      (unsigned long)now.tv_nsec / 16 & 0xffffff);
		if (linkat(AT_FDCWD, own, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		result = -errno;
		free(output->temporary);
		output->temporary = NULL;
		if (result != -EEXIST)
			break;
	}
	return result;
}

static int
rename_to_place(struct output *output)
{
	if (rename(output->temporary, output->path) != 0)
		return -errno;
	free(output->temporary);
	output->temporary = NULL;
	return 0;
}

/* To a place where nothing was: whoever took it since keeps it. */
static int
take_free_place(struct output *output)
{
	char own[FD_PATH_BYTES];

	if (output->temporary == NULL) {
		print_fd_path(output->fd, own);
		return linkat(AT_FDCWD, own, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) == 0
			       ? 0
			       : -errno;
	}
	/* `release` removes the other name. File systems without links have no such care. */
	if (link(output->temporary, output->path) == 0)
		return 0;
	return errno == EEXIST ? -EEXIST : rename_to_place(output);
}

static int
replace(struct output *output)
{
	struct stat status;
	int result;

	if (stat(output->path, &status) == 0 && is_noted(&status))
		return -EEXIST;
	result = output->temporary == NULL ? link_beside(output) : 0;

	return result == 0 ? rename_to_place(output) : result;
}

int
output_commit(struct output *output)
{
	int result = 0;

	if (!output->in_place)
		result = output->replaces ? replace(output) : take_free_place(output);
	/* What a file system noticed late, it says now. */
	if (close(output->fd) != 0 && result == 0 && errno != EINTR)
		result = -errno;
	output->fd = -1;
	release(output);
	return result;
}

void
output_abandon(struct output *output)
{
	release(output);
}
