/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/exec_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec_log.h"
#include "util/xalloc.h"

/* Read, never mapped: a program may shorten the file. */
struct exec_reader {
	int fd;
	uint64_t next; /* serial of the note that comes */
	struct exec_log_slot slot;
};

static char *
make_path(const char *directory)
{
	return xasprintf("%s/%s", directory, EXEC_LOG_NAME);
}

/* With memory behind every page: a store of the program's must not find the file system full. */
static int
fill_file(int fd)
{
	int result = posix_fallocate(fd, 0, sizeof(struct exec_log));

	if (result != 0)
		return -result;
	return pwrite(fd, EXEC_LOG_MAGIC, strlen(EXEC_LOG_MAGIC), 0) ==
			       (ssize_t)strlen(EXEC_LOG_MAGIC)
		       ? 0
		       : -EIO;
}

/* A signal would tell us first. */
static bool
is_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < sizeof(struct exec_log);
}

int
exec_reader_make_file(const char *directory)
{
	char *path;
	int fd, result;

	if (is_limited())
		return -EFBIG;
	path = make_path(directory);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	result = fd >= 0 ? fill_file(fd) : -errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && result != 0)
		unlink(path);
	free(path);
	return result;
}

void
exec_reader_remove_file(const char *directory)
{
	char *path = make_path(directory);

	unlink(path);
	free(path);
}

int
exec_reader_new(const char *directory, struct exec_reader **ret_reader)
{
	char *path = make_path(directory);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	free(path);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0 || status.st_size != (off_t)sizeof(struct exec_log)) {
		close(fd);
		return -EBADMSG;
	}
	*ret_reader = xcalloc(1, sizeof(**ret_reader));
	(*ret_reader)->fd = fd;
	(*ret_reader)->next = 1;
	return 0;
}

static bool
read_bytes(const struct exec_reader *reader, void *bytes, size_t count, size_t offset)
{
	return pread(reader->fd, bytes, count, (off_t)offset) == (ssize_t)count;
}

/* Copy the slot of a note. False if it is not complete, or was overwritten meanwhile. */
static bool
copy_slot(struct exec_reader *reader, uint64_t serial)
{
	size_t offset = offsetof(struct exec_log, slots) +
			(serial - 1) % EXEC_LOG_SLOTS * sizeof(struct exec_log_slot);
	uint64_t after;

	return read_bytes(reader, &reader->slot, sizeof(reader->slot), offset) &&
	       reader->slot.serial == serial && read_bytes(reader, &after, sizeof(after), offset) &&
	       after == serial;
}

/*
 * A note whose writer was killed in the middle of it is never complete: it is passed over as soon
 * as the next one is.
 */
bool
exec_reader_next(struct exec_reader *reader, struct exec_note *ret_note)
{
	uint64_t count, serial;

	/* No program counts to the last number, after which the loop would begin again. */
	if (!read_bytes(reader, &count, sizeof(count), offsetof(struct exec_log, count)) ||
	    count == UINT64_MAX)
		return false;
	if (count > EXEC_LOG_SLOTS && reader->next <= count - EXEC_LOG_SLOTS)
		reader->next = count - EXEC_LOG_SLOTS + 1;
	for (serial = reader->next; serial <= count; serial++) {
		if (!copy_slot(reader, serial))
			continue;
		reader->next = serial + 1;
		reader->slot.path[sizeof(reader->slot.path) - 1] = '\0';
		*ret_note = (struct exec_note){
			.time_ns = reader->slot.time_ns,
			.pid = reader->slot.pid,
			.uid = reader->slot.uid,
			.flags = reader->slot.flags,
			.path = reader->slot.path,
		};
		return true;
	}
	return false;
}

void
exec_reader_free(struct exec_reader *reader)
{
	if (reader == NULL)
		return;
	close(reader->fd);
	free(reader);
}
