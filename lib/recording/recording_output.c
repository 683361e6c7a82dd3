/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_output.c - every file that the runtime makes
 */
#include "recording/recording_output.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/os_file.h"
#include "include/recording.h"

/* By its first bytes. One that a process just began has a lock, and zeroes or nothing. */
static enum recording_place
judge_file(int fd, bool is_ours)
{
	static const uint8_t zeroes[sizeof RECORDING_MAGIC - 1];
	uint8_t magic[sizeof zeroes] = {0};
	long n = os_read(fd, magic, sizeof magic);
	bool living = !os_is_unlocked(fd);

	if (n == (long)sizeof magic && memcmp(magic, RECORDING_MAGIC, sizeof magic) == 0)
		return living || !is_ours ? RECORDING_PLACE_LIVING : RECORDING_PLACE_ENDED;
	if (living && (n == 0 || memcmp(magic, zeroes, sizeof magic) == 0))
		return RECORDING_PLACE_LIVING;
	return n == 0 ? RECORDING_PLACE_EMPTY : RECORDING_PLACE_FOREIGN;
}

enum recording_place
recording_output_judge(const char *path)
{
	enum recording_place place = RECORDING_PLACE_FOREIGN;
	struct os_stat st = {0};
	int fd;

	/* Whatever the error is, who makes the file is told the same. */
	if (os_stat(path, false, &st) != 0)
		return RECORDING_PLACE_FREE;
	if (!S_ISREG(st.mode))
		return place;
	fd = os_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return place;
	place = judge_file(fd, st.uid == os_user_id());
	os_close(fd);
	return place;
}

int
recording_output_create(const char *path, unsigned mode)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = os_open(path, flags, mode);

	/* Whatever the umask. */
	if (fd >= 0)
		os_change_mode(fd, mode);
	return fd;
}
