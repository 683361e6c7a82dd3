/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/process.h"
#include "read/tally.h"
#include "util/xalloc.h"

struct spool {
	int fd;
	struct tally_writer *writer;
	struct tally_reader *reader; /* NULL before the end */
	struct process_list processes;
};

/* A file without a name, so that nothing is left if we are killed. -errno if it cannot be. */
static int
open_nameless(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *path;

	if (fd >= 0)
		return fd;
	path = xasprintf("%s/spool.XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	else
		fd = -errno;
	free(path);
	return fd;
}

int
spool_new(const char *directory, const char *other_directory, struct spool **ret_spool)
{
	int fd = open_nameless(directory);
	struct spool *spool;

	if (fd < 0)
		fd = open_nameless(other_directory);
	if (fd < 0)
		return fd;
	spool = xcalloc(1, sizeof(*spool));
	spool->fd = fd;
	spool->writer = tally_writer_new(fd);
	*ret_spool = spool;
	return 0;
}

int
spool_insert(struct spool *spool, const struct profile *profile)
{
	int result = tally_writer_insert(spool->writer, profile);

	if (result == 0)
		process_list_insert(&spool->processes, profile);
	return result;
}

int
spool_rewind(struct spool *spool)
{
	int result;

	tally_reader_free(spool->reader);
	spool->reader = NULL;
	if (lseek(spool->fd, 0, SEEK_SET) < 0)
		return -errno;
	result = tally_reader_new(spool->fd, &spool->reader);
	if (result == 0)
		tally_reader_keep_blocks(spool->reader);
	return result;
}

int
spool_finish(struct spool *spool)
{
	int result = tally_writer_finish(spool->writer);

	return result == 0 ? spool_rewind(spool) : result;
}

int
spool_next(struct spool *spool, struct profile **ret_profile)
{
	return spool->reader != NULL ? tally_reader_next(spool->reader, ret_profile) : 0;
}

const struct process_list *
spool_get_processes(const struct spool *spool)
{
	return &spool->processes;
}

void
spool_free(struct spool *spool)
{
	if (spool == NULL)
		return;
	tally_writer_free(spool->writer);
	tally_reader_free(spool->reader);
	process_list_release(&spool->processes);
	close(spool->fd);
	free(spool);
}
