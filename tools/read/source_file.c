/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/tally.h"
#include "util/output.h"

int
source_file_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (S_ISDIR(status.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(status.st_mode))
		result = -EBADMSG;
	if (result == 0) {
		output_note_input(fd);
		return fd;
	}
	close(fd);
	return result;
}

bool
source_file_has_tally(int fd)
{
	uint8_t magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       tally_has_magic(magic, sizeof(magic));
}

bool
source_file_is_tally(const char *path)
{
	int fd = source_file_open(path);
	bool result = fd >= 0 && source_file_has_tally(fd);

	if (fd >= 0)
		close(fd);
	return result;
}
