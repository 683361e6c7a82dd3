/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/name_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/array.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/xalloc.h"

#define ENDING     ".names"
#define TEMPORARY  ".new"
#define DAY_NS     (24 * 3600 * CLOCK_SECOND_NS)
#define KEPT_SHARE 4 /* of five parts, when there is too much */

/*** the directory ***/

static bool
is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
is_our_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

/* Where caches of this user are, to free; NULL. Not in another user's home, as root's may be. */
static char *
find_base(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache != NULL && cache[0] == '/')
		return xstrdup(cache);
	if (home == NULL || home[0] != '/' || !is_our_directory(home))
		return NULL;
	return xasprintf("%s/.cache", home);
}

static int
open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && is_ours(&status))
		return fd;
	error = -EPERM;
	close(fd);
	return error;
}

int
name_store_open(bool makes)
{
	char *base = find_base(), *path;
	int fd;

	if (base == NULL)
		return -ENOENT;
	path = xasprintf("%s/" PACKAGE_NAME, base);
	fd = open_directory(path);
	if (fd == -ENOENT && makes) {
		mkdir(base, 0700);
		if (is_our_directory(base))
			mkdir(path, 0700);
		fd = open_directory(path);
	}
	free(base);
	free(path);
	return fd;
}

/*** files ***/

static int
read_whole(int fd, size_t bytes, struct buffer *buffer)
{
	while (bytes > 0) {
		ssize_t n = read(fd, buffer_reserve(buffer, bytes), bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		buffer->length += (size_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

int
name_store_read(int store, const char *name, struct buffer *ret_bytes)
{
	int fd = openat(store, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	int result;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (!S_ISREG(status.st_mode) || !is_ours(&status))
		result = -EPERM;
	else if ((uint64_t)status.st_size > NAME_STORE_FILE_MOST)
		result = -EFBIG;
	else
		result = read_whole(fd, (size_t)status.st_size, ret_bytes);
	/* Its time says when it was used last, by the day. */
	if (result == 0 && clock_get_ns(CLOCK_REALTIME) - clock_from(status.st_mtim) > DAY_NS)
		futimens(fd, NULL);
	close(fd);
	return result;
}

/*** bounds ***/

struct file {
	char *name;
	bool is_temporary;
	uint64_t bytes, used_ns;
};

struct files {
	ARRAY(struct file) all;
	uint64_t bytes;
};

static bool
ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name), end = strlen(ending);

	return length >= end && strcmp(name + length - end, ending) == 0;
}

static void
look_at(int store, const char *name, struct files *files)
{
	bool is_temporary = ends_in(name, TEMPORARY);
	struct stat status;

	if (!is_temporary && !ends_in(name, ENDING))
		return;
	if (fstatat(store, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode))
		return;
	*array_push(&files->all) = (struct file){
		xstrdup(name), is_temporary, (uint64_t)status.st_size, clock_from(status.st_mtim)};
	files->bytes += (uint64_t)status.st_size;
}

static void
list_files(int store, struct files *files)
{
	int fd = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	*files = (struct files){0};
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		look_at(store, entry->d_name, files);
	if (directory != NULL)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
}

static void
release_files(struct files *files)
{
	array_each (&files->all, file)
		free(file->name);
	array_release(&files->all);
}

static int
compare_use(const void *a, const void *b)
{
	const struct file *left = a, *right = b;

	return (left->used_ns > right->used_ns) - (left->used_ns < right->used_ns);
}

/* Remove what was not used for the longest time, down to so much. */
static int
shrink(int store, struct files *files, uint64_t bytes, size_t count)
{
	size_t left = files->all.count;
	int result = 0;

	if (left > 0)
		qsort(files->all.items, left, sizeof(struct file), compare_use);
	array_each (&files->all, file) {
		if (files->bytes <= bytes && left <= count)
			break;
		if (unlinkat(store, file->name, 0) != 0 && errno != ENOENT)
			result = -errno;
		files->bytes -= file->bytes;
		left--;
	}
	return result;
}

/* What is being written stays, unless that began a day ago. */
static void
remove_left(int store, const struct files *files)
{
	uint64_t now = clock_get_ns(CLOCK_REALTIME);

	array_each (&files->all, file)
		if (file->is_temporary && file->used_ns + DAY_NS <= now)
			unlinkat(store, file->name, 0);
}

void
name_store_limit(int store)
{
	struct files files;

	list_files(store, &files);
	remove_left(store, &files);
	if (files.bytes > NAME_STORE_MOST || files.all.count > NAME_STORE_FILES)
		shrink(store, &files, NAME_STORE_MOST / 5 * KEPT_SHARE,
		       NAME_STORE_FILES / 5 * KEPT_SHARE);
	release_files(&files);
}

/*** writing ***/

static int
write_whole(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = write(fd, bytes, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		count -= (size_t)n;
	}
	return 0;
}

int
name_store_write(int store, const char *name, const void *bytes, size_t count)
{
	char *temporary = xasprintf("%s.%d" TEMPORARY, name, (int)getpid());
	int fd, result;

	if (count > NAME_STORE_FILE_MOST) {
		free(temporary);
		return -EFBIG;
	}
	/* One of this number that was killed at it has left that. */
	unlinkat(store, temporary, 0);
	fd = openat(store, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	result = fd < 0 ? -errno : write_whole(fd, bytes, count);
	if (fd >= 0 && close(fd) != 0 && result == 0)
		result = -errno;
	if (result == 0 && renameat(store, temporary, store, name) != 0)
		result = -errno;
	if (result != 0 && fd >= 0)
		unlinkat(store, temporary, 0);
	free(temporary);
	return result;
}

void
name_store_measure(int store, uint64_t *ret_files, uint64_t *ret_bytes)
{
	struct files files;

	list_files(store, &files);
	*ret_files = 0;
	*ret_bytes = 0;
	array_each (&files.all, file) {
		*ret_files += !file->is_temporary;
		*ret_bytes += file->is_temporary ? 0 : file->bytes;
	}
	release_files(&files);
}

int
name_store_clear(int store)
{
	struct files files;
	int result;

	list_files(store, &files);
	result = shrink(store, &files, 0, 0);
	release_files(&files);
	return result;
}
